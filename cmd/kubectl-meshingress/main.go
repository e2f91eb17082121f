// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
)

// version is set by the linker.
var version = "dev"

// Exit codes.
const (
	exitOK       = 0
	exitErrors   = 1 // what was asked for is wrong
	exitUnusable = 2 // it could not be found out
)

// errPlan means that errors were found and have been written.
var errPlan = errors.New("the input has errors")

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the program, with everything that it touches given to it but files.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.Execute()
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errPlan):
		return exitErrors
	default:
		fmt.Fprintf(stderr, "error: %v\n", err)
		return exitUnusable
	}
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "kubectl-meshingress",
		Short:         "Make any ingress controller work with Linkerd",
		Annotations:   map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl meshingress"},
		SilenceErrors: true, // run writes them
		SilenceUsage:  true,
	}
	root.AddCommand(newRender(), newVersion())
	return root
}

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), version)
			return err
		},
	}
}

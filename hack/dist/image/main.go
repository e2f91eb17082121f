// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/meshingress/meshingress/hack/dist/gobuild"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	b := builder{}
	flags := flag.NewFlagSet("image", flag.ContinueOnError)
	flags.StringVar(&b.root, "root", "../..", "Directory of the repository.")
	flags.StringVar(&b.out, "out", "../../dist/images", "Directory to write to.")
	flags.StringVar(&b.version, "version", "", "Version of the release, without v.")
	flags.StringVar(&b.revision, "revision", "", "Commit of the release. Default: the images do not tell.")
	manager := flags.String("manager", "meshingress/manager", "Repository of the manager's image.")
	plugin := flags.String("plugin", "meshingress/kubectl-meshingress", "Repository of the plugin's image.")
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("reading flags: %w", err)
	}
	if b.version == "" {
		return fmt.Errorf("-version is missing")
	}
	var err error
	if b.created, err = gobuild.SourceDate(); err != nil {
		return err
	}
	for _, p := range programs(*manager, *plugin) {
		digest, err := b.build(p)
		if err != nil {
			return err
		}
		fmt.Printf("%s:v%s@%s\n", p.repository, b.version, digest)
	}
	return nil
}

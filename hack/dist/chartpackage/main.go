// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/meshingress/meshingress/hack/dist/chart"
	"github.com/meshingress/meshingress/hack/dist/gobuild"
)

func main() {
	path, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "chartpackage:", err)
		os.Exit(1)
	}
	fmt.Println(path)
}

// run returns the path of the package.
func run(args []string) (string, error) {
	flags := flag.NewFlagSet("chartpackage", flag.ContinueOnError)
	dir := flags.String("chart", "../../charts/meshingress", "Directory of the chart.")
	out := flags.String("out", "../../dist", "Directory to write to.")
	version := flags.String("version", "", "Version of the release, without v.")
	image := chart.Image{}
	flags.StringVar(&image.Repository, "manager", "meshingress/manager", "Repository of the manager's image.")
	flags.StringVar(&image.Digest, "digest", "", "Digest of the manager's image. Default: the chart names the tag alone.")
	if err := flags.Parse(args); err != nil {
		return "", fmt.Errorf("reading flags: %w", err)
	}
	if *version == "" {
		return "", fmt.Errorf("-version is missing")
	}
	created, err := gobuild.SourceDate()
	if err != nil {
		return "", err
	}
	temporary, err := os.MkdirTemp("", "meshingress-chart-")
	if err != nil {
		return "", fmt.Errorf("making a directory for the chart: %w", err)
	}
	defer func() { _ = os.RemoveAll(temporary) }()
	pinned := filepath.Join(temporary, "chart")
	if err := chart.Pin(*dir, pinned, image); err != nil {
		return "", err
	}
	return chart.Package(pinned, *out, *version, created)
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/meshingress/meshingress/hack/dist/gobuild"
	"github.com/meshingress/meshingress/hack/dist/internal/olmbundle"
	"github.com/meshingress/meshingress/hack/dist/manifests"
)

func main() {
	o := olmbundle.Options{}
	root := flag.String("root", ".", "the root `directory` of the repository")
	out := flag.String("out", "bundle", "the `directory`, seen from the root, to write to; what was in it goes")
	flag.StringVar(&o.Version, "version", "", "the version, without v")
	flag.StringVar(&o.Replaces, "replaces", "", "the version before it; empty for the first")
	flag.StringVar(&o.Image, "image", "", "the manager's image, by tag or digest")
	flag.StringVar(&o.Channel, "channel", "alpha", "the channel of the catalog")
	flag.Parse()
	if err := run(*root, *out, o); err != nil {
		fmt.Fprintln(os.Stderr, "bundle:", err)
		os.Exit(1)
	}
}

func run(root, out string, o olmbundle.Options) error {
	files, err := generate(filepath.Join(root, "config"), &o)
	if err != nil {
		return err
	}
	if !filepath.IsAbs(out) {
		out = filepath.Join(root, out)
	}
	if err := os.RemoveAll(out); err != nil {
		return fmt.Errorf("removing the bundle that was there: %w", err)
	}
	for path, content := range files {
		if err := write(filepath.Join(out, path), content); err != nil {
			return err
		}
	}
	return write(out+".Dockerfile", olmbundle.Dockerfile(filepath.Base(out), o))
}

// generate makes the bundle of a directory of kustomizations, and completes the options
// with what is in its files.
func generate(config string, o *olmbundle.Options) (olmbundle.Files, error) {
	objects, err := manifests.Build(filepath.Join(config, "manifests"))
	if err != nil {
		return nil, err
	}
	if o.Icon, err = os.ReadFile(filepath.Join(config, "manifests", "icon.svg")); err != nil {
		return nil, fmt.Errorf("reading the icon: %w", err)
	}
	if o.Scorecard, err = os.ReadFile(filepath.Join(config, "scorecard", "config.yaml")); err != nil {
		return nil, fmt.Errorf("reading the configuration of scorecard: %w", err)
	}
	created, err := gobuild.SourceDate()
	if err != nil {
		return nil, err
	}
	if created.Unix() != 0 { // else nobody said
		o.CreatedAt = created.Format(time.RFC3339)
	}
	return olmbundle.Build(objects, *o)
}

func write(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("making a directory: %w", err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		return fmt.Errorf("writing a file: %w", err)
	}
	return nil
}

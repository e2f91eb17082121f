// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/meshingress/meshingress/hack/dist/checksums"
	"github.com/meshingress/meshingress/hack/dist/gobuild"
	"github.com/meshingress/meshingress/hack/dist/notes"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// release is what all files of a release have in common.
type release struct {
	// root is the directory of the repository, dist that of the release.
	root, dist string
	// version is without v.
	version string
	// url is where users will find the files.
	url string
	// manager, plugin and bundle are the repositories of the images.
	manager, plugin, bundle string
	created                 time.Time
}

func run(args []string) error {
	r := release{}
	flags := flag.NewFlagSet("release", flag.ContinueOnError)
	flags.StringVar(&r.root, "root", "../..", "Directory of the repository.")
	flags.StringVar(&r.dist, "dist", "../../dist", "Directory of the release.")
	flags.StringVar(&r.version, "version", "", "Version of the release, without v.")
	flags.StringVar(&r.url, "url", "", "URL below which the files of the release will be found.")
	flags.StringVar(&r.manager, "manager", "meshingress/manager", "Repository of the manager's image.")
	flags.StringVar(&r.plugin, "plugin", "meshingress/kubectl-meshingress", "Repository of the plugin's image.")
	flags.StringVar(&r.bundle, "bundle", "meshingress/bundle", "Repository of the OLM bundle's image.")
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("reading flags: %w", err)
	}
	if r.version == "" || r.url == "" {
		return fmt.Errorf("-version or -url is missing")
	}
	var err error
	if r.created, err = gobuild.SourceDate(); err != nil {
		return err
	}
	return r.complete()
}

// complete writes what is missing in dist, checks all, and lists the checksums.
func (r release) complete() error {
	for _, step := range []func() error{r.writePlugin, r.writeBundleImage, r.writeNotes, r.check} {
		if err := step(); err != nil {
			return err
		}
	}
	return checksums.Write(r.dist)
}

func (r release) writeNotes() error {
	var images []string
	for _, image := range r.images() {
		digest, err := image.digest(r)
		if err != nil {
			return err
		}
		images = append(images, image.repository+":v"+r.version+"@"+digest)
	}
	text, err := notes.Write(notes.Release{Version: r.version, URL: r.url, Images: images},
		filepath.Join(r.root, "docs/changes"))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(r.dist, "release-notes.md"), text, 0o644)
}

// image is one of the released images.
type image struct {
	// name is what its files in dist/images begin with.
	name, repository string
}

func (r release) images() []image {
	return []image{{"manager", r.manager}, {"kubectl-meshingress", r.plugin}, {"bundle", r.bundle}}
}

// digest is that of the image for all platforms.
func (i image) digest(r release) (string, error) {
	digest, err := os.ReadFile(filepath.Join(r.dist, "images", i.name+".digest"))
	if err != nil {
		return "", fmt.Errorf("reading the digest of an image: %w", err)
	}
	return strings.TrimSpace(string(digest)), nil
}

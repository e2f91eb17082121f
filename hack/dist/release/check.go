// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
)

// check holds all that is in dist against the version and the digest of the manager's
// image, and returns everything that is wrong.
func (r release) check() error {
	digest, err := r.images()[0].digest(r)
	if err != nil {
		return err
	}
	return errors.Join(
		r.checkFiles(),
		r.checkImages(),
		r.checkMentions(digest, mentioning()...),
		r.checkChart(digest),
		r.checkBundle(),
		r.checkPlugin(),
		r.checkBills(),
	)
}

// expected are all files and directories of a release, but the checksums. A name with a
// slash at its end is a directory that may hold anything.
func (r release) expected() []string {
	all := []string{
		"install.yaml", "meshingress-" + r.version + ".tgz", "release-notes.md",
		"bundle/", "bundle.Dockerfile", "catalog/", "plugin/meshingress.yaml",
	}
	for _, a := range r.pluginArchives() {
		all = append(all, "plugin/"+filepath.Base(a.Path), "plugin/"+filepath.Base(a.Path)+".spdx.json")
	}
	for _, image := range r.images() {
		all = append(all, "images/"+image.name+"/", "images/"+image.name+".digest")
		for _, arch := range []string{"amd64", "arm64"} {
			file := fmt.Sprintf("images/%s-v%s-linux-%s", image.name, r.version, arch)
			all = append(all, file+".tar")
			if image.name != "bundle" { // where nothing is compiled, there is nothing to tell
				all = append(all, file+".spdx.json")
			}
		}
	}
	return all
}

// checkFiles finds what is missing, empty or too much.
func (r release) checkFiles() error {
	expected := r.expected()
	return errors.Join(r.checkPresent(expected), r.checkNoOthers(expected))
}

func (r release) checkPresent(expected []string) error {
	var errs []error
	for _, name := range expected {
		info, err := os.Stat(filepath.Join(r.dist, name))
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("a file of the release is missing: %w", err))
		case info.Mode().IsRegular() && info.Size() == 0:
			errs = append(errs, fmt.Errorf("%s is empty", name))
		}
	}
	return errors.Join(errs...)
}

func (r release) checkNoOthers(expected []string) error {
	var errs []error
	err := filepath.WalkDir(r.dist, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(r.dist, path)
		name := filepath.ToSlash(relative)
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains(expected, name+"/"):
			return fs.SkipDir
		case entry.IsDir() || slices.Contains(expected, name) || name == "SHA256SUMS":
			return nil
		}
		errs = append(errs, fmt.Errorf("%s belongs to no release of this version", name))
		return nil
	})
	return errors.Join(append(errs, err)...)
}

// checkImages reads each image back, with every blob.
func (r release) checkImages() error {
	var errs []error
	for _, image := range r.images() {
		want, err := image.digest(r)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		root, err := layout.ImageIndexFromPath(filepath.Join(r.dist, "images", image.name))
		if err != nil {
			errs = append(errs, fmt.Errorf("reading the image %s: %w", image.name, err))
			continue
		}
		manifest, err := root.IndexManifest()
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("reading the image %s: %w", image.name, err))
		case manifest.Manifests[0].Digest.String() != want:
			errs = append(errs, fmt.Errorf("the image %s is %s, not %s", image.name, manifest.Manifests[0].Digest, want))
		}
		if err := validate.Index(root); err != nil {
			errs = append(errs, fmt.Errorf("the image %s: %w", image.name, err))
		}
	}
	return errors.Join(errs...)
}

// mentioning are the files and directories that name the manager's image.
func mentioning() []string { return []string{"install.yaml", "bundle/manifests", "catalog"} }

// checkMentions looks for the manager's image in files or directories: where it is named
// at this version, it must be by the digest, and each must name it so.
func (r release) checkMentions(digest string, names ...string) error {
	mention := regexp.MustCompile(regexp.QuoteMeta(r.manager) + `:v([\w.+-]*\w)(@sha256:[0-9a-f]{64})?`)
	var errs []error
	for _, name := range names {
		found := false
		err := filepath.WalkDir(filepath.Join(r.dist, name), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			content, err := os.ReadFile(path)
			for _, match := range mention.FindAllStringSubmatch(string(content), -1) {
				switch {
				case match[1] != r.version: // of a release before
				case match[2] == "@"+digest:
					found = true
				default:
					errs = append(errs, fmt.Errorf("%s names the image %s, not by its digest %s", path, match[0], digest))
				}
			}
			return err
		})
		if err != nil {
			errs = append(errs, fmt.Errorf("reading %s: %w", name, err))
		}
		if !found {
			errs = append(errs, fmt.Errorf("%s does not name the image by its digest %s", name, digest))
		}
	}
	return errors.Join(errs...)
}

func (r release) checkChart(digest string) error {
	chart, err := loader.LoadFile(filepath.Join(r.dist, "meshingress-"+r.version+".tgz"))
	if err != nil {
		return fmt.Errorf("reading the chart: %w", err)
	}
	var errs []error
	if got := chart.Metadata; got.Version != r.version || got.AppVersion != r.version {
		errs = append(errs, fmt.Errorf("the chart has the version %s of %s", got.Version, got.AppVersion))
	}
	image, _ := chart.Values["image"].(map[string]any)
	if image["digest"] != digest || image["repository"] != r.manager {
		errs = append(errs, fmt.Errorf("the chart's image is %v", image))
	}
	return errors.Join(errs...)
}

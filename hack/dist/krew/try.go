// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package krew

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Krew is krew's own programs, at the version that go.mod pins.
type Krew struct{ krew, validate string }

// New builds the programs, where they are not in go's cache yet. The present directory
// must be in the module hack/dist.
func New() (Krew, error) {
	var k Krew
	for name, path := range map[string]*string{"krew": &k.krew, "validate-krew-manifest": &k.validate} {
		out, err := exec.Command("go", "tool", "-n", name).Output() // prints the path
		if err != nil {
			return k, fmt.Errorf("building %s: %w", name, err)
		}
		*path = strings.TrimSpace(string(out))
	}
	return k, nil
}

// Validate checks a manifest as krew's index does: the fields, and that no two platforms
// overlap.
func (k Krew) Validate(manifest string) error {
	return run(exec.Command(k.validate, "-manifest", manifest, "-skip-install"))
}

// Install installs an archive as krew does on the archive's platform, whatever the present
// one is, below root. It fails unless the manifest fits the archive, its checksum included,
// and unless all its files come out.
func (k Krew) Install(root, manifest string, archive Archive) error {
	cmd := exec.Command(k.krew, "install", "--manifest", manifest, "--archive", archive.Path)
	cmd.Env = append(os.Environ(),
		"KREW_ROOT="+root, "KREW_OS="+archive.OS, "KREW_ARCH="+archive.Arch, "KREW_NO_UPGRADE_CHECK=1")
	if err := run(cmd); err != nil {
		return fmt.Errorf("%s/%s: %w", archive.OS, archive.Arch, err)
	}
	for _, file := range archive.Files {
		found, err := filepath.Glob(filepath.Join(root, "store", Name, "*", file))
		if err != nil || len(found) != 1 {
			return fmt.Errorf("%s/%s: krew installed no %s", archive.OS, archive.Arch, file)
		}
	}
	return nil
}

func run(cmd *exec.Cmd) error {
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("running %s: %w\n%s", filepath.Base(cmd.Path), err, out)
	}
	return nil
}

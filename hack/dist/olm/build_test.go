// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build olm

package olm_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

const (
	// root of the repository, from the directory of this package.
	root = "../../.."

	// previousCommit is what the release that this one replaces was made of.
	previousCommit = "757cfc6404363b70a296512347104624c2786062"

	// catalog has this release and those before.
	catalog = root + "/dist/catalog"
)

// What is in the work directory.
const (
	managerBinary         = "manager"
	previousManagerBinary = "previous-manager"
	previousSource        = "previous"
)

// needed is what `make test-olm` builds before it runs the suite.
var needed = []string{
	root + "/bin/olm", root + "/bin/catalog", root + "/bin/opm",
	catalog,
}

// build puts into dir the manager of this tree and that of the previous release.
func build(dir string) error {
	var missing []error
	for _, path := range needed {
		if _, err := os.Stat(path); err != nil {
			missing = append(missing, err)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("run the suite as `make test-olm`, which builds what is missing: %w", errors.Join(missing...))
	}
	if err := buildManager(root, filepath.Join(dir, managerBinary)); err != nil {
		return err
	}
	previous := filepath.Join(dir, previousSource)
	if err := extract(previousCommit, previous); err != nil {
		return err
	}
	return buildManager(previous, filepath.Join(dir, previousManagerBinary))
}

func buildManager(source, output string) error {
	// As `make build` does, and without paths, so that the build cache serves a tree wherever it lies.
	command := exec.Command("go", "build", "-C", source, "-buildvcs=false", "-trimpath", "-ldflags=-s -w",
		"-o", output, "./cmd/manager")
	command.Env = append(command.Environ(), "CGO_ENABLED=0")
	return run(command)
}

// extract writes the tree of a commit of this repository.
func extract(commit, dir string) error {
	if git("cat-file", "-e", commit).Run() != nil {
		// A shallow clone lacks it.
		if err := run(git("fetch", "--no-tags", "--depth=1", "origin", commit)); err != nil {
			return fmt.Errorf("the previous release is commit %s, which is not here: %w", commit, err)
		}
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	tree := dir + ".tar"
	if err := run(git("archive", "--output="+tree, commit)); err != nil {
		return err
	}
	return run(exec.Command("tar", "-x", "-f", tree, "-C", dir))
}

// git is a command on this repository. In a container another user may own the checkout.
func git(args ...string) *exec.Cmd {
	return exec.Command("git", append([]string{"-c", "safe.directory=*", "-C", root}, args...)...)
}

func run(command *exec.Cmd) error {
	output, err := command.CombinedOutput()
	if err != nil {
		return fmt.Errorf("running %s: %w\n%s", command, err, output)
	}
	return nil
}

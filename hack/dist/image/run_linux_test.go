// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
)

// The programs need nothing but what is in their images: no library, no shell, no user
// that may write.
func TestTheProgramsRunInTheirImages(t *testing.T) {
	dir := images(t)
	for program, args := range map[string][]string{
		"manager":             {"--version"},
		"kubectl-meshingress": {"version"},
	} {
		t.Run(program, func(t *testing.T) {
			root := t.TempDir()
			made := image(t, dir, program, runtime.GOARCH)
			unpack(t, made, root)
			before := sums(t, root)

			out, err := runIn(t, root, made, args...)
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			if got, want := strings.TrimSpace(out), "v"+*imagesVersion; got != want {
				t.Errorf("it printed %q, want %q", got, want)
			}
			if diff := cmp.Diff(before, sums(t, root)); diff != "" {
				t.Errorf("it wrote: %s", diff)
			}
		})
	}
}

// unpack writes the files of an image as they are in a container that may not write.
func unpack(t *testing.T, image v1.Image, root string) {
	t.Helper()
	content := mutate.Extract(image)
	defer content.Close()
	for reader := tar.NewReader(content); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(root, header.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if header.Typeflag == tar.TypeDir {
			continue
		}
		file, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(file, reader); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(file.Close(), os.Chmod(path, os.FileMode(header.Mode)&0o555)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(root, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(root, 0o755) }) // so that it can be deleted
}

// runIn runs what the image runs, with root as its root directory and as its user.
// Somebody who is not root needs user namespaces for that.
func runIn(t *testing.T, root string, image v1.Image, args ...string) (string, error) {
	t.Helper()
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	const nonroot = 65532
	cmd := exec.Command(config.Config.Entrypoint[0], args...)
	cmd.Env = []string{} // none of ours
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root}
	if os.Getuid() == 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: nonroot, Gid: nonroot}
	} else {
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: nonroot, HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: nonroot, HostID: os.Getgid(), Size: 1}}
	}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

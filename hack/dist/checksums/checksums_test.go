// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package checksums_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/meshingress/meshingress/hack/dist/checksums"
)

func sha256sum(t *testing.T, dir string) (string, error) {
	t.Helper()
	cmd := exec.Command("sha256sum", "-c", checksums.File)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestSha256sumAcceptsTheListUntilAFileChanges(t *testing.T) {
	dir := t.TempDir()
	inside := filepath.Join(dir, "images", "manager.tar")
	if err := os.Mkdir(filepath.Dir(inside), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{inside, filepath.Join(dir, "install.yaml")} {
		if err := os.WriteFile(path, []byte(path), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // the second time there is a list already
		if err := checksums.Write(dir); err != nil {
			t.Fatal(err)
		}
	}
	out, err := sha256sum(t, dir)
	if want := "images/manager.tar: OK\ninstall.yaml: OK\n"; err != nil || out != want {
		t.Errorf("sha256sum printed %q with error %v, want %q", out, err, want)
	}
	if err := os.WriteFile(inside, []byte("something else"), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := sha256sum(t, dir); err == nil {
		t.Errorf("sha256sum accepted a changed file:\n%s", out)
	}
}

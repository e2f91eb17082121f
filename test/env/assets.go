// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package env

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// module is the path of the operator's module.
const module = "github.com/meshingress/meshingress"

// moduleRoot is the nearest directory with the operator's go.mod, from the working
// directory up: go test runs a test in the directory of its package, which may be in a
// module below.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("finding the module: %w", err)
	}
	for {
		file, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && bytes.HasPrefix(file, []byte("module "+module+"\n")) {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("finding the module: no go.mod of " + module + " in the working directory or above it")
		}
		dir = parent
	}
}

// findAssets is the directory of the control plane. It must be complete, and what
// runs pods must be there or among what `make envtest` builds.
func findAssets(root string, o options) (string, error) {
	dir := os.Getenv("KUBEBUILDER_ASSETS")
	if dir == "" {
		dir = builtAssets(root)
	}
	var missing []string
	for _, name := range []string{"etcd", "kube-apiserver", "kubectl"} {
		if !isThere(filepath.Join(dir, name)) {
			missing = append(missing, name)
		}
	}
	for _, name := range podRunners(o) {
		if !isThere(findBinary(root, dir, name)) {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return "", fmt.Errorf("%s has no %s: run `make envtest`", dir, strings.Join(missing, ", "))
	}
	return dir, nil
}

// builtAssets is where hack/envtest builds.
func builtAssets(root string) string { return filepath.Join(root, "bin", "k8s") }

// findBinary prefers the given directory: KUBEBUILDER_ASSETS seldom holds what
// runs pods.
func findBinary(root, dir, name string) string {
	if given := filepath.Join(dir, name); isThere(given) {
		return given
	}
	return filepath.Join(builtAssets(root), name)
}

func isThere(binary string) bool {
	_, err := exec.LookPath(binary)
	return err == nil
}

func podRunners(o options) []string {
	var names []string
	if o.controllerManager {
		names = append(names, "kube-controller-manager")
	}
	if o.kwok {
		names = append(names, "kwok")
	}
	return names
}

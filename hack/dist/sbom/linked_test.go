// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"runtime/debug"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAReplacedModuleIsWhatReplacesIt(t *testing.T) {
	info := &debug.BuildInfo{GoVersion: "go1.26.8", Deps: []*debug.Module{
		{Path: "example.com/kept", Version: "v1.0.0", Sum: "h1:kept"},
		{Path: "example.com/gone", Version: "v1.0.0", Replace: &debug.Module{
			Path: "example.com/fork", Version: "v1.0.1", Sum: "h1:fork",
		}},
	}}
	want := []*debug.Module{
		{Path: "stdlib", Version: "1.26.8"},
		{Path: "example.com/kept", Version: "v1.0.0", Sum: "h1:kept"},
		{Path: "example.com/fork", Version: "v1.0.1", Sum: "h1:fork"},
	}
	if diff := cmp.Diff(want, linked(info)); diff != "" {
		t.Error(diff)
	}
}

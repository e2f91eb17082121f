// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"strings"
	"testing"
)

// Whoever has an image, and no cluster, can ask it what it is.
func TestVersionNeedsNoCluster(t *testing.T) {
	t.Setenv("KUBECONFIG", t.TempDir()+"/none")
	var stdout bytes.Buffer
	if err := run([]string{"--version"}, &stdout); err != nil {
		t.Fatal(err)
	}
	if got := stdout.String(); got != version+"\n" {
		t.Errorf("it printed %q, want the version", got)
	}
}

func TestHelpIsNoError(t *testing.T) {
	if err := run([]string{"--help"}, &bytes.Buffer{}); err != nil {
		t.Error(err)
	}
}

func TestAnUnknownFlagIsAnError(t *testing.T) {
	err := run([]string{"--no-such-flag"}, &bytes.Buffer{})
	if err == nil || !strings.Contains(err.Error(), "no-such-flag") {
		t.Errorf("got error %v, want one that names the flag", err)
	}
}

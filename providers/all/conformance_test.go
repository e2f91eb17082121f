// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package all_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/meshingress/meshingress/providers/providertest"
)

func TestConformance(t *testing.T) {
	for _, p := range providersOf(t) {
		t.Run(string(p.Describe().Vendor), func(t *testing.T) {
			providertest.Conformance(t, p, providertest.Testdata(p, ".."))
		})
	}
}

// What is common to all providers is tested with the provider, where its cases are.
func TestEveryProviderHasTheCommonTests(t *testing.T) {
	for _, p := range providersOf(t) {
		dir := filepath.Dir(providertest.Testdata(p, ".."))
		for file, call := range map[string]string{
			"golden_test.go": "providertest.RunGolden(", "fuzz_test.go": "providertest.Fuzz(",
		} {
			text, err := os.ReadFile(filepath.Join(dir, file))
			if err != nil || !strings.Contains(string(text), call) {
				t.Errorf("%s of %s does not call %s: %v", file, p.Describe().Vendor, call, err)
			}
		}
	}
}

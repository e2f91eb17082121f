// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package providertest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/meshingress/meshingress/providers"
)

const input = `# A route becomes a Route.
apiVersion: networking.meshingress.dev/v1alpha1
kind: MeshIngressClass
metadata: {name: fake}
spec: {vendor: Traefik}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: first, namespace: web}
data: {key: value}
---
apiVersion: networking.meshingress.dev/v1alpha1
kind: MeshIngress
metadata: {name: web, namespace: web}
spec:
  className: fake
  template: {labels: {team: web}}
  rules:
  - paths: [{path: /, backends: [{service: {name: web, port: {number: 80}}}]}]
`

// writeCase returns the path of an input whose golden file is right.
func writeCase(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "case"+inSuffix)
	write(t, path, text)
	if errs := newTestHarness(t, fake{}).check(path, true); len(errs) > 0 {
		t.Fatalf("writing the golden file: %v", errs)
	}
	return path
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func newTestHarness(t *testing.T, p providers.Provider) *harness {
	t.Helper()
	h, err := newHarness(p)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestCheckPassesWhatIsRight(t *testing.T) {
	path := writeCase(t, input)
	if errs := newTestHarness(t, fake{}).check(path, false); len(errs) > 0 {
		t.Errorf("a right case fails: %v", errs)
	}
}

func TestCheckFailsWithAnotherGoldenFile(t *testing.T) {
	path := writeCase(t, input)
	golden := strings.TrimSuffix(path, inSuffix) + outSuffix
	data, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	write(t, golden, strings.Replace(string(data), ":80", ":81", 1))
	wantOneError(t, newTestHarness(t, fake{}).check(path, false), "-update")
}

func TestCheckFailsWithoutGoldenFile(t *testing.T) {
	path := writeCase(t, input)
	if err := os.Remove(strings.TrimSuffix(path, inSuffix) + outSuffix); err != nil {
		t.Fatal(err)
	}
	wantOneError(t, newTestHarness(t, fake{}).check(path, false), "no such file")
}

func TestCheckFailsOnUnknownFields(t *testing.T) {
	for name, bad := range map[string]string{
		"of ours":           strings.Replace(input, "className: fake", "classname: fake", 1),
		"of built-in kinds": strings.Replace(input, "data: {key: value}", "date: {key: value}", 1),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "case"+inSuffix)
			write(t, path, bad)
			wantOneError(t, newTestHarness(t, fake{}).check(path, true), "unknown field")
		})
	}
}

func TestCheckFailsWhenTheProviderIsNotPure(t *testing.T) {
	calls := 0
	for name, tc := range map[string]struct {
		spoil func(providers.Input, *providers.Plan)
		want  string
	}{
		"changes its labels": {
			func(in providers.Input, _ *providers.Plan) { in.Labels["new"] = "label" }, "changes its input",
		},
		"changes an object that it reads": {
			func(in providers.Input, _ *providers.Plan) { in.Objects[0].SetName("other") }, "changes its input",
		},
		"changes a backend": {
			func(in providers.Input, _ *providers.Plan) { in.Routes[0].Backends[0].Port = 1 }, "changes its input",
		},
		"is not deterministic": {
			func(_ providers.Input, plan *providers.Plan) {
				calls++
				plan.Objects[0].SetLabels(map[string]string{"even": map[int]string{0: "yes", 1: "no"}[calls%2]})
			}, "another order",
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := writeCase(t, input)
			errs := newTestHarness(t, fake{tc.spoil}).check(path, true)
			if len(errs) == 0 || !strings.Contains(errs[0].Error(), tc.want) {
				t.Errorf("got %v, want an error with %q", errs, tc.want)
			}
		})
	}
}

func TestServedKindsAreThoseOfTheHeader(t *testing.T) {
	path := filepath.Join(t.TempDir(), "case"+inSuffix)
	write(t, path, strings.Replace(input, "\n", "\n# served:\n", 1))
	c, err := readCase(path)
	if err != nil {
		t.Fatal(err)
	}
	out, _, err := newTestHarness(t, fake{}).render(c)
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Classes[0].Errors) != 1 || out.Classes[0].Errors[0].Field != "spec.vendor" {
		t.Errorf("got %v, want the error that the vendor's kind is not served", out.Classes[0].Errors)
	}
}

func wantOneError(t *testing.T, errs []error, part string) {
	t.Helper()
	if len(errs) != 1 || !strings.Contains(errs[0].Error(), part) {
		t.Errorf("got %v, want one error with %q", errs, part)
	}
}

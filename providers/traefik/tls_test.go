// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package traefik

import (
	"testing"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers/internal/names"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

func entry(secret string, hosts ...string) v1alpha1.TLS {
	return v1alpha1.TLS{SecretName: secret, Hosts: hosts}
}

func TestTLSEntryOfAHost(t *testing.T) {
	entries := []v1alpha1.TLS{
		entry("star", "*.example.com"), entry("exact", "example.com", "a.example.com"), entry("second", "example.com"),
	}
	rest := append(append([]v1alpha1.TLS{}, entries...), entry("rest"))
	for name, c := range map[string]struct {
		entries []v1alpha1.TLS
		host    string
		want    int
	}{
		"listed":                      {entries, "example.com", 1},
		"listed before wildcard":      {entries, "a.example.com", 1},
		"covered":                     {entries, "b.example.com", 0},
		"two labels are not covered":  {entries, "b.a.example.com", noEntry},
		"a wildcard lists itself":     {entries, "*.example.com", 0},
		"unknown":                     {entries, "example.org", noEntry},
		"every host":                  {entries, "", noEntry},
		"unknown goes to the rest":    {rest, "example.org", 3},
		"every host goes to the rest": {rest, "", 3},
		"listed before the rest":      {rest, "example.com", 1},
		"no entries":                  {nil, "example.com", noEntry},
	} {
		t.Run(name, func(t *testing.T) { story.Diff[any](t, "entry", c.want, tlsEntry(c.entries, c.host)) })
	}
}

func TestRoutesAreSplitBySecret(t *testing.T) {
	in := input(nativeLB, prefix("a.io", "/"), prefix("b.io", "/"), prefix("c.io", "/"), prefix("d.io", "/"))
	in.TLS = []v1alpha1.TLS{entry("one", "b.io"), entry("two", "c.io"), entry("one", "d.io")}
	hosts := map[string][]any{}
	var found []string
	for _, ir := range translate(t, in) {
		spec := ir.Object["spec"].(map[string]any)
		secret := "none"
		if tls, ok := spec["tls"].(map[string]any); ok {
			story.Diff[any](t, "fields of tls", 1, len(tls))
			secret = tls["secretName"].(string)
		}
		for _, r := range routesOf(t, ir) {
			hosts[secret] = append(hosts[secret], r["match"])
		}
		found = append(found, ir.GetName())
	}
	story.Diff[any](t, "rules by Secret", map[string][]any{
		"none": {"Host(`a.io`) && PathPrefix(`/`)"},
		"one":  {"Host(`b.io`) && PathPrefix(`/`)", "Host(`d.io`) && PathPrefix(`/`)"},
		"two":  {"Host(`c.io`) && PathPrefix(`/`)"},
	}, hosts)
	want := []string{names.Of(in), names.Of(in, "tls", "one"), names.Of(in, "tls", "two")}
	story.Diff[any](t, "names", want, found)
}

func TestDefaultBackendTakesTheCertificateOfTheRest(t *testing.T) {
	in := input(nativeLB)
	d := service("front", 80)
	in.Default, in.TLS = &d, []v1alpha1.TLS{entry("rest")}
	objects := translate(t, in)
	story.Diff[any](t, "number of objects", 1, len(objects))
	spec := objects[0].Object["spec"].(map[string]any)
	story.Diff[any](t, "tls", map[string]any{"secretName": "rest"}, spec["tls"].(map[string]any))
}

func TestTLSEntryThatNoRuleUsesIsRefused(t *testing.T) {
	in := input(nativeLB, prefix("a.io", "/"), prefix("", "/"))
	in.TLS = []v1alpha1.TLS{entry("one", "a.io"), entry("two", "b.io"), entry("three", "a.io")}
	story.Diff[any](t, "errors", []story.Failure{
		story.Invalid("spec.tls[1].hosts"), story.Invalid("spec.tls[2].hosts"),
	}, problems(t, in))
}

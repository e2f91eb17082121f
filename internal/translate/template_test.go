// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package translate_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/test/builders"
)

// What a user may not put on generated objects: keys by which they would undo the
// operator's work or reach further than a route.
func TestTemplateKeysThatAreRefused(t *testing.T) {
	for key, remedy := range map[string]string{
		"linkerd.io/inject":                                 "remove it",
		"config.linkerd.io/skip-inbound-ports":              "remove it",
		"config.alpha.linkerd.io/proxy-wait":                "remove it",
		"networking.meshingress.dev/owner":                  "remove it",
		"networking.meshingress.dev/owned-by":               "remove it",
		"networking.meshingress.dev/is-default-class":       "remove it",
		"app.kubernetes.io/managed-by":                      "remove it",
		"nginx.ingress.kubernetes.io/configuration-snippet": "remove it",
		"nginx.ingress.kubernetes.io/server-snippet":        "remove it",
		"nginx.org/server-snippets":                         "remove it",
		"my.prefix/auth-snippet":                            "remove it",
	} {
		t.Run(key, func(t *testing.T) {
			values := map[string]string{key: "x"}
			s := tell(builders.WithRule("example.com", "/", "web-svc", 80), builders.WithTemplate(nil, values))
			rejectedAs(t, s, remedy, "spec.template.annotations["+key+"] FieldValueForbidden")
			if strings.Contains(key, "-snippet") {
				return // is configuration as an annotation only
			}
			s = tell(builders.WithRule("example.com", "/", "web-svc", 80), builders.WithTemplate(values, nil))
			rejectedAs(t, s, remedy, "spec.template.labels["+key+"] FieldValueForbidden")
		})
	}
}

func TestTemplateIsCarriedOver(t *testing.T) {
	labels := map[string]string{"team": "web", "notlinkerd.io/x": "y"}
	annotations := map[string]string{
		"cert-manager.io/cluster-issuer":        "letsencrypt",
		"linkerd.io.example.com/inject":         "is another domain",
		"nginx.ingress.kubernetes.io/snippets2": "has another name",
		"example.com/text":                      "of\nlines",
	}
	in := tell(builders.WithRule("example.com", "/", "web-svc", 80), builders.WithTemplate(labels, annotations)).input(t)
	if diff := cmp.Diff(labels, in.Labels); diff != "" {
		t.Errorf("labels: %s", diff)
	}
	if diff := cmp.Diff(annotations, in.Annotations); diff != "" {
		t.Errorf("annotations: %s", diff)
	}
}

// What the API server would refuse on each generated object is refused once, where
// the user wrote it.
func TestTemplateIsValidMetadata(t *testing.T) {
	for name, tc := range map[string]struct {
		labels, annotations map[string]string
		want                string
	}{
		"a label key with a space": {
			labels: map[string]string{"my team": "web"}, want: "spec.template.labels[my team]",
		},
		"a label without a key": {labels: map[string]string{"": "web"}, want: "spec.template.labels[]"},
		"a label key with two slashes": {
			labels: map[string]string{"a/b/c": "web"}, want: "spec.template.labels[a/b/c]",
		},
		"a label value with a space": {
			labels: map[string]string{"team": "my team"}, want: "spec.template.labels[team]",
		},
		"a label value that is too long": {
			labels: map[string]string{"team": strings.Repeat("a", 64)}, want: "spec.template.labels[team]",
		},
		"an annotation key with a colon": {
			annotations: map[string]string{"a:b": ""}, want: "spec.template.annotations[a:b]",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := tell(builders.WithRule("example.com", "/", "web-svc", 80), builders.WithTemplate(tc.labels, tc.annotations))
			rejectedAs(t, s, "must", tc.want+" FieldValueInvalid")
		})
	}
	upper := map[string]string{"Example.com/Issuer": "x"}
	in := tell(builders.WithRule("a.com", "/", "web-svc", 80), builders.WithTemplate(nil, upper)).input(t)
	if in.Annotations == nil {
		t.Error("the API server takes annotation keys in upper case, and we do not")
	}
}

func TestErrorsComeInOneOrder(t *testing.T) {
	bad := map[string]string{}
	for _, letter := range []string{"a", "b", "c", "d", "e"} {
		bad["linkerd.io/"+letter] = ""
	}
	s := tell(builders.WithRule("example.com", "/", "web-svc", 80), builders.WithTemplate(bad, bad))
	first := s.end(t)
	wantRejected(t, first, v1alpha1.ReasonInvalid)
	for range 20 {
		if diff := cmp.Diff(fields(first.Errors()), fields(s.end(t).Errors())); diff != "" {
			t.Fatal(diff)
		}
	}
}

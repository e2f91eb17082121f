// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package translate_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/test/builders"
)

// sibling is another MeshIngress of the class.
func sibling(namespace, name string, born int, opts ...builders.MeshIngressOption) *v1alpha1.MeshIngress {
	mi := builders.MeshIngress(name, namespace, opts...)
	mi.CreationTimestamp = day(born)
	return mi
}

// Of two MeshIngresses that claim the same, one is served: the older, and of equal
// ages the first by namespace and name.
func TestSiblings(t *testing.T) {
	root := func(host string) builders.MeshIngressOption { return builders.WithRule(host, "/", "web-svc", 80) }
	for name, tc := range map[string]struct {
		mine      []builders.MeshIngressOption
		other     *v1alpha1.MeshIngress
		exclusive bool
		want      []string // errors; none means that this one is served
	}{
		"older, with the route": {
			mine: []builders.MeshIngressOption{root("a.com")}, other: sibling("other", "x", 1, root("a.com")),
			want: []string{"spec.rules[0].paths[0] FieldValueInvalid"},
		},
		"younger, with the route": {
			mine: []builders.MeshIngressOption{root("a.com")}, other: sibling("other", "x", 3, root("a.com")),
		},
		"as old, of an earlier namespace": {
			mine: []builders.MeshIngressOption{root("a.com")}, other: sibling("ante", "x", 2, root("a.com")),
			want: []string{"spec.rules[0].paths[0] FieldValueInvalid"},
		},
		"as old, of a later namespace": {
			mine: []builders.MeshIngressOption{root("a.com")}, other: sibling("post", "a", 2, root("a.com")),
		},
		"as old, of an earlier name": {
			mine: []builders.MeshIngressOption{root("a.com")}, other: sibling("emojivoto", "api", 2, root("a.com")),
			want: []string{"spec.rules[0].paths[0] FieldValueInvalid"},
		},
		"itself": {
			mine: []builders.MeshIngressOption{root("a.com")}, other: sibling("emojivoto", "web", 1, root("a.com")),
		},
		"older, with another path of the host": {
			mine:  []builders.MeshIngressOption{root("a.com")},
			other: sibling("other", "x", 1, builders.WithRule("a.com", "/api", "web-svc", 80)),
		},
		"older, with the prefix and a slash": {
			mine:  []builders.MeshIngressOption{root("b.com"), builders.WithRule("a.com", "/api", "web-svc", 80)},
			other: sibling("other", "x", 1, builders.WithRule("a.com", "/api/", "web-svc", 80)),
			want:  []string{"spec.rules[1].paths[0] FieldValueInvalid"},
		},
		"older, with the path as Exact": {
			mine: []builders.MeshIngressOption{root("a.com")},
			other: sibling("other", "x", 1,
				builders.WithPath("a.com", "/", v1alpha1.PathTypeExact, builders.Backend("web-svc", 80))),
		},
		"older, with the default backend": {
			mine:  []builders.MeshIngressOption{builders.WithDefaultBackend("web-svc", 80)},
			other: sibling("other", "x", 1, builders.WithDefaultBackend("web-svc", 80)),
			want:  []string{"spec.defaultBackend FieldValueInvalid"},
		},
		"older, with a route for every host": {
			mine:  []builders.MeshIngressOption{builders.WithDefaultBackend("web-svc", 80)},
			other: sibling("other", "x", 1, root("")),
		},
		"older, with the host, where hosts are exclusive": {
			mine:      []builders.MeshIngressOption{root("a.com"), builders.WithRule("a.com", "/b", "web-svc", 80)},
			other:     sibling("other", "x", 1, builders.WithRule("a.com", "/api", "web-svc", 80)),
			exclusive: true,
			want:      []string{"spec.rules[0].host FieldValueInvalid"},
		},
		"older, with every host, where hosts are exclusive": {
			mine: []builders.MeshIngressOption{root("")}, other: sibling("other", "x", 1, root("")),
			exclusive: true, want: []string{"spec.rules[0].host FieldValueInvalid"},
		},
		"older, with another host, where hosts are exclusive": {
			mine: []builders.MeshIngressOption{root("a.com")}, other: sibling("other", "x", 1, root("*.com")),
			exclusive: true,
		},
		"older, with the default backend, where hosts are exclusive": {
			mine:      []builders.MeshIngressOption{builders.WithDefaultBackend("web-svc", 80)},
			other:     sibling("other", "x", 1, builders.WithDefaultBackend("web-svc", 80)),
			exclusive: true, want: []string{"spec.defaultBackend FieldValueInvalid"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := tell(tc.mine...)
			s.mi.CreationTimestamp = day(2)
			s.snap.Siblings = append(s.snap.Siblings, tc.other)
			s.provider.description.ExclusiveHosts = tc.exclusive
			if tc.want == nil {
				s.input(t)
				return
			}
			result := s.end(t)
			wantRejected(t, result, v1alpha1.ReasonRouteTaken)
			if diff := cmp.Diff(tc.want, fields(result.Errors())); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
			wantRemedy(t, result.Errors(), tc.other.Namespace+"/"+tc.other.Name+": remove it")
		})
	}
}

// Exactly one of two is served, whoever looks.
func TestOneOfTwoIsServed(t *testing.T) {
	for name, days := range map[string][2]int{"an older one": {1, 2}, "a younger one": {2, 1}, "one as old": {1, 1}} {
		t.Run(name, func(t *testing.T) {
			a, b := tell(), tell()
			b.mi.Name = "other"
			a.mi.CreationTimestamp, b.mi.CreationTimestamp = day(days[0]), day(days[1])
			a.snap.Siblings = append(a.snap.Siblings, b.mi)
			b.snap.Siblings = append(b.snap.Siblings, a.mi)
			if a.end(t).OK() == b.end(t).OK() {
				t.Errorf("both have the same outcome: %v", a.end(t).OK())
			}
		})
	}
}

func TestTheOldestSiblingIsNamed(t *testing.T) {
	rule := builders.WithRule("example.com", "/", "web-svc", 80)
	s := tell()
	s.mi.CreationTimestamp = day(4)
	s.snap.Siblings = append(s.snap.Siblings,
		sibling("c", "third", 3, rule), sibling("a", "first", 1, rule), sibling("b", "second", 2, rule))
	result := s.end(t)
	wantRejected(t, result, v1alpha1.ReasonRouteTaken)
	wantRemedy(t, result.Errors(), "a/first")
}

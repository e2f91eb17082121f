// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package contour_test

import (
	"strings"
	"testing"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers/contour"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

func TestTLSGivesEachHostItsSecret(t *testing.T) {
	tests := map[string]struct {
		host string
		tls  []v1alpha1.TLS
		want string
	}{
		"no entry":   {"a.example.com", nil, ""},
		"same host":  {"a.example.com", []v1alpha1.TLS{{Hosts: []string{"a.example.com"}, SecretName: "a"}}, "a"},
		"other host": {"a.example.com", []v1alpha1.TLS{{Hosts: []string{"b.example.com"}, SecretName: "b"}}, ""},
		"wildcard one label above": {
			"a.example.com", []v1alpha1.TLS{{Hosts: []string{"*.example.com"}, SecretName: "wild"}}, "wild",
		},
		"wildcard two labels above covers nothing": {
			"x.a.example.com", []v1alpha1.TLS{{Hosts: []string{"*.example.com"}, SecretName: "wild"}}, "",
		},
		"wildcard does not cover its parent": {
			"example.com", []v1alpha1.TLS{{Hosts: []string{"*.example.com"}, SecretName: "wild"}}, "",
		},
		"wildcard host of a rule": {
			"*.example.com", []v1alpha1.TLS{{Hosts: []string{"*.example.com"}, SecretName: "wild"}}, "wild",
		},
		"the host itself goes before the wildcard": {
			"a.example.com", []v1alpha1.TLS{
				{Hosts: []string{"*.example.com"}, SecretName: "wild"}, {Hosts: []string{"a.example.com"}, SecretName: "a"},
			}, "a",
		},
		"a host without a dot": {"localhost", []v1alpha1.TLS{{Hosts: []string{"localhost"}, SecretName: "local"}}, "local"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			in := input(story.Prefix(tc.host, "/"))
			in.TLS = tc.tls
			got := ""
			if tls := translate(t, in)[tc.host].Spec.VirtualHost.TLS; tls != nil {
				got = tls.SecretName
			}
			story.Diff(t, "secret", tc.want, got)
		})
	}
}

func TestTLSThatContourCannotServe(t *testing.T) {
	tests := map[string]struct {
		tls  []v1alpha1.TLS
		want []story.Failure
	}{
		"no hosts": {
			[]v1alpha1.TLS{{SecretName: "default"}},
			[]story.Failure{story.Required("spec.tls[0].hosts")},
		},
		"two entries for one host": {
			[]v1alpha1.TLS{
				{Hosts: []string{"example.com"}, SecretName: "old"},
				{Hosts: []string{"example.org", "example.com"}, SecretName: "new"},
			},
			[]story.Failure{story.Duplicate("spec.tls[1].hosts[1]")},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			in := input(story.Prefix("example.com", "/"))
			in.TLS = tc.tls
			story.Diff(t, "failures", tc.want, failures(t, in))
		})
	}
}

func TestTLSHostsWithoutRuleAreTold(t *testing.T) {
	tests := map[string]struct {
		hosts []string
		names string // in the notice; empty: there is none
	}{
		"all used":    {[]string{"example.com"}, ""},
		"one unused":  {[]string{"example.com", "www.example.com"}, "www.example.com"},
		"many unused": {[]string{"one.test", "two.test", "three.test", "example.com"}, "one.test and 2 more"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			in := input(story.Prefix("example.com", "/"))
			in.TLS = []v1alpha1.TLS{{Hosts: tc.hosts, SecretName: "web-tls"}}
			plan, errs := contour.New().Translate(in)
			if len(errs) > 0 {
				t.Fatalf("Translate: %v", errs.ToAggregate())
			}
			if tc.names == "" {
				story.Diff(t, "number of notices", 0, len(plan.Notices))
				return
			}
			if len(plan.Notices) != 1 || !strings.Contains(plan.Notices[0].Message, tc.names) {
				t.Errorf("notices %v do not name %q", plan.Notices, tc.names)
			}
		})
	}
}

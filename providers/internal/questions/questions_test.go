// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package questions_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/questions"
)

func asking(path, domain string, h2c bool) providers.Input {
	return providers.Input{ClusterDomain: domain, Auth: &providers.Auth{
		Backend: providers.Backend{
			Namespace: "shop", Service: "auth", Port: 8080, H2C: h2c, Field: field.NewPath("spec", "externalAuth", "service"),
		},
		Path: path,
	}}
}

func TestURL(t *testing.T) {
	want := "http://auth.shop.svc.cluster.local:8080/verify"
	if got := questions.URL(asking("/verify", "cluster.local", false)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestCheck(t *testing.T) {
	const service = "spec.externalAuth.service"
	cases := map[string]struct {
		in   providers.Input
		want []string
	}{
		"no question":                  {providers.Input{}, nil},
		"a plain one":                  {asking("/a/b-c_d.e~f", "cluster.local", false), nil},
		"HTTP/2 only":                  {asking("/", "cluster.local", true), []string{service + ".port"}},
		"a variable":                   {asking("/$host", "cluster.local", false), []string{service}},
		"a space":                      {asking("/a b", "cluster.local", false), []string{service}},
		"a line break":                 {asking("/a\nb", "cluster.local", false), []string{service}},
		"a quote":                      {asking(`/a"`, "cluster.local", false), []string{service}},
		"a log-format":                 {asking("/%[src]", "cluster.local", false), []string{service}},
		"an end of a directive":        {asking("/a;", "cluster.local", false), []string{service}},
		"a variable in cluster domain": {asking("/", "$x", false), []string{service}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, err := range questions.Check(tc.in, "nginx") {
				if err.Type != field.ErrorTypeInvalid || err.Detail == "" {
					t.Errorf("error: %v", err)
				}
				got = append(got, err.Field)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("fields with errors (-want +got):\n%s", diff)
			}
		})
	}
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gce_test

import (
	"testing"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

func TestPaths(t *testing.T) {
	web := backend("web-svc", 80)
	bad := story.Invalid("spec.rules[0].paths[0].path")
	for path, want := range map[string][]story.Failure{"/*": {bad}, "/a*b": {bad}, "/a//b": {bad}, "/a": nil, "/%2A": nil} {
		story.Diff(t, "errors for "+path, want, failures(t, input(v1alpha1.GCEOptions{}, story.Prefix("", path, web))))
		story.Diff(t, "errors for exact "+path, want, failures(t, input(v1alpha1.GCEOptions{}, story.Exact("", path, web))))
	}
}

func TestTemplate(t *testing.T) {
	internal := v1alpha1.GCEOptions{Scheme: v1alpha1.GCEInternal}
	address := v1alpha1.GCEOptions{StaticIPName: "address"}
	certs := v1alpha1.GCEOptions{PreSharedCertificates: []string{"cert"}}
	const global, regional = "kubernetes.io/ingress.global-static-ip-name", "kubernetes.io/ingress.regional-static-ip-name"
	for name, tc := range map[string]struct {
		options v1alpha1.GCEOptions
		key     string
		refused bool
	}{
		"the class":                             {v1alpha1.GCEOptions{}, "kubernetes.io/ingress.class", true},
		"the header":                            {v1alpha1.GCEOptions{}, documented, true},
		"a report of the controller":            {v1alpha1.GCEOptions{}, "ingress.kubernetes.io/url-map", true},
		"an address of its own":                 {v1alpha1.GCEOptions{}, global, false},
		"an internal address of its own":        {internal, regional, false},
		"an address where the class has one":    {address, global, true},
		"an internal address, of no use":        {v1alpha1.GCEOptions{}, regional, true},
		"a global address, of no use":           {internal, global, true},
		"a certificate of its own":              {v1alpha1.GCEOptions{}, "ingress.gcp.kubernetes.io/pre-shared-cert", false},
		"a certificate beside the class's":      {certs, "ingress.gcp.kubernetes.io/pre-shared-cert", true},
		"managed certificates":                  {v1alpha1.GCEOptions{}, "networking.gke.io/managed-certificates", false},
		"managed certificates over the class's": {certs, "networking.gke.io/managed-certificates", true},
		"somebody else's":                       {certs, "external-dns.alpha.kubernetes.io/ttl", false},
	} {
		t.Run(name, func(t *testing.T) {
			in := input(tc.options, story.Prefix("example.com", "/", backend("web-svc", 80)))
			in.Annotations = map[string]string{tc.key: "value"}
			var want []story.Failure
			if tc.refused {
				want = []story.Failure{story.Forbidden("spec.template.annotations[" + tc.key + "]")}
			}
			story.Diff(t, "errors", want, failures(t, in))
			if !tc.refused {
				story.Diff(t, "annotation", "value", ingress(t, translate(t, in)).Annotations[tc.key])
			}
		})
	}
}

func TestInternalLoadBalancerWithTLS(t *testing.T) {
	const (
		allowHTTP = "kubernetes.io/ingress.allow-http"
		address   = "kubernetes.io/ingress.regional-static-ip-name"
		cert      = "ingress.gcp.kubernetes.io/pre-shared-cert"
	)
	secret := []v1alpha1.TLS{{SecretName: "web-tls"}}
	for name, tc := range map[string]struct {
		options     v1alpha1.GCEOptions
		tls         []v1alpha1.TLS
		annotations map[string]string
		refused     bool
	}{
		"without TLS":                      {},
		"with a Secret":                    {tls: secret, refused: true},
		"with a certificate of the class":  {options: v1alpha1.GCEOptions{PreSharedCertificates: []string{"cert"}}, refused: true},
		"with a certificate by annotation": {annotations: map[string]string{cert: "cert"}, refused: true},
		"with an address of the class":     {tls: secret, options: v1alpha1.GCEOptions{StaticIPName: "address"}},
		"with an address by annotation":    {tls: secret, annotations: map[string]string{address: "address"}},
		"without HTTP":                     {tls: secret, annotations: map[string]string{allowHTTP: "false"}},
		"with HTTP":                        {tls: secret, annotations: map[string]string{allowHTTP: "true"}, refused: true},
		"with what is no bool":             {tls: secret, annotations: map[string]string{allowHTTP: "no"}, refused: true},
	} {
		t.Run(name, func(t *testing.T) {
			tc.options.Scheme = v1alpha1.GCEInternal
			in := input(tc.options, story.Prefix("example.com", "/", backend("web-svc", 80)))
			in.TLS, in.Annotations = tc.tls, tc.annotations
			var want []story.Failure
			if tc.refused {
				want = []story.Failure{story.Required("spec.template.annotations[" + allowHTTP + "]")}
			}
			story.Diff(t, "errors", want, failures(t, in))
		})
	}
}

func TestExternalLoadBalancerWithTLS(t *testing.T) {
	in := input(v1alpha1.GCEOptions{}, story.Prefix("example.com", "/", backend("web-svc", 80)))
	in.TLS = []v1alpha1.TLS{{SecretName: "web-tls"}}
	story.Diff(t, "errors", nil, failures(t, in))
}

func TestReadsTheServicesOfTheNamespaceOnly(t *testing.T) {
	in := input(v1alpha1.GCEOptions{}, story.Prefix("example.com", "/", backend("web-svc", 80)))
	other := service("web-svc", "ClusterIP", nil)
	other.SetNamespace("elsewhere")
	in.Objects = append(in.Objects, other)
	story.Diff(t, "notices", []string(nil), story.Reasons(translate(t, in).Notices))
}

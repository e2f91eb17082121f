// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package translate_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/utils/ptr"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/test/builders"
)

// uses says how a MeshIngress uses each feature, and which fields are to blame.
var uses = map[providers.Feature]struct {
	opts   []builders.MeshIngressOption
	want   []string
	remedy string
}{
	providers.FeatureAnyHost: {
		opts: []builders.MeshIngressOption{builders.WithRule("", "/", "web-svc", 80)},
		want: []string{"spec.rules[0].host FieldValueForbidden"}, remedy: "name a host",
	},
	providers.FeatureWildcardHost: {
		opts: []builders.MeshIngressOption{builders.WithRule("*.example.com", "/", "web-svc", 80)},
		want: []string{"spec.rules[0].host FieldValueForbidden"}, remedy: "name each host",
	},
	providers.FeatureExactPath: {
		opts: []builders.MeshIngressOption{
			builders.WithPath("example.com", "/", v1alpha1.PathTypeExact, builders.Backend("web-svc", 80)),
		},
		want: []string{"spec.rules[0].paths[0].pathType FieldValueForbidden"}, remedy: "use Prefix",
	},
	providers.FeatureDefaultBackend: {
		opts: []builders.MeshIngressOption{builders.WithDefaultBackend("web-svc", 80)},
		want: []string{"spec.defaultBackend FieldValueForbidden"}, remedy: "add a rule for each host",
	},
	providers.FeatureWeights: {
		opts: []builders.MeshIngressOption{builders.WithPath("example.com", "/", v1alpha1.PathTypePrefix,
			builders.Backend("web-svc", 80), builders.Backend("voting-svc", 80))},
		want: []string{"spec.rules[0].paths[0].backends FieldValueForbidden"}, remedy: "keep one backend",
	},
	providers.FeatureTLS: {
		opts: []builders.MeshIngressOption{
			builders.WithRule("example.com", "/", "web-svc", 80), builders.WithTLS("web-tls", "example.com"),
		},
		want: []string{"spec.tls FieldValueForbidden"}, remedy: "terminate TLS elsewhere",
	},
	providers.FeatureExternalAuth: {
		opts: []builders.MeshIngressOption{
			builders.WithRule("example.com", "/", "web-svc", 80), builders.WithExternalAuth("auth", "authn", 8080, "/"),
		},
		want: []string{"spec.externalAuth FieldValueForbidden"}, remedy: "configure it in the vendor",
	},
	providers.FeatureCrossNamespace: {
		opts: []builders.MeshIngressOption{crossNamespace},
		want: []string{
			"spec.rules[0].paths[0].backends[0].service.namespace FieldValueForbidden",
			"spec.defaultBackend.service.namespace FieldValueForbidden",
		},
		remedy: "put the MeshIngress in the Service's namespace",
	},
	providers.FeatureH2C: {
		opts: []builders.MeshIngressOption{
			builders.WithRule("example.com", "/", "grpc-svc", 8080), builders.WithDefaultBackend("grpc-svc", 8080),
		},
		want: []string{
			"spec.rules[0].paths[0].backends[0].service.port FieldValueForbidden",
			"spec.defaultBackend.service.port FieldValueForbidden",
		},
		remedy: "appProtocol",
	},
}

func crossNamespace(mi *v1alpha1.MeshIngress) {
	backend := builders.Backend("authn", 8080)
	backend.Service.Namespace = "auth"
	builders.WithPath("example.com", "/", v1alpha1.PathTypePrefix, backend)(mi)
	builders.WithDefaultBackend("authn", 8080)(mi)
	mi.Spec.DefaultBackend.Service.Namespace = "auth"
}

func without(f providers.Feature) []providers.Feature {
	return slices.DeleteFunc(providers.Features(), func(other providers.Feature) bool { return other == f })
}

func TestFeaturesThatAVendorLacks(t *testing.T) {
	for _, feature := range providers.Features() {
		t.Run(string(feature), func(t *testing.T) {
			use, ok := uses[feature]
			if !ok {
				t.Fatal("nothing here uses the feature")
			}
			s := tell(use.opts...)
			grpc := builders.ServicePort("grpc", 8080)
			grpc.AppProtocol = ptr.To("grpc")
			s.has(builders.Service("emojivoto", "grpc-svc", grpc))
			s.input(t) // with the feature

			ways := s.provider.description.Strategies
			ways[0].Features = without(feature)
			result := s.end(t)
			wantRejected(t, result, v1alpha1.ReasonUnsupported)
			if diff := cmp.Diff(use.want, fields(result.Errors())); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
			wantRemedy(t, result.Errors(), use.remedy)
			wantRemedy(t, result.Errors(), "Fake")
			wantRemedy(t, result.Errors(), "routing: Header")

			s.class.Spec.Routing = v1alpha1.RoutingHeader
			s.input(t) // as the remedy says

			s.class.Spec.Routing = v1alpha1.RoutingAuto
			ways[1].Features = without(feature)
			for _, err := range s.end(t).Errors() {
				if strings.Contains(err.Detail, "routing: Header") {
					t.Errorf("%q names a way that lacks the feature too", err.Detail)
				}
			}
		})
	}
}

// A namespace that is the MeshIngress's own is no other one.
func TestTheOwnNamespaceMayBeNamed(t *testing.T) {
	backend := builders.Backend("web-svc", 80)
	backend.Service.Namespace = "emojivoto"
	s := tell(builders.WithPath("example.com", "/", v1alpha1.PathTypePrefix, backend))
	s.provider.description.Strategies[0].Features = nil
	s.input(t)
}

func TestABackendWithoutWeightIsNoSplit(t *testing.T) {
	s := tell(builders.WithPath("example.com", "/", v1alpha1.PathTypePrefix,
		builders.Backend("web-svc", 80), builders.WeightedBackend("voting-svc", 80, 0)))
	s.provider.description.Strategies[0].Features = nil
	s.input(t)
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package translate_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/test/builders"
)

// unresolved tells a story that ends with an error of a backend, and no other.
func unresolved(t *testing.T, s *story, remedy string, want ...string) {
	t.Helper()
	result := s.end(t)
	if result.OK() || result.Rejected != nil {
		t.Fatalf("got the rejection %+v, want a backend that fails", result.Rejected)
	}
	if len(s.provider.asked) > 0 || len(result.Plan.Objects) > 0 {
		t.Error("something is planned for a backend that fails")
	}
	if diff := cmp.Diff(want, fields(result.Refs)); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
	wantRemedy(t, result.Refs, remedy)
}

const firstService = "spec.rules[0].paths[0].backends[0].service"

func TestServicesThatCannotBeRouted(t *testing.T) {
	http := builders.ServicePort("http", 80)
	udp := corev1.ServicePort{Name: "dns", Port: 53, Protocol: corev1.ProtocolUDP}
	sctp := corev1.ServicePort{Name: "sctp", Port: 54, Protocol: corev1.ProtocolSCTP}
	for name, tc := range map[string]struct {
		service *corev1.Service
		backend v1alpha1.Backend
		want    string
		remedy  string
	}{
		"that is not there": {
			backend: builders.Backend("nowhere", 80),
			want:    ".name FieldValueNotFound", remedy: "create it or correct the name",
		},
		"of another namespace": {
			service: builders.Service("other", "web", http), backend: builders.Backend("web", 80),
			want: ".name FieldValueNotFound", remedy: "create it or correct the name",
		},
		"that is headless": {
			service: builders.HeadlessService("emojivoto", "web", http), backend: builders.Backend("web", 80),
			want: ".name FieldValueInvalid", remedy: "add a Service with a ClusterIP",
		},
		"that is an alias": {
			service: builders.ExternalNameService("emojivoto", "web", "example.com"), backend: builders.Backend("web", 80),
			want: ".name FieldValueInvalid", remedy: "name a Service with a ClusterIP",
		},
		"without the port": {
			service: builders.Service("emojivoto", "web", http), backend: builders.Backend("web", 81),
			want: ".port FieldValueNotFound", remedy: "80 http",
		},
		"without a port of the name": {
			service: builders.Service("emojivoto", "web", http), backend: builders.Backend("web", "grpc"),
			want: ".port FieldValueNotFound", remedy: "80 http",
		},
		"with a UDP port": {
			service: builders.Service("emojivoto", "web", udp), backend: builders.Backend("web", 53),
			want: ".port FieldValueNotFound", remedy: "TCP ports (none)",
		},
		"with a UDP port, by name": {
			service: builders.Service("emojivoto", "web", udp), backend: builders.Backend("web", "dns"),
			want: ".port FieldValueNotFound", remedy: "TCP ports (none)",
		},
		"with an SCTP port": {
			service: builders.Service("emojivoto", "web", sctp), backend: builders.Backend("web", 54),
			want: ".port FieldValueNotFound", remedy: "TCP ports (none)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := tell(builders.WithPath("example.com", "/", v1alpha1.PathTypePrefix, tc.backend))
			if tc.service != nil {
				s.has(tc.service)
			}
			unresolved(t, s, tc.remedy, firstService+tc.want)
		})
	}
}

func TestEveryReferenceIsResolved(t *testing.T) {
	s := tell(
		builders.WithPath("example.com", "/", v1alpha1.PathTypePrefix,
			builders.Backend("web-svc", 80), builders.WeightedBackend("gone-1", 80, 0)),
		builders.WithDefaultBackend("gone-2", 80),
		builders.WithExternalAuth("auth", "gone-3", 80, "/"))
	unresolved(t, s, "create it",
		"spec.rules[0].paths[0].backends[1].service.name FieldValueNotFound",
		"spec.defaultBackend.service.name FieldValueNotFound",
		"spec.externalAuth.service.name FieldValueNotFound")
}

// Linkerd reads a port's name as port 80, so that names must become numbers.
func TestPortsBecomeNumbers(t *testing.T) {
	s := tell(
		builders.WithRule("example.com", "/", "grpc-svc", "grpc"),
		builders.WithDefaultBackend("grpc-svc", 8080),
		builders.WithExternalAuth("auth", "authn", "http", "/"))
	s.has(builders.Service("emojivoto", "grpc-svc",
		corev1.ServicePort{Name: "grpc", Port: 9090, Protocol: corev1.ProtocolUDP},
		builders.ServicePort("grpc", 9090), builders.ServicePort("http", 8080)))
	in := s.input(t)
	got := []int32{in.Routes[0].Backends[0].Port, in.Default.Port, in.Auth.Port}
	if diff := cmp.Diff([]int32{9090, 8080, 8080}, got); diff != "" {
		t.Error(diff)
	}
}

func TestAppProtocol(t *testing.T) {
	for protocol, want := range map[string]bool{
		"kubernetes.io/h2c": true, "grpc": true, "h2c": true, "GRPC": true,
		"http": false, "https": false, "kubernetes.io/ws": false, "": false,
	} {
		port := builders.ServicePort("api", 9090)
		port.AppProtocol = ptr.To(protocol)
		s := tell(builders.WithRule("example.com", "/", "api", 9090))
		s.has(builders.Service("emojivoto", "api", port))
		if got := s.input(t).Routes[0].Backends[0].H2C; got != want {
			t.Errorf("appProtocol %q: H2C is %v", protocol, got)
		}
	}
	if tell().input(t).Routes[0].Backends[0].H2C {
		t.Error("H2C without appProtocol")
	}
}

func TestOpaquePorts(t *testing.T) {
	const key = linkerd.OpaquePortsAnnotation
	annotated := func(value string) map[string]string { return map[string]string{key: value} }
	for name, tc := range map[string]struct {
		port               int32
		service, namespace map[string]string
		opaque             bool
	}{
		"one of Linkerd's default":                  {port: 3306, opaque: true},
		"none of Linkerd's default":                 {port: 80},
		"of the Service":                            {port: 80, service: annotated("79,80"), opaque: true},
		"of the Service, by name":                   {port: 80, service: annotated("db"), opaque: true},
		"in a range of the Service":                 {port: 80, service: annotated("1-79, 80-90"), opaque: true},
		"beside a range of the Service":             {port: 91, service: annotated("80-90")},
		"the Service has others than the default":   {port: 3306, service: annotated("5432")},
		"the Service has none":                      {port: 3306, service: annotated("")},
		"of the Namespace":                          {port: 80, namespace: annotated("80"), opaque: true},
		"the Namespace has others than the default": {port: 3306, namespace: annotated("80")},
		"the Service has others than the Namespace": {port: 80, service: annotated("81"), namespace: annotated("80")},
		"the Namespace has no annotation": {
			port: 3306, namespace: map[string]string{"a": "b"}, opaque: true,
		},
		"what the Service says cannot be read":         {port: 80, service: annotated("80x,x80,90-70,1-99999")},
		"the Namespace is another one's, not its own ": {port: 80},
	} {
		t.Run(name, func(t *testing.T) {
			s := tell(builders.WithRule("example.com", "/", "db", int(tc.port)))
			svc := builders.Service("emojivoto", "db", builders.ServicePort("db", tc.port))
			svc.Annotations = tc.service
			s.has(svc)
			s.snap.Namespaces["other"] = builders.Namespace("other")
			s.snap.Namespaces["other"].Annotations = annotated("80")
			if tc.namespace != nil {
				s.snap.Namespaces["emojivoto"] = builders.Namespace("emojivoto")
				s.snap.Namespaces["emojivoto"].Annotations = tc.namespace
			}
			s.input(t) // ClusterIP routing reaches it either way
			s.class.Spec.Routing = v1alpha1.RoutingHeader
			s.provider.asked = nil
			if tc.opaque {
				unresolved(t, s, key, firstService+".port FieldValueInvalid")
				return
			}
			s.input(t)
		})
	}
}

func TestWithoutAClusterServicesAreAssumed(t *testing.T) {
	s := tell(builders.WithRule("example.com", "/", "unseen", 8080))
	s.snap.AssumeServices = true
	if got := s.input(t).Routes[0].Backends[0].Port; got != 8080 {
		t.Errorf("got port %d", got)
	}

	named := tell(builders.WithRule("example.com", "/", "unseen", "http"))
	named.snap.AssumeServices = true
	unresolved(t, named, "give the number", firstService+".port.name FieldValueInvalid")

	seen := tell(builders.WithRule("example.com", "/", "web-svc", 81))
	seen.snap.AssumeServices = true
	unresolved(t, seen, "80 http", firstService+".port FieldValueNotFound")
}

func TestZeroWeightsAreDropped(t *testing.T) {
	s := tell(builders.WithPath("example.com", "/", v1alpha1.PathTypePrefix,
		builders.WeightedBackend("voting-svc", 80, 0), builders.Backend("web-svc", 80)))
	backends := s.input(t).Routes[0].Backends
	if len(backends) != 1 || backends[0].Service != "web-svc" || backends[0].Weight != 1 {
		t.Errorf("got %+v, want web-svc with weight 1", backends)
	}
	if got, want := backends[0].Field.String(), "spec.rules[0].paths[0].backends[1].service"; got != want {
		t.Errorf("its field is %s, want %s", got, want)
	}
}

func TestInput(t *testing.T) {
	s := tell(
		builders.WithRule("example.com", "/", "web-svc", 80),
		builders.WithDefaultBackend("voting-svc", 80),
		builders.WithExternalAuth("auth", "authn", 8080, "/verify"))
	s.class.Spec.IngressClassName = "edge"
	s.snap.Linkerd.ClusterDomain = "example.internal"
	in := s.input(t)
	type summary struct{ Name, Namespace, Class, IngressClass, Route, Default, Auth string }
	got := summary{
		in.Name, in.Namespace, in.Class.Name, in.Class.IngressClassName,
		in.Routes[0].Backends[0].Destination(in.ClusterDomain), in.Default.Destination(in.ClusterDomain),
		in.Auth.Destination(in.ClusterDomain),
	}
	want := summary{
		"web", "emojivoto", "public", "edge", "web-svc.emojivoto.svc.example.internal:80",
		"voting-svc.emojivoto.svc.example.internal:80", "authn.auth.svc.example.internal:8080",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if in.Default.Weight == 0 {
		t.Error("the default backend has no weight")
	}
	if !in.Strategy.Supports(providers.FeatureTLS) || in.Strategy.Strategy != v1alpha1.StrategyClusterIP {
		t.Errorf("the strategy is %+v", in.Strategy)
	}
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package ngrok_test

import (
	"fmt"
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/ngrok"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

const host = "a.example.com"

func TestPathsAreWrittenOut(t *testing.T) {
	fallback := backend("fallback", 80)
	for name, tc := range map[string]struct {
		routes   []providers.Route
		fallback bool
		want     []string
	}{
		"the root is one prefix": {
			[]providers.Route{prefix(host, "/")}, false, []string{"Prefix / web-svc"},
		},
		"a prefix of path elements": {
			[]providers.Route{prefix(host, "/foo")}, false, []string{"Exact /foo web-svc", "Prefix /foo/ web-svc"},
		},
		"a slash at its end is none": {
			[]providers.Route{prefix(host, "/foo/")}, false, []string{"Exact /foo web-svc", "Prefix /foo/ web-svc"},
		},
		"an exact path is itself": {
			[]providers.Route{exact(host, "/foo/")}, false, []string{"Exact /foo/ web-svc"},
		},
		"the user's exact path stays": {
			[]providers.Route{prefix(host, "/foo"), story.Route(host, "/foo", v1alpha1.PathTypeExact, backend("api-svc", 80))},
			false,
			[]string{"Prefix /foo/ web-svc", "Exact /foo api-svc"},
		},
		"the default is the root": {
			[]providers.Route{exact(host, "/foo")}, true, []string{"Exact /foo web-svc", "Prefix / fallback"},
		},
		"the default is not needed": {
			[]providers.Route{prefix(host, "/")}, true, []string{"Prefix / web-svc"},
		},
		"an exact root is not enough": {
			[]providers.Route{exact(host, "/")}, true, []string{"Exact / web-svc", "Prefix / fallback"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			in := input(tc.routes...)
			if tc.fallback {
				in.Default = &fallback
			}
			before := slices.Clone(in.Routes)
			var want []string
			for _, w := range tc.want {
				want = append(want, host+" "+w)
			}
			story.Diff(t, "paths", want, pathsOf(t, translate(t, in)))
			for i := range before {
				story.Diff(t, "path of the input", before[i].Path, in.Routes[i].Path)
			}
		})
	}
}

func TestEachHostHasTheDefaultBackend(t *testing.T) {
	in := input(exact("b.example.com", "/x"), exact("*.example.com", "/x"))
	fallback := backend("fallback", 80)
	in.Default = &fallback
	story.Diff(t, "paths", []string{
		"b.example.com Exact /x web-svc", "b.example.com Prefix / fallback",
		"*.example.com Exact /x web-svc", "*.example.com Prefix / fallback",
	}, pathsOf(t, translate(t, in)))
}

func TestADefaultBackendNeedsAHost(t *testing.T) {
	for form, in := range map[string]providers.Input{"Ingress": input(), "HTTPRoute": atGateway(nil)} {
		fallback := backend("fallback", 80)
		in.Default = &fallback
		story.Diff(t, form, []story.Failure{story.Required("spec.rules")}, failures(t, in))
	}
}

// A second Ingress for a host would have to agree with the first in everything.
func TestProtocolsShareTheIngress(t *testing.T) {
	grpc := story.Route(host, "/", v1alpha1.PathTypePrefix, backend("voting-svc", 8080))
	grpc.Backends[0].H2C = true
	story.Diff(t, "paths", []string{host + " Prefix / voting-svc", host + " Exact /web web-svc"},
		pathsOf(t, translate(t, input(grpc, exact(host, "/web")))))
}

func TestProtocols(t *testing.T) {
	for protocol, refused := range map[string]bool{
		"kubernetes.io/h2c": false, "k8s.ngrok.com/http2": false, "ngrok.com/http2": false,
		"grpc": true, "h2c": true, "KUBERNETES.IO/H2C": true,
	} {
		in := input(prefix(host, "/"))
		in.Routes[0].Backends[0].H2C = true
		in.Objects = append(in.Objects, story.Object(t, fmt.Sprintf(
			`{apiVersion: v1, kind: Service, metadata: {name: web-svc, namespace: emojivoto},
			  spec: {ports: [{port: 9090, appProtocol: http}, {port: 80, appProtocol: %q}]}}`, protocol)))
		var want []story.Failure
		if refused {
			want = []story.Failure{story.Invalid("spec.rules[0].paths[0].backends[0].service.port")}
		}
		story.Diff(t, protocol, want, failures(t, in))
	}
}

func TestHostsOfOtherIngresses(t *testing.T) {
	taken := []story.Failure{story.Duplicate("spec.rules[0].paths[0]")}
	for name, tc := range map[string]struct {
		metadata, spec string // of the other Ingress, beside class and host
		template       map[string]string
		fallback       bool
		want           []story.Failure
	}{
		"in the same namespace":              {metadata: "namespace: emojivoto"},
		"in another namespace":               {metadata: "namespace: other", want: taken},
		"in another namespace, another host": {metadata: "namespace: other", spec: "rules: [{host: b.example.com}]"},
		"in another namespace, another class": {
			metadata: "namespace: other", spec: "ingressClassName: nginx, rules: [{host: a.example.com}]",
		},
		"in another namespace, without class": {
			metadata: "namespace: other", spec: "ingressClassName: null, rules: [{host: a.example.com}]",
		},
		"with a default backend": {
			metadata: "namespace: emojivoto",
			spec:     "defaultBackend: {service: {name: x, port: {number: 80}}}, rules: [{host: a.example.com}]",
			want:     taken,
		},
		"with a traffic policy": {
			metadata: "namespace: emojivoto, annotations: {ngrok.com/traffic-policy: limits}", want: taken,
		},
		"with our traffic policy": {
			metadata: "namespace: emojivoto, annotations: {k8s.ngrok.com/traffic-policy: limits}",
			template: map[string]string{"ngrok.com/traffic-policy": "limits"},
		},
		"without our endpoint pooling": {
			metadata: "namespace: emojivoto", template: map[string]string{"ngrok.com/pooling-enabled": "true"}, want: taken,
		},
		"with the root, where the default would be": {
			metadata: "namespace: emojivoto", spec: "rules: [{host: a.example.com, http: {paths: [{path: /, pathType: Prefix}]}}]",
			fallback: true, want: taken,
		},
		"with an exact root, beside a default": {
			metadata: "namespace: emojivoto", spec: "rules: [{host: a.example.com, http: {paths: [{path: /, pathType: Exact}]}}]",
			fallback: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			in := input(exact(host, "/api"), exact("c.example.com", "/api"))
			in.Annotations = tc.template
			if fallback := backend("fallback", 80); tc.fallback {
				in.Default = &fallback
			}
			in.Objects = append(in.Objects, other(t, tc.metadata, tc.spec))
			story.Diff(t, "errors", tc.want, failures(t, in))
		})
	}
}

// other is an Ingress of somebody else's, of our class and host where spec is empty.
func other(t *testing.T, metadata, spec string) *unstructured.Unstructured {
	t.Helper()
	obj := story.Object(t, "{apiVersion: networking.k8s.io/v1, kind: Ingress, "+
		"metadata: {name: theirs, "+metadata+"}, spec: {"+spec+"}}")
	content := obj.Object["spec"].(map[string]any)
	if _, set := content["ingressClassName"]; !set {
		content["ingressClassName"] = "ngrok"
	}
	if _, set := content["rules"]; !set {
		content["rules"] = []any{map[string]any{"host": host}}
	}
	return obj
}

func TestOurOwnIngressIsNoOther(t *testing.T) {
	in := input(prefix(host, "/"))
	ours := other(t, "namespace: emojivoto, annotations: {ngrok.com/traffic-policy: before}", "")
	annotations := ours.GetAnnotations()
	annotations[v1alpha1.OwnerAnnotation] = "MeshIngress/emojivoto/web"
	ours.SetAnnotations(annotations)
	in.Objects = append(in.Objects, ours)
	story.Diff(t, "errors", nil, failures(t, in))
}

func TestTemplate(t *testing.T) {
	ingress, httpRoute := input(prefix(host, "/")), atGateway([]string{host}, prefix(host, "/"))
	for name, tc := range map[string]struct {
		in      providers.Input
		key     string
		refused bool
	}{
		"a class on an Ingress":               {ingress, "kubernetes.io/ingress.class", true},
		"a traffic policy on an Ingress":      {ingress, "ngrok.com/traffic-policy", false},
		"a traffic policy on an HTTPRoute":    {httpRoute, "ngrok.com/traffic-policy", true},
		"an old traffic policy on an Ingress": {ingress, "k8s.ngrok.com/traffic-policy", false},
		"an old traffic policy on the other":  {httpRoute, "k8s.ngrok.com/traffic-policy", true},
		"somebody else's on an Ingress":       {ingress, "external-dns.alpha.kubernetes.io/ttl", false},
		"somebody else's on an HTTPRoute":     {httpRoute, "external-dns.alpha.kubernetes.io/ttl", false},
	} {
		t.Run(name, func(t *testing.T) {
			tc.in.Annotations = map[string]string{tc.key: "value"}
			if tc.refused {
				story.Diff(t, "errors", []story.Failure{story.Forbidden("spec.template.annotations[" + tc.key + "]")}, failures(t, tc.in))
				return
			}
			story.Diff(t, "annotation", "value", translate(t, tc.in).Objects[0].GetAnnotations()[tc.key])
		})
	}
}

func TestPathsThatKubernetesRefuses(t *testing.T) {
	want := []story.Failure{story.Invalid("spec.rules[0].paths[0].path")}
	story.Diff(t, "Ingress", want, failures(t, input(prefix(host, "/a//b"))))
	story.Diff(t, "HTTPRoute", want, failures(t, atGateway([]string{host}, prefix(host, "/a//b"))))
}

func TestAnHTTPRouteHoldsSoMuch(t *testing.T) {
	in := atGateway([]string{host})
	for i := range 64 {
		in.Routes = append(in.Routes, prefix(host, fmt.Sprintf("/p%d", i)))
	}
	story.Diff(t, "64 prefixes", nil, failures(t, in))
	fallback := backend("fallback", 80)
	in.Default = &fallback
	story.Diff(t, "and a default backend", []story.Failure{story.TooMany("spec.rules[0].paths[0]")}, failures(t, in))
}

func TestListenersOfMoreHosts(t *testing.T) {
	for name, tc := range map[string]struct {
		listeners []string
		section   string
		host      string
		want      bool
	}{
		"one of the same host":              {[]string{host}, "", host, false},
		"a wildcard":                        {[]string{"*.example.com"}, "", host, true},
		"the same wildcard":                 {[]string{"*.example.com"}, "", "*.example.com", false},
		"a wildcard of a narrower wildcard": {[]string{"*.com"}, "", "*.example.com", true},
		"one of all hosts":                  {[]string{""}, "", host, true},
		"a wildcard beside the host":        {[]string{host, "*.example.com"}, "", host, true},
		"a wildcard of others":              {[]string{host, "*.example.org"}, "", host, false},
		"a wildcard that is not named":      {[]string{host, "*.example.com"}, "for-" + host, host, false},
	} {
		t.Run(name, func(t *testing.T) {
			in := atGateway(tc.listeners, prefix(tc.host, "/"))
			in.Class.Spec.GatewayRef.SectionName = tc.section
			got := slices.Contains(story.Reasons(translate(t, in).Notices), ngrok.ReasonListenerIsWider)
			story.Diff(t, "notice", tc.want, got)
		})
	}
}

func TestEachHostIsAnHTTPRoute(t *testing.T) {
	plan := translate(t, atGateway([]string{host, "b.example.com"},
		prefix(host, "/"), prefix("b.example.com", "/b"), exact(host, "/x")))
	story.Diff(t, "number", 2, len(plan.Objects))
	for _, obj := range plan.Objects {
		hosts, _, err := unstructured.NestedStringSlice(obj.Object, "spec", "hostnames")
		if obj.GetKind() != "HTTPRoute" || len(hosts) != 1 || err != nil {
			t.Errorf("got a %s with the hosts %v, %v", obj.GetKind(), hosts, err)
		}
	}
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package f5nginx_test

import (
	"fmt"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/f5nginx"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

func ingress(strategy v1alpha1.Strategy, routes ...providers.Route) providers.Input {
	return input(formIngress, strategy, routes...)
}

func ingressesOf(t *testing.T, in providers.Input) []*networkingv1.Ingress {
	t.Helper()
	var all []*networkingv1.Ingress
	for _, obj := range plan(t, in).Objects {
		all = append(all, story.Typed[networkingv1.Ingress](t, obj))
	}
	return all
}

// locations are the paths of an Ingress as NGINX has them.
func locations(ing *networkingv1.Ingress) []string {
	var all []string
	for _, rule := range ing.Spec.Rules {
		for _, p := range rule.HTTP.Paths {
			modifier := map[networkingv1.PathType]string{"Exact": "= "}[*p.PathType]
			all = append(all, fmt.Sprintf("%s %s%s -> %s:%d",
				rule.Host, modifier, p.Path, p.Backend.Service.Name, p.Backend.Service.Port.Number))
		}
	}
	return all
}

func TestOneIngressForClusterIPRouting(t *testing.T) {
	grpc := backend("voting")
	grpc.H2C = true
	in := ingress(v1alpha1.StrategyClusterIP,
		story.Prefix("a.test", "/"), story.Prefix("a.test", "/v/", grpc), story.Exact("b.test", "/x"), story.Prefix("b.test", "/w", grpc))
	in.TLS = []v1alpha1.TLS{{Hosts: []string{"a.test", "b.test"}, SecretName: "tls"}}
	all := ingressesOf(t, in)
	story.Diff(t, "number", 1, len(all))
	story.Diff(t, "class", "nginx-public", *all[0].Spec.IngressClassName)
	story.Diff(t, "annotations", map[string]string{
		"nginx.org/use-cluster-ip": "true", "nginx.org/grpc-services": "voting",
	}, all[0].Annotations)
	story.Diff(t, "locations", []string{
		"a.test / -> web-svc:80", "a.test = /v -> voting:80", "a.test /v/ -> voting:80",
		"b.test = /x -> web-svc:80", "b.test = /w -> voting:80", "b.test /w/ -> voting:80",
	}, locations(all[0]))
}

func TestOneIngressForEachBackendInHeaderRouting(t *testing.T) {
	all := ingressesOf(t, ingress(v1alpha1.StrategyHeader,
		story.Prefix("a.test", "/"), story.Prefix("b.test", "/", backend("api")), story.Prefix("a.test", "/foo"), story.Exact("c.test", "/")))
	got := map[string][]string{}
	for _, ing := range all {
		got[ing.Annotations["nginx.org/proxy-set-headers"]] = locations(ing)
	}
	story.Diff(t, "Ingresses by header", map[string][]string{
		"l5d-dst-override: web-svc.default.svc.cluster.local:80": {
			"a.test / -> web-svc:80", "a.test = /foo -> web-svc:80", "a.test /foo/ -> web-svc:80", "c.test = / -> web-svc:80",
		},
		"l5d-dst-override: api.default.svc.cluster.local:80": {"b.test / -> api:80"},
	}, got)
}

func TestAHostHasOneBackendInHeaderRouting(t *testing.T) {
	other := backend("web-svc")
	other.Port = 81
	routes := []providers.Route{story.Prefix("a.test", "/"), story.Prefix("b.test", "/", other), story.Prefix("a.test", "/foo", other)}
	story.Diff(t, "failures", []story.Failure{story.Invalid("spec.rules[0].paths[0].backends[0].service")},
		failures(t, ingress(v1alpha1.StrategyHeader, routes...)))
	story.Diff(t, "failures with ClusterIP routing", nil, failures(t, ingress(v1alpha1.StrategyClusterIP, routes...)))
}

// The annotation names Services, not ports.
func TestPortsOfAServiceSpeakOneProtocol(t *testing.T) {
	grpc := backend("web-svc")
	grpc.H2C, grpc.Port = true, 8080
	in := ingress(v1alpha1.StrategyClusterIP, story.Prefix("a.test", "/"), story.Prefix("a.test", "/grpc", grpc))
	in.TLS = []v1alpha1.TLS{{Hosts: []string{"a.test"}, SecretName: "tls"}}
	story.Diff(t, "failures", []story.Failure{story.Invalid("spec.rules[0].paths[0].backends[0].service.port")}, failures(t, in))
	in.Strategy = clusterIP().Strategy
	story.Diff(t, "failures with a VirtualServer", nil, failures(t, in))
}

func TestHostsUnderAWildcardAreNamed(t *testing.T) {
	in := ingress(v1alpha1.StrategyClusterIP,
		story.Prefix("a.test", "/"), story.Prefix("x.b.test", "/"), story.Prefix("y.b.test", "/"), story.Prefix("x.y.b.test", "/"))
	in.TLS = []v1alpha1.TLS{
		{Hosts: []string{"*.b.test"}, SecretName: "wildcard"}, {Hosts: []string{"a.test", "y.b.test"}, SecretName: "named"},
	}
	story.Diff(t, "TLS", []networkingv1.IngressTLS{
		{Hosts: []string{"*.b.test", "x.b.test"}, SecretName: "wildcard"},
		{Hosts: []string{"a.test", "y.b.test"}, SecretName: "named"},
	}, ingressesOf(t, in)[0].Spec.TLS)
	story.Diff(t, "the input", []string{"*.b.test"}, in.TLS[0].Hosts)
}

func TestReadsAreForIngresses(t *testing.T) {
	p := f5nginx.New()
	story.Diff(t, "VirtualServers", 0, len(p.Reads(clusterIP())))
	in := ingress(v1alpha1.StrategyClusterIP)
	story.Diff(t, "Ingresses without the CRD", 1, len(p.Reads(in)))
	in.Served = providers.Served{p.Describe().Writes[0]: true}
	story.Diff(t, "Ingresses with the CRD", 2, len(p.Reads(in)))
}

func TestAHostBelongsToTheOldest(t *testing.T) {
	const (
		ours  = "annotations: {networking.meshingress.dev/owned-by: MeshIngress/default/web}, "
		ing   = "{apiVersion: networking.k8s.io/v1, kind: Ingress, "
		vs    = "{apiVersion: k8s.nginx.org/v1, kind: VirtualServer, "
		rules = "spec: {ingressClassName: nginx-public, rules: [{host: other.test}, {host: a.test}]}}"
		host  = "spec: {ingressClassName: nginx-public, host: a.test}}"
		first = `creationTimestamp: "2024-01-01T00:00:00Z"`
		later = `creationTimestamp: "2024-01-01T00:00:01Z"`
	)
	tests := map[string]struct {
		objects []string
		taken   bool
	}{
		"nobody has it": {nil, false},
		"an Ingress of another namespace": {
			[]string{ing + "metadata: {namespace: shop, name: b, " + first + "}, " + rules}, true,
		},
		"a VirtualServer":                {[]string{vs + "metadata: {namespace: shop, name: b}, " + host}, true},
		"a VirtualServer without class":  {[]string{vs + "metadata: {name: b}, spec: {host: a.test}}"}, true},
		"an Ingress without class":       {[]string{ing + "metadata: {name: b}, spec: {rules: [{host: a.test}]}}"}, false},
		"an Ingress of another class":    {[]string{ing + "metadata: {name: b}, spec: {ingressClassName: x, rules: [{host: a.test}]}}"}, false},
		"an Ingress of another host":     {[]string{ing + "metadata: {name: b}, spec: {ingressClassName: nginx-public, rules: [{host: b.test}]}}"}, false},
		"a minion":                       {[]string{ing + "metadata: {name: b, annotations: {nginx.org/mergeable-ingress-type: minion}}, " + rules}, false},
		"an Ingress with only a default": {[]string{ing + "metadata: {name: b}, spec: {ingressClassName: nginx-public}}"}, false},
		"ours":                           {[]string{ing + "metadata: {name: a, " + ours + first + "}, " + rules}, false},
		"ours, and a younger one": {
			[]string{
				ing + "metadata: {name: a, " + ours + first + "}, " + rules, vs + "metadata: {name: b, " + later + "}, " + host,
			},
			false,
		},
		"ours, and an older one": {
			[]string{
				ing + "metadata: {name: a, " + ours + later + "}, " + rules, vs + "metadata: {name: b, " + first + "}, " + host,
			},
			true,
		},
		"of the same age the greater UID": {
			[]string{
				ing + "metadata: {name: a, uid: '1', " + ours + first + "}, " + rules,
				vs + "metadata: {name: b, uid: '2', " + first + "}, " + host,
			},
			true,
		},
		"of the same age ours with the greater UID": {
			[]string{
				ing + "metadata: {name: a, uid: '2', " + ours + first + "}, " + rules,
				vs + "metadata: {name: b, uid: '1', " + first + "}, " + host,
			},
			false,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			in := ingress(v1alpha1.StrategyClusterIP, story.Prefix("a.test", "/"), story.Prefix("a.test", "/b"))
			for _, text := range tc.objects {
				in.Objects = append(in.Objects, story.Object(t, text))
			}
			var want []story.Failure
			if tc.taken {
				want = []story.Failure{story.Duplicate("spec.rules[0].paths[0]")}
			}
			story.Diff(t, "failures", want, failures(t, in))
			in.Objects = reversed(in.Objects)
			story.Diff(t, "failures in another order", want, failures(t, in))
		})
	}
}

func reversed(objects []*unstructured.Unstructured) []*unstructured.Unstructured {
	var all []*unstructured.Unstructured
	for _, obj := range objects {
		all = append([]*unstructured.Unstructured{obj}, all...)
	}
	return all
}

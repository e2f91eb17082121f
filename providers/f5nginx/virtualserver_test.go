// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package f5nginx_test

import (
	"testing"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

func TestVirtualServerOfAHost(t *testing.T) {
	grpc := backend("voting")
	grpc.H2C = true
	abroad := backend("shop")
	abroad.Namespace = "shop"
	tests := map[string]struct {
		strategy  v1alpha1.Strategy
		backends  []providers.Backend
		upstreams []upstream
		route     route
	}{
		"ClusterIP": {
			v1alpha1.StrategyClusterIP,
			[]providers.Backend{backend("web")},
			[]upstream{{Name: "web-80", Service: "web", Port: 80, UseClusterIP: true}},
			route{Action: &action{Pass: "web-80"}},
		},
		"ClusterIP of gRPC": {
			v1alpha1.StrategyClusterIP,
			[]providers.Backend{grpc},
			[]upstream{{Name: "voting-80", Service: "voting", Port: 80, Type: "grpc", UseClusterIP: true}},
			route{Action: &action{Pass: "voting-80"}},
		},
		"ClusterIP with weights": {
			v1alpha1.StrategyClusterIP,
			[]providers.Backend{story.Weighted("a", 9), story.Weighted("b", 1)},
			[]upstream{
				{Name: "a-80", Service: "a", Port: 80, UseClusterIP: true},
				{Name: "b-80", Service: "b", Port: 80, UseClusterIP: true},
			},
			route{Splits: []split{{90, &action{Pass: "a-80"}}, {10, &action{Pass: "b-80"}}}},
		},
		"another namespace": {
			v1alpha1.StrategyHeader,
			[]providers.Backend{abroad},
			[]upstream{{Name: "shop-80-shop-a06a54ab88", Service: "shop/shop", Port: 80}},
			route{Action: to("shop-80-shop-a06a54ab88", "shop.shop.svc.cluster.local:80")},
		},
		"header": {
			v1alpha1.StrategyHeader,
			[]providers.Backend{backend("web")},
			[]upstream{{Name: "web-80", Service: "web", Port: 80}},
			route{Action: to("web-80", "web.default.svc.cluster.local:80")},
		},
		"header of each split": {
			v1alpha1.StrategyHeader,
			[]providers.Backend{story.Weighted("a", 1), story.Weighted("b", 1)},
			[]upstream{{Name: "a-80", Service: "a", Port: 80}, {Name: "b-80", Service: "b", Port: 80}},
			route{Splits: []split{
				{50, to("a-80", "a.default.svc.cluster.local:80")}, {50, to("b-80", "b.default.svc.cluster.local:80")},
			}},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			in := input(formVirtualServer, tc.strategy, story.Prefix("example.com", "/", tc.backends...))
			in.TLS = []v1alpha1.TLS{{Hosts: []string{"example.com"}, SecretName: "web-tls"}}
			got := virtualServersOf(t, in)["example.com"]
			tc.route.Path = "/"
			story.Diff(t, "upstreams", tc.upstreams, got.Spec.Upstreams)
			story.Diff(t, "routes", []route{tc.route}, got.Spec.Routes)
			story.Diff(t, "TLS", &tls{"web-tls"}, got.Spec.TLS)
			story.Diff(t, "class", "nginx-public", got.Spec.IngressClassName)
		})
	}
}

func TestAServiceIsOneUpstreamOfAHost(t *testing.T) {
	other := backend("web-svc")
	other.Port = 81
	vs := virtualServersOf(t, clusterIP(
		story.Prefix("example.com", "/"), story.Prefix("example.com", "/a"), story.Prefix("example.com", "/b", other), story.Prefix("example.org", "/"),
	))
	story.Diff(t, "upstreams of example.com", 2, len(vs["example.com"].Spec.Upstreams))
	story.Diff(t, "upstreams of example.org", 1, len(vs["example.org"].Spec.Upstreams))
}

func TestPathsAreLocations(t *testing.T) {
	tests := map[string]struct {
		routes []providers.Route
		want   []string
	}{
		"the root":                   {[]providers.Route{story.Prefix("a.test", "/")}, []string{"/"}},
		"a prefix of path elements":  {[]providers.Route{story.Prefix("a.test", "/foo")}, []string{"=/foo", "/foo/"}},
		"a slash at the end":         {[]providers.Route{story.Prefix("a.test", "/foo/")}, []string{"=/foo", "/foo/"}},
		"exact":                      {[]providers.Route{story.Exact("a.test", "/foo")}, []string{"=/foo"}},
		"exact beside a prefix":      {[]providers.Route{story.Prefix("a.test", "/foo"), story.Exact("a.test", "/foo")}, []string{"/foo/", "=/foo"}},
		"the root, exact and prefix": {[]providers.Route{story.Exact("a.test", "/"), story.Prefix("a.test", "/")}, []string{"=/", "/"}},
		"exact on another host":      {[]providers.Route{story.Prefix("a.test", "/foo"), story.Exact("b.test", "/foo")}, []string{"=/foo", "/foo/"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var paths []string
			for _, r := range virtualServersOf(t, clusterIP(tc.routes...))["a.test"].Spec.Routes {
				paths = append(paths, r.Path)
			}
			story.Diff(t, "paths", tc.want, paths)
		})
	}
}

func TestWeightsAreWholePercents(t *testing.T) {
	tests := map[string]struct {
		weights []int32
		want    []int64
		rounded bool
	}{
		"that add up to 100":         {[]int32{90, 10}, []int64{90, 10}, false},
		"that divide it":             {[]int32{1, 3}, []int64{25, 75}, false},
		"the first of equals gains":  {[]int32{1, 1, 1}, []int64{34, 33, 33}, true},
		"the largest remainder":      {[]int32{1, 5}, []int64{17, 83}, true},
		"large numbers":              {[]int32{1000000, 1000000, 500000}, []int64{40, 40, 20}, false},
		"up from under one percent":  {[]int32{150, 1}, []int64{99, 1}, true},
		"the last backend may gain":  {[]int32{10, 10, 13}, []int64{30, 30, 40}, true},
		"sixteen backends are alike": {alike(16), alikePercents(), true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var backends []providers.Backend
			for i, w := range tc.weights {
				backends = append(backends, story.Weighted("s"+string(rune('a'+i)), w))
			}
			in := clusterIP(story.Prefix("example.com", "/", backends...))
			var got []int64
			var sum int64
			for _, s := range virtualServersOf(t, in)["example.com"].Spec.Routes[0].Splits {
				got, sum = append(got, s.Weight), sum+s.Weight
			}
			story.Diff(t, "weights", tc.want, got)
			story.Diff(t, "sum", 100, sum)
			story.Diff(t, "notices", tc.rounded, len(plan(t, in).Notices) == 1)
		})
	}
}

func alike(n int) []int32 {
	weights := make([]int32, n)
	for i := range weights {
		weights[i] = 7
	}
	return weights
}

// alikePercents are 6.25 percent each: four are rounded up.
func alikePercents() []int64 {
	shares := make([]int64, 16)
	for i := range shares {
		shares[i] = 6
		if i < 4 {
			shares[i] = 7
		}
	}
	return shares
}

func TestAShareUnderOnePercentIsAnError(t *testing.T) {
	at := story.Invalid("spec.rules[0].paths[0].backends[0].service")
	story.Diff(t, "failures", []story.Failure{at},
		failures(t, clusterIP(story.Prefix("example.com", "/", story.Weighted("a", 1000), story.Weighted("b", 1)))))
	story.Diff(t, "failures of two", []story.Failure{at, at},
		failures(t, clusterIP(story.Prefix("example.com", "/", story.Weighted("a", 1), story.Weighted("b", 1), story.Weighted("c", 1000)))))
}

func TestTemplateIsCarriedToEveryVirtualServer(t *testing.T) {
	in := clusterIP(story.Prefix("example.com", "/"), story.Prefix("*.example.com", "/"))
	in.Labels = map[string]string{"team": "web"}
	in.Annotations = map[string]string{"example.com/owner": "web"}
	all := virtualServersOf(t, in)
	story.Diff(t, "number", 2, len(all))
	for host, vs := range all {
		story.Diff(t, "labels of "+host, in.Labels, vs.Labels)
		story.Diff(t, "annotations of "+host, in.Annotations, vs.Annotations)
		story.Diff(t, "namespace of "+host, "default", vs.Namespace)
	}
}

// No part of one plan may be shared with another or with the input.
func TestPlansAreIndependent(t *testing.T) {
	in := input(formVirtualServer, v1alpha1.StrategyHeader, story.Prefix("example.com", "/foo"))
	in.Labels = map[string]string{"team": "web"}
	spoilt := plan(t, in)
	spoilt.Objects[0].Object["spec"].(map[string]any)["routes"].([]any)[0].(map[string]any)["action"] = "spoilt"
	labels := spoilt.Objects[0].GetLabels()
	labels["team"] = "spoilt"
	spoilt.Objects[0].SetLabels(labels)
	got := virtualServersOf(t, in)["example.com"]
	story.Diff(t, "labels", "web", got.Labels["team"])
	story.Diff(t, "routes", 2, len(got.Spec.Routes))
}

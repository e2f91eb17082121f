// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package f5nginx_test

import (
	"testing"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/f5nginx"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

func TestExposedVirtualServers(t *testing.T) {
	const (
		set  = "{proxy: {upstream: a, requestHeaders: {set: [{name: L5d-Dst-Override, value: 'a.b.svc.cluster.local:80'}]}}}"
		pass = "{pass: a}"
		drop = "{proxy: {upstream: a, requestHeaders: {pass: false}}}"
	)
	tests := map[string]struct {
		spec string
		want bool
	}{
		"passed on":             {"{ROUTES: [{path: /, action: " + pass + "}]}", true},
		"set":                   {"{ROUTES: [{path: /, action: " + set + "}]}", false},
		"set on one of two":     {"{ROUTES: [{action: " + set + "}, {action: " + pass + "}]}", true},
		"proxied without":       {"{ROUTES: [{action: {proxy: {upstream: a}}}]}", true},
		"proxied with another":  {"{ROUTES: [{action: {proxy: {upstream: a, requestHeaders: {set: [{name: x, value: y}]}}}}]}", true},
		"set to the client's":   {"{ROUTES: [{action: {proxy: {requestHeaders: {set: [{name: l5d-dst-override, value: '${http_x}'}]}}}}]}", true},
		"removed":               {"{ROUTES: [{action: {proxy: {requestHeaders: {set: [{name: l5d-dst-override, value: ''}]}}}}]}", false},
		"all headers dropped":   {"{ROUTES: [{action: " + drop + "}]}", false},
		"gRPC drops none":       {"{upstreams: [{name: a, type: grpc}], ROUTES: [{action: " + drop + "}]}", true},
		"gRPC of another":       {"{upstreams: [{name: b, type: grpc}], ROUTES: [{action: " + drop + "}]}", false},
		"a redirect":            {"{ROUTES: [{action: {redirect: {url: 'https://a'}}}]}", false},
		"a return":              {"{ROUTES: [{action: {return: {body: a}}}]}", false},
		"a split":               {"{ROUTES: [{splits: [{weight: 50, action: " + set + "}, {weight: 50, action: " + pass + "}]}]}", true},
		"splits that set it":    {"{ROUTES: [{splits: [{weight: 50, action: " + set + "}, {weight: 50, action: " + set + "}]}]}", false},
		"a match":               {"{ROUTES: [{matches: [{action: " + pass + "}], action: " + set + "}]}", true},
		"splits of a match":     {"{ROUTES: [{matches: [{splits: [{action: " + pass + "}]}], action: " + set + "}]}", true},
		"matches that set it":   {"{ROUTES: [{matches: [{action: " + set + "}], action: " + set + "}]}", false},
		"no routes":             {"{upstreams: []}", false},
		"routes that are none":  {"{ROUTES: none}", true},
		"a route that is none":  {"{ROUTES: [none]}", true},
		"an action that is not": {"{ROUTES: [{action: none}]}", true},
	}
	kinds := map[string]string{"VirtualServer": "routes", "VirtualServerRoute": "subroutes"}
	for name, tc := range tests {
		for kind, routes := range kinds {
			t.Run(name+"/"+kind, func(t *testing.T) {
				obj := story.Object(t, "{apiVersion: k8s.nginx.org/v1, kind: "+kind+"}")
				spec := story.Object(t, tc.spec).Object
				if list, found := spec["ROUTES"]; found {
					delete(spec, "ROUTES")
					spec[routes] = list
				}
				obj.Object["spec"] = spec
				story.Diff(t, "exposed", tc.want, f5nginx.New().Exposed(class, obj))
			})
		}
	}
}

func TestARouteToAVirtualServerRouteCountsThere(t *testing.T) {
	vs := story.Object(t, "{apiVersion: k8s.nginx.org/v1, kind: VirtualServer, spec: {routes: [{path: /, route: a/b}]}}")
	story.Diff(t, "exposed", false, f5nginx.New().Exposed(class, vs))
}

func TestExposedIngresses(t *testing.T) {
	tests := map[string]struct {
		annotations string
		want        bool
	}{
		"nothing set":           {"{}", true},
		"use-cluster-ip":        {"{nginx.org/use-cluster-ip: 'true'}", true},
		"set":                   {"{nginx.org/proxy-set-headers: 'l5d-dst-override: a.b.svc.cluster.local:80'}", false},
		"set among others":      {"{nginx.org/proxy-set-headers: 'X-A: b ,  L5D-Dst-Override:a.b.svc.cluster.local:80,X-B'}", false},
		"another":               {"{nginx.org/proxy-set-headers: 'X-A: l5d-dst-override'}", true},
		"the client's":          {"{nginx.org/proxy-set-headers: 'X-A: b,l5d-dst-override'}", true},
		"a variable":            {"{nginx.org/proxy-set-headers: 'l5d-dst-override: $http_x'}", true},
		"removed":               {"{nginx.org/proxy-set-headers: 'l5d-dst-override:'}", false},
		"gRPC takes no headers": {"{nginx.org/grpc-services: a, nginx.org/proxy-set-headers: 'l5d-dst-override: a.b.svc.c:80'}", true},
		"a master has no paths": {"{nginx.org/mergeable-ingress-type: master}", false},
		"a minion":              {"{nginx.org/mergeable-ingress-type: minion}", true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			ing := story.Object(t, "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {annotations: "+tc.annotations+"}, "+
				"spec: {ingressClassName: nginx-public}}")
			story.Diff(t, "exposed", tc.want, f5nginx.New().Exposed(class, ing))
		})
	}
}

func TestExposedTransportServers(t *testing.T) {
	for protocol, want := range map[string]bool{"TCP": true, "UDP": false, "TLS_PASSTHROUGH": false, "": true} {
		ts := story.Object(t, "{apiVersion: k8s.nginx.org/v1, kind: TransportServer, spec: {listener: {protocol: '"+protocol+"'}}}")
		story.Diff(t, "exposed by "+protocol, want, f5nginx.New().Exposed(class, ts))
	}
}

// Each object here lets the header through, so that what is asked is whose it is.
func TestExposedAsksForTheClass(t *testing.T) {
	const (
		vs  = "apiVersion: k8s.nginx.org/v1, kind: VirtualServer"
		ts  = "apiVersion: k8s.nginx.org/v1, kind: TransportServer"
		ing = "apiVersion: networking.k8s.io/v1, kind: Ingress"
	)
	const annotated = "metadata: {annotations: {kubernetes.io/ingress.class: nginx-public}}"
	tests := map[string]struct {
		object string
		want   bool
	}{
		"VirtualServer of the class":        {vs + ", spec: {ingressClassName: nginx-public, routes: [{action: {pass: a}}]}", true},
		"VirtualServer of another":          {vs + ", spec: {ingressClassName: x, routes: [{action: {pass: a}}]}", false},
		"VirtualServer without one":         {vs + ", spec: {routes: [{action: {pass: a}}]}", true},
		"annotation on a VirtualServer":     {vs + ", " + annotated + ", spec: {ingressClassName: x, routes: [{action: {pass: a}}]}", false},
		"TransportServer of another":        {ts + ", spec: {ingressClassName: x, listener: {protocol: TCP}}", false},
		"TransportServer without one":       {ts + ", spec: {listener: {protocol: TCP}}", true},
		"Ingress of the class":              {ing + ", spec: {ingressClassName: nginx-public}", true},
		"Ingress of another":                {ing + ", spec: {ingressClassName: x}", false},
		"Ingress without one":               {ing + ", spec: {}", false},
		"Ingress by the annotation":         {ing + ", " + annotated, true},
		"the annotation wins over the spec": {ing + ", " + annotated + ", spec: {ingressClassName: x}", true},
		"a kind of somebody else":           {"apiVersion: a.test/v1, kind: Route", false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			story.Diff(t, "exposed", tc.want, f5nginx.New().Exposed(class, story.Object(t, "{"+tc.object+"}")))
		})
	}
}

func TestOurOwnRoutesAreNotExposed(t *testing.T) {
	for _, form := range forms {
		routes := []providers.Route{story.Prefix("a.test", "/"), story.Prefix("a.test", "/foo"), story.Exact("*.a.test", "/")}
		if form == formVirtualServer {
			routes = append(routes, story.Prefix("b.test", "/", backend("a"), backend("b")))
		}
		objects := plan(t, input(form, v1alpha1.StrategyHeader, routes...)).Objects
		if len(objects) == 0 {
			t.Errorf("%s plans nothing", form)
		}
		for _, obj := range objects {
			story.Diff(t, "exposed "+obj.GetName(), false, f5nginx.New().Exposed(class, obj))
		}
	}
}

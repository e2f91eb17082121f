// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package haproxy_test

import (
	"testing"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/haproxy"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

func TestExposedRoutes(t *testing.T) {
	const rules = "{ingressClassName: haproxy, rules: [{host: example.com}]}"
	const set = "haproxy.org/request-set-header: "
	cases := map[string]struct {
		annotations, spec string
		want              bool
	}{
		"nothing set":            {"", rules, true},
		"another header set":     {set + "X-Team web", rules, true},
		"set":                    {set + "l5d-dst-override a.b.svc.c.d:80", rules, false},
		"set in other letters":   {set + "L5d-Dst-Override a.b.svc.c.d:80", rules, false},
		"set on the second line": {`haproxy.com/request-set-header: "X-Team web\nl5d-dst-override a:80\n"`, rules, false},
		"set to what the client sent": {
			set + `"l5d-dst-override %[req.hdr(l5d-dst-override)]"`, rules, true,
		},
		"set under one prefix, another header under another": {
			set + "l5d-dst-override a:80, haproxy.com/request-set-header: X-Team a", rules, true,
		},
		"set, with a default backend": {
			set + "l5d-dst-override a:80",
			"{ingressClassName: haproxy, defaultBackend: {service: {name: web, port: {number: 80}}}}", true,
		},
		"of another class":                 {"", "{ingressClassName: nginx}", false},
		"of the class, by annotation":      {"kubernetes.io/ingress.class: haproxy", "{}", true},
		"of another class, by annotation":  {"kubernetes.io/ingress.class: nginx", "{}", false},
		"without class":                    {"", "{}", true},
		"of another class, by its own key": {"haproxy.org/ingress.class: internal", "{}", false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			obj := story.Object(t, "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web, annotations: {"+
				tc.annotations+"}}\nspec: "+tc.spec)
			if got := haproxy.New().Exposed(class, obj); got != tc.want {
				t.Errorf("exposed = %t", got)
			}
		})
	}
}

func TestARouteWithoutClassCountsOnlyForTheUsualName(t *testing.T) {
	obj := story.Object(t, "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web}\nspec: {}")
	if haproxy.New().Exposed(providers.Class{Name: "public", IngressClassName: "internal"}, obj) {
		t.Error("an Ingress without class is reported for the class internal")
	}
}

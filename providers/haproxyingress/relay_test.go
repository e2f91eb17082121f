// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package haproxyingress_test

import (
	"testing"

	"github.com/meshingress/meshingress/providers/haproxyingress"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

func TestExposedRoutes(t *testing.T) {
	const rules = "{ingressClassName: haproxy, rules: [{host: example.com}]}"
	const headers = "haproxy-ingress.github.io/headers: "
	cases := map[string]struct {
		annotations, spec string
		want              bool
	}{
		"nothing set":                 {"", rules, true},
		"another header set":          {headers + `"x-team: web"`, rules, true},
		"set":                         {headers + `"l5d-dst-override: a.b.svc.c.d:80"`, rules, false},
		"set with a space":            {`ingress.kubernetes.io/headers: "L5d-Dst-Override a.b.svc.c.d:80"`, rules, false},
		"set on the second line":      {headers + `"x-team: web\nl5d-dst-override: a:80\n"`, rules, false},
		"set by the controller's own": {headers + `"l5d-dst-override: %[service].%[namespace].svc.c.d:80"`, rules, false},
		"set to what the client sent": {headers + `"l5d-dst-override: %[req.hdr(l5d-dst-override)]"`, rules, true},
		"set for v0.17 only":          {`haproxy-ingress.github.io/request-set-headers: "l5d-dst-override: a:80"`, rules, true},
		"of another class":            {"", "{ingressClassName: nginx}", false},
		"by annotation":               {"kubernetes.io/ingress.class: haproxy", "{}", true},
		"by either of the two":        {"kubernetes.io/ingress.class: haproxy", "{ingressClassName: nginx}", true},
		"without class":               {"", "{}", false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			obj := story.Object(t, "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web, annotations: {"+
				tc.annotations+"}}\nspec: "+tc.spec)
			if got := haproxyingress.New().Exposed(class, obj); got != tc.want {
				t.Errorf("exposed = %t", got)
			}
		})
	}
}

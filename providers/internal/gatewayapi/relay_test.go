// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gatewayapi

import (
	"fmt"
	"strings"
	"testing"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
)

func TestRoutesThatLetTheHeaderThrough(t *testing.T) {
	const (
		here   = "{name: edge, namespace: infra}"
		open   = "{backendRefs: [{name: web, port: 80}]}"
		filter = "filters: [{type: RequestHeaderModifier, requestHeaderModifier: {%s}}]"
	)
	set := fmt.Sprintf(filter, "set: [{name: L5d-Dst-Override, value: a.b.svc.cluster.local:80}]")
	remove := fmt.Sprintf(filter, "remove: [l5d-dst-override]")
	add := fmt.Sprintf(filter, "add: [{name: l5d-dst-override, value: a.b.svc.cluster.local:80}]")
	variable := fmt.Sprintf(filter, "set: [{name: l5d-dst-override, value: '%REQ(x-dst)%'}]")
	other := fmt.Sprintf(filter, "set: [{name: x, value: y}]")
	rule := func(filters, backends string) string {
		return fmt.Sprintf("{%s, backendRefs: [%s]}", filters, backends)
	}
	for name, tc := range map[string]struct {
		parent string
		rules  []string
		want   bool
	}{
		"no filter":                  {here, []string{open}, true},
		"set":                        {here, []string{rule(set, "{name: web}")}, false},
		"set to what Envoy expands":  {here, []string{rule(variable, "{name: web}")}, true},
		"removed":                    {here, []string{rule(remove, "{name: web}")}, false},
		"added, behind the client's": {here, []string{rule(add, "{name: web}")}, true},
		"another header":             {here, []string{rule(other, "{name: web}")}, true},
		"one rule of two":            {here, []string{rule(set, "{name: web}"), open}, true},
		"set for each backend":       {here, []string{fmt.Sprintf("{backendRefs: [{name: a, %[1]s}, {name: b, %[1]s}]}", set)}, false},
		"set for one backend of two": {here, []string{fmt.Sprintf("{backendRefs: [{name: a, %s}, {name: b}]}", set)}, true},
		"no rule":                    {here, nil, false},
		"a rule without backends":    {here, []string{"{matches: []}"}, false},
		"mirrored, set for the backend only": {here, []string{rule(
			"filters: [{type: RequestMirror, requestMirror: {backendRef: {name: m}}}]", "{name: a, "+set+"}",
		)}, true},
		"another Gateway":               {"{name: inside, namespace: infra}", []string{open}, false},
		"another namespace's Gateway":   {"{name: edge}", []string{open}, false},
		"another kind of the name":      {"{name: edge, namespace: infra, kind: Mesh}", []string{open}, false},
		"a route of the mesh":           {"{name: edge, namespace: infra, group: '', kind: Service}", []string{open}, false},
		"a ListenerSet, of any Gateway": {"{name: more, kind: ListenerSet}", []string{open}, true},
		"an XListenerSet":               {"{name: more, group: gateway.networking.x-k8s.io, kind: XListenerSet}", []string{open}, true},
		"a listener":                    {"{name: edge, namespace: infra, sectionName: http}", []string{open}, true},
	} {
		t.Run(name, func(t *testing.T) {
			for _, k := range []providers.Kind{KindHTTPRoute, KindGRPCRoute} {
				obj := object(t, k, "shop", "site",
					fmt.Sprintf("spec: {parentRefs: [%s], rules: [%s]}", tc.parent, strings.Join(tc.rules, ", ")))
				if got := Exposed(class, obj); got != tc.want {
					t.Errorf("%s: exposed is %t, want %t", k.Kind, got, tc.want)
				}
			}
		})
	}
}

// Where a whole Namespace is annotated, every Gateway's proxies there are in ingress mode.
func TestRoutesOfAnyGatewayCount(t *testing.T) {
	for parent, want := range map[string]bool{
		"{name: inside, namespace: infra}":      true,
		"{name: edge, namespace: infra}":        true,
		"{name: web, group: '', kind: Service}": false,
	} {
		for _, k := range []providers.Kind{KindHTTPRoute, KindGRPCRoute} {
			obj := object(t, k, "shop", "site", fmt.Sprintf("spec: {parentRefs: [%s], rules: [{backendRefs: [{name: web}]}]}", parent))
			if got := ExposedAnywhere(obj); got != want {
				t.Errorf("%s of %s: exposed is %t, want %t", k.Kind, parent, got, want)
			}
		}
	}
}

// The proxy is in ingress mode for every listener, whichever is the class's.
func TestRoutesOfEveryListenerCount(t *testing.T) {
	ref := *class.Spec.GatewayRef
	ref.SectionName = "https"
	listener := providers.Class{Name: "public", Spec: v1alpha1.MeshIngressClassSpec{GatewayRef: &ref}}
	obj := object(t, KindHTTPRoute, "shop", "site",
		"spec: {parentRefs: [{name: edge, namespace: infra, sectionName: http}], rules: [{backendRefs: [{name: web}]}]}")
	if !Exposed(listener, obj) {
		t.Error("the route of another listener is not reported")
	}
	if Exposed(class, object(t, KindGateway, "infra", "edge", "spec: {}")) {
		t.Error("a Gateway is reported")
	}
}

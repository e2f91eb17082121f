// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package providertest

import (
	"strings"
	"testing"

	"github.com/meshingress/meshingress/internal/render"
)

func TestCheckOutput(t *testing.T) {
	route := func(name string) map[string]any {
		return map[string]any{
			"apiVersion": "fake.test/v1", "kind": "Route",
			"metadata": map[string]any{"name": name, "namespace": "web"},
		}
	}
	with := func(obj map[string]any, key string, value any) map[string]any {
		obj[key] = value
		return obj
	}
	deployment := render.Target{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "web", Name: "x"}
	configMap := render.Target{APIVersion: "v1", Kind: "ConfigMap", Namespace: "web", Name: "x"}
	annotation := map[string]any{"metadata": map[string]any{"annotations": map[string]any{"a": "b"}}}

	for name, tc := range map[string]struct {
		meshIngress, class render.Plan
		want               string
	}{
		"nothing":   {},
		"an object": {meshIngress: render.Plan{Objects: []map[string]any{route("web")}}},
		"a workload of a class": {
			class: render.Plan{Patches: []render.Patch{{Target: deployment, Fields: annotation}}},
		},
		"a described patch": {
			meshIngress: render.Plan{Patches: []render.Patch{{Target: configMap, Fields: annotation}}},
		},
		"a workload of an app": {
			meshIngress: render.Plan{Patches: []render.Patch{{Target: deployment, Fields: annotation}}},
			want:        "Patches",
		},
		"a name that is none": {
			meshIngress: render.Plan{Objects: []map[string]any{route("Web")}}, want: "DNS name",
		},
		"a name that is too long": {
			class: render.Plan{Objects: []map[string]any{route(strings.Repeat("a", 64))}}, want: "DNS name",
		},
		"a status": {
			class: render.Plan{Objects: []map[string]any{with(route("web"), "status", map[string]any{})}},
			want:  "[status]",
		},
		"a kind that is not written": {
			class: render.Plan{Objects: []map[string]any{with(route("web"), "kind", "Other")}}, want: "Writes",
		},
		"an object twice": {
			meshIngress: render.Plan{Objects: []map[string]any{route("web")}},
			class:       render.Plan{Objects: []map[string]any{route("web")}}, want: "planned twice",
		},
		"a patch of a single field that has no others beside it": {
			class: render.Plan{Patches: []render.Patch{{
				Target: configMap, Fields: map[string]any{"spec": map[string]any{"linkerd": true}},
			}}},
		},
		"a patch of another field beside it": {
			class: render.Plan{Patches: []render.Patch{{
				Target: configMap, Fields: map[string]any{"spec": map[string]any{"linkerd": true, "gloo": "x"}},
			}}},
			want: "[spec gloo]",
		},
		"a patch of more than keys": {
			meshIngress: render.Plan{Patches: []render.Patch{{Target: configMap, Fields: map[string]any{"immutable": true}}}},
			want:        "[immutable]",
		},
		"a header that is no destination": {
			class: render.Plan{Objects: []map[string]any{with(route("web"), "spec", map[string]any{"l5d-dst-override": "web"})}},
			want:  "no destination",
		},
		"creation time": {
			class: render.Plan{Objects: []map[string]any{with(route("web"), "metadata",
				map[string]any{"name": "web", "creationTimestamp": nil})}},
			want: "creationTimestamp",
		},
	} {
		t.Run(name, func(t *testing.T) {
			errs := CheckOutput(fake{}.Describe(), render.Output{
				MeshIngresses: []render.MeshIngress{{Namespace: "web", Name: "web", Plan: tc.meshIngress}},
				Classes:       []render.Class{{Name: "fake", Plan: tc.class}},
			})
			if tc.want != "" {
				wantOneError(t, errs, tc.want)
			} else if len(errs) > 0 {
				t.Errorf("got %v, want no error", errs)
			}
		})
	}
}

func TestCheckOverrides(t *testing.T) {
	const good = "web-svc.emojivoto.svc.cluster.local:80"
	pair := func(value string) any {
		return []any{map[string]any{"name": "L5d-Dst-Override", "value": value}}
	}
	for name, tc := range map[string]struct {
		value   any
		wantErr bool
	}{
		"as a key":              {value: map[string]any{"l5d-dst-override": good}},
		"as a name and a value": {value: pair(good)},
		"as a key of a map with the value": {
			value: map[string]any{"l5d-dst-override": map[string]any{"append": false, "value": good}},
		},
		"as a key of a map with the text": {value: map[string]any{"l5d-dst-override": map[string]any{"text": good}}},
		"as a header with a key": {
			value: map[string]any{"header": map[string]any{"key": "l5d-dst-override", "value": good}},
		},
		"in a list of what is taken off": {value: map[string]any{"remove": []any{"l5d-dst-override"}}},
		"in text that takes it off":      {value: "http-request del-header l5d-dst-override\nhttp-request x"},
		"in text":                        {value: "proxy_set_header l5d-dst-override " + good + ";\nother x;"},
		"of nginx's variables": {
			value: map[string]any{"l5d-dst-override": "$service_name.$namespace.svc.cluster.local:$service_port"},
		},
		"another header": {value: map[string]any{"x-header": "web"}},
		"without port": {
			value: map[string]any{"l5d-dst-override": "web-svc.emojivoto.svc.cluster.local"}, wantErr: true,
		},
		"with the port's name": {value: pair("web-svc.emojivoto.svc.cluster.local:http"), wantErr: true},
		"without the domain":   {value: pair("web-svc.emojivoto.svc:80"), wantErr: true},
		"in a map that does not say": {
			value: map[string]any{"l5d-dst-override": map[string]any{"append": false}}, wantErr: true,
		},
		"as a header with a key and another value": {
			value: map[string]any{"header": map[string]any{"key": "l5d-dst-override", "value": "web"}}, wantErr: true,
		},
		"that is empty":     {value: map[string]any{"l5d-dst-override": ""}, wantErr: true},
		"that is no text":   {value: map[string]any{"l5d-dst-override": 80}, wantErr: true},
		"without namespace": {value: pair("web-svc.svc.cluster.local:80"), wantErr: true},
		"without port, in text": {
			value: "proxy_set_header l5d-dst-override web.ns.svc.cluster.local;", wantErr: true,
		},
		"twice, and once wrong in text": {
			value: "l5d-dst-override: " + good + "\nl5d-dst-override: web\n", wantErr: true,
		},
		"with what Envoy interprets": {value: pair("%CONTOUR_SERVICE%.ns.svc.cluster.local:80"), wantErr: true},
		"deep down": {
			value: map[string]any{"a": []any{map[string]any{"b": pair("web")}}}, wantErr: true,
		},
		"beside another in the same map": {value: map[string]any{
			"name": "l5d-dst-override", "value": good, "l5d-dst-override": "web",
		}, wantErr: true},
	} {
		t.Run(name, func(t *testing.T) {
			if errs := checkOverrides(tc.value); (len(errs) > 0) != tc.wantErr {
				t.Errorf("got %v, want an error: %v", errs, tc.wantErr)
			}
		})
	}
}

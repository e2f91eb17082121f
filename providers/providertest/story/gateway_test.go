// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package story_test

import (
	"fmt"
	"testing"

	"github.com/meshingress/meshingress/providers/providertest/story"
)

func httpRoute(host, path, header string) string {
	return fmt.Sprintf(`{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, spec: {hostnames: [%q], rules: [{
	  matches: [{path: {type: Exact, value: %q}}], backendRefs: [{name: web, port: 80, filters: [{
	    type: RequestHeaderModifier, requestHeaderModifier: %s}]}]}]}}`, host, path, header)
}

func TestGatewayRoute(t *testing.T) {
	header := "{set: [{name: l5d-dst-override, value: web.default.svc.cluster.local:80}]}"
	grpc := `{apiVersion: gateway.networking.k8s.io/v1, kind: GRPCRoute, spec: {rules: [{
	  matches: [{method: {type: Exact, service: %q}}]}]}}`
	cases := map[string]struct {
		text  string
		wrong bool
	}{
		"a plain route":      {httpRoute("*.example.com", "/a/b", header), false},
		"a host too many *":  {httpRoute("*.*.example.com", "/a/b", header), true},
		"a dot segment":      {httpRoute("example.com", "/a/..", header), true},
		"an escaped slash":   {httpRoute("example.com", "/a%2Fb", header), true},
		"a variable":         {httpRoute("example.com", "/a", "{set: [{name: a, value: '%REQ(a)%'}]}"), true},
		"a header beside it": {httpRoute("example.com", "/a", "{add: [{name: a, value: b}]}"), true},
		"an unknown field":   {"{kind: HTTPRoute, spec: {rule: []}}", true},
		"a gRPC method":      {fmt.Sprintf(grpc, "a.B"), false},
		"no gRPC method":     {fmt.Sprintf(grpc, "a.*"), true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if errs := story.GatewayRoute(story.Object(t, tc.text)); (len(errs) > 0) != tc.wrong {
				t.Errorf("got the errors %v", errs)
			}
		})
	}
}

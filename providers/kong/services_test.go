// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package kong_test

import (
	"testing"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

func TestProtocolsOfABackend(t *testing.T) {
	const at = "spec.rules[0].paths[0].backends[0].service.name"
	for protocol, clear := range map[string]bool{
		"''": true, "http": true, "grpc": true, "ws": true,
		"https": false, "grpcs": false, "wss": false, "tls": false, "tls_passthrough": false, "tcp": false,
		"HTTPS": false, "udp": false,
	} {
		for _, strategy := range []v1alpha1.Strategy{v1alpha1.StrategyClusterIP, v1alpha1.StrategyHeader} {
			in := input(strategy, prefix("/", story.Backend("web-svc", 80)))
			in.Objects = append(in.Objects, story.Object(t, "{apiVersion: v1, kind: Service, metadata: "+
				"{namespace: default, name: web-svc, annotations: {konghq.com/protocol: "+protocol+"}}}"))
			var want []story.Failure
			if !clear {
				want = []story.Failure{story.Invalid(at)}
			}
			story.Diff(t, "failures of "+protocol+" in "+string(strategy), want, failures(t, in))
		}
	}
}

func TestProtocolsOfOthersDoNotMatter(t *testing.T) {
	for _, service := range []string{
		"{namespace: default, name: other, annotations: {konghq.com/protocol: https}}",
		"{namespace: other, name: web-svc, annotations: {konghq.com/protocol: https}}",
		"{namespace: default, name: web-svc, annotations: {konghq.com/protocols: https}}",
	} {
		in := input(v1alpha1.StrategyHeader, prefix("/", story.Backend("web-svc", 80)))
		in.Objects = append(in.Objects, story.Object(t, "{apiVersion: v1, kind: Service, metadata: "+service+"}"))
		story.Diff(t, "failures with "+service, nil, failures(t, in))
	}
}

func TestTheProtocolOfTheDefaultBackend(t *testing.T) {
	in := input(v1alpha1.StrategyClusterIP)
	fallback := story.Backend("web-svc", 80)
	in.Default = &fallback
	in.Objects = append(in.Objects, story.Object(t, "{apiVersion: v1, kind: Service, metadata: "+
		"{namespace: default, name: web-svc, annotations: {konghq.com/protocol: https}}}"))
	story.Diff(t, "failures", 1, len(failures(t, in)))
}

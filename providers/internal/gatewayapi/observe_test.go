// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gatewayapi

import (
	"fmt"
	"strings"
	"testing"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

func TestTheVerdictIsThatOnOurParentRef(t *testing.T) {
	const ours = "{group: gateway.networking.k8s.io, kind: Gateway, namespace: infra, name: edge}"
	parent := func(ref string, conditions ...string) string {
		return fmt.Sprintf("{parentRef: %s, controllerName: example.com/x, conditions: [%s]}", ref, strings.Join(conditions, ", "))
	}
	condition := func(kind, status string, generation int) string {
		return fmt.Sprintf("{type: %s, status: %q, observedGeneration: %d, reason: Because, message: so it is}",
			kind, status, generation)
	}
	yes, no := condition("Accepted", "True", 2), condition("Accepted", "False", 2)
	for name, tc := range map[string]struct {
		parents []string
		want    providers.VerdictState
	}{
		"nothing said":             {nil, providers.VerdictNone},
		"accepted":                 {[]string{parent(ours, yes)}, providers.VerdictAccepted},
		"with what is the default": {[]string{parent("{namespace: infra, name: edge}", yes)}, providers.VerdictAccepted},
		"of another Gateway":       {[]string{parent("{namespace: infra, name: inside}", yes)}, providers.VerdictNone},
		"of another listener":      {[]string{parent("{namespace: infra, name: edge, sectionName: b}", yes)}, providers.VerdictNone},
		"of an older generation":   {[]string{parent(ours, condition("Accepted", "True", 1))}, providers.VerdictNone},
		"of no generation":         {[]string{parent(ours, condition("Accepted", "True", 0))}, providers.VerdictNone},
		"not accepted":             {[]string{parent(ours, no)}, providers.VerdictRejected},
		"not accepted once":        {[]string{parent(ours, condition("Accepted", "False", 1))}, providers.VerdictNone},
		"backends not found":       {[]string{parent(ours, yes, condition("ResolvedRefs", "False", 2))}, providers.VerdictRejected},
		"backends found":           {[]string{parent(ours, yes, condition("ResolvedRefs", "True", 2))}, providers.VerdictAccepted},
		"rules left out":           {[]string{parent(ours, yes, condition("PartiallyInvalid", "True", 2))}, providers.VerdictRejected},
		"no rules left out":        {[]string{parent(ours, yes, condition("PartiallyInvalid", "False", 2))}, providers.VerdictAccepted},
		"only the backends found":  {[]string{parent(ours, condition("ResolvedRefs", "True", 2))}, providers.VerdictNone},
		"one of two does not":      {[]string{parent(ours, yes), parent(ours, no)}, providers.VerdictRejected},
		"another one does not":     {[]string{parent(ours, yes), parent("{namespace: x, name: edge}", no)}, providers.VerdictAccepted},
		"something of their own":   {[]string{parent(ours, yes, condition("example.com/Odd", "False", 2))}, providers.VerdictAccepted},
	} {
		t.Run(name, func(t *testing.T) {
			for _, k := range []providers.Kind{KindHTTPRoute, KindGRPCRoute} {
				obj := object(t, k, "default", "web", fmt.Sprintf(
					"{spec: {parentRefs: [%s]}, status: {parents: [%s]}}", ours, strings.Join(tc.parents, ", ")))
				obj.SetGeneration(2)
				got := Observe(obj)
				story.Diff(t, k.Kind, tc.want, got.State)
				if rejected := tc.want == providers.VerdictRejected; rejected != strings.Contains(got.Message, "so it is") {
					t.Errorf("message %q", got.Message)
				}
			}
		})
	}
}

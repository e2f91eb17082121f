// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package linkerd_test

import (
	"testing"

	"github.com/meshingress/meshingress/internal/linkerd"
)

func TestSidecarIsNative(t *testing.T) {
	const stable, beta, alpha = linkerd.NativeSidecarAnnotation,
		"config.beta.linkerd.io/proxy-enable-native-sidecar", "config.alpha.linkerd.io/proxy-enable-native-sidecar"
	for name, tc := range map[string]struct {
		installed   bool
		annotations map[string]string
		want        bool
	}{
		"the installation's":                        {installed: true, want: true},
		"not the installation's":                    {},
		"the stable name":                           {annotations: map[string]string{stable: "true"}, want: true},
		"the beta name":                             {annotations: map[string]string{beta: "true"}, want: true},
		"the alpha name":                            {annotations: map[string]string{alpha: "true"}, want: true},
		"the stable name before the beta name":      {annotations: map[string]string{stable: "false", beta: "true"}},
		"the beta name before the alpha name":       {annotations: map[string]string{beta: "false", alpha: "true"}},
		"turned off, against the installation":      {installed: true, annotations: map[string]string{stable: "false"}},
		"a value that is no boolean":                {installed: true, annotations: map[string]string{stable: "enabled"}, want: true},
		"a value that is no boolean hides the rest": {annotations: map[string]string{stable: "enabled", alpha: "true"}},
	} {
		t.Run(name, func(t *testing.T) {
			facts := linkerd.Facts{NativeSidecar: tc.installed}
			if got := facts.SidecarIsNative(tc.annotations); got != tc.want {
				t.Errorf("got %t, want %t", got, tc.want)
			}
		})
	}
}

func TestInboundPolicy(t *testing.T) {
	for name, tc := range map[string]struct{ annotation, want string }{
		"the installation's":           {want: linkerd.PolicyDeny},
		"that of the annotation":       {annotation: linkerd.PolicyAllUnauthenticated, want: linkerd.PolicyAllUnauthenticated},
		"audit":                        {annotation: linkerd.PolicyAudit, want: linkerd.PolicyAudit},
		"one that Linkerd knows not":   {annotation: "allow", want: linkerd.PolicyDeny},
		"one that is known in capital": {annotation: "AUDIT", want: linkerd.PolicyDeny},
	} {
		t.Run(name, func(t *testing.T) {
			annotations := map[string]string{}
			if tc.annotation != "" {
				annotations[linkerd.DefaultInboundPolicyAnnotation] = tc.annotation
			}
			facts := linkerd.Facts{DefaultInboundPolicy: linkerd.PolicyDeny}
			if got := facts.InboundPolicy(annotations); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

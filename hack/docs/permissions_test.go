// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"

	"github.com/meshingress/meshingress/providers"
)

func TestPermissionsPage(t *testing.T) {
	d := box()
	d.Strategies[3].Writes = []providers.Kind{providers.KindServiceAccount}
	got := permissionsPage([]providers.Provider{fake{description: d}})
	const cluster, namespaces = "whole cluster", "watched namespaces"
	cases := map[string]string{
		"what all have":      "### meshingress-base\n\nWhatever the vendor.\n\n| Resource | Verbs | In |\n",
		"one object":         "| `configmaps`, only `linkerd-config` | list, watch | " + cluster + " |\n",
		"a subresource":      "| `meshingresses.networking.meshingress.dev/status` | patch | " + namespaces + " |\n",
		"the lease":          "| `leases.coordination.k8s.io` | create | own namespace |\n",
		"a vendor":           "### meshingress-vendor-box\n\nFor classes of `Box`.\n",
		"what it writes":     "| `boxes.box.example` | get, list, watch, create, patch, delete | " + namespaces + " |\n",
		"what it patches":    "| `namespaces` | get, list, watch, patch | " + cluster + " |\n",
		"authorization":      "### meshingress-authorization\n\nFor `spec.authorization` of a MeshIngress.",
		"where an opt-in is": "### meshingress-vendor-box-optin\n\nFor classes of `Box` that ask for it. Added by `config/rbac/optin/box`.\n",
		"what is opt-in":     "| `serviceaccounts` | get, list, watch, create, patch, delete | " + namespaces + " |\n",
	}
	for name, want := range cases {
		t.Run(name, func(t *testing.T) {
			if strings.Count(got, want) != 1 {
				t.Errorf("the page does not say once\n%s\nin\n%s", want, got)
			}
		})
	}
}

func TestAVendorWithoutOptInsHasNoRoleForThem(t *testing.T) {
	if got := permissionsPage([]providers.Provider{fake{description: box()}}); strings.Contains(got, "box-optin") {
		t.Errorf("the page says\n%s", got)
	}
}

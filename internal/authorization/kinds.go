// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package authorization

import (
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
)

// Group of Linkerd's policy API.
const Group = "policy.linkerd.io"

// The kinds that are written. Server is taken in v1beta3: no earlier version has
// spec.accessPolicy, and both came together, in edge-24.7.4 (linkerd/linkerd2
// charts/linkerd-crds/templates/policy/server.yaml; "audit" is obeyed from edge-24.7.5
// on, so in every 2.16). The others have one version.
var (
	KindServer                = kind("v1beta3", "Server", "servers")
	KindAuthorizationPolicy   = kind("v1alpha1", "AuthorizationPolicy", "authorizationpolicies")
	KindMeshTLSAuthentication = kind("v1alpha1", "MeshTLSAuthentication", "meshtlsauthentications")
	KindNetworkAuthentication = kind("v1alpha1", "NetworkAuthentication", "networkauthentications")
)

func kind(version, name, plural string) providers.Kind {
	return providers.Kind{
		GroupVersionKind: schema.GroupVersionKind{Group: Group, Version: version, Kind: name}, Resource: plural,
	}
}

// Kinds are those that are written and watched, in the order of writing.
func Kinds() []providers.Kind {
	return []providers.Kind{KindNetworkAuthentication, KindMeshTLSAuthentication, KindAuthorizationPolicy, KindServer}
}

// Needs are what the API server has to serve: accessPolicy, and Kinds.
func Needs() []providers.Kind {
	return append([]providers.Kind{KindServer.WithField("spec.accessPolicy")}, Kinds()...)
}

// IsKind reports whether an entry of an inventory was planned here.
func IsKind(e v1alpha1.InventoryEntry) bool { return e.Group == Group }

// Sort puts entries into the order of writing, with those of other kinds last, as they
// were.
func Sort(entries []v1alpha1.InventoryEntry) {
	slices.SortStableFunc(entries, func(a, b v1alpha1.InventoryEntry) int { return rank(a) - rank(b) })
}

func rank(e v1alpha1.InventoryEntry) int {
	kinds := Kinds()
	i := slices.IndexFunc(kinds, func(k providers.Kind) bool { return k.Group == e.Group && k.Kind == e.Kind })
	if i < 0 {
		return len(kinds)
	}
	return i
}

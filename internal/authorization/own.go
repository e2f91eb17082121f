// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package authorization

import (
	"maps"
	"slices"
	"strconv"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/internal/translate"
	"github.com/meshingress/meshingress/providers"
)

// admitted reads back the identities of a MeshTLSAuthentication; nothing of nil.
func admitted(authentication *unstructured.Unstructured) []v1alpha1.ObjectKey {
	if authentication == nil {
		return nil
	}
	items, _, _ := unstructured.NestedSlice(authentication.Object, "spec", "identityRefs")
	var keys []v1alpha1.ObjectKey
	for _, item := range items {
		ref, ok := item.(map[string]any)
		if !ok {
			continue
		}
		namespace, _ := ref["namespace"].(string)
		name, _ := ref["name"].(string)
		if ref["kind"] == "ServiceAccount" && namespace != "" && name != "" {
			keys = append(keys, v1alpha1.ObjectKey{Namespace: namespace, Name: name})
		}
	}
	return keys
}

// own is the object of a kind and name that is the MeshIngress's; nil where there is
// none.
func (in Input) own(k providers.Kind, name string) *unstructured.Unstructured {
	owner := translate.OwnerOf(in.MeshIngress)
	for _, o := range in.Objects {
		if o.GetKind() == k.Kind && o.GetName() == name && owner.Owns(o) {
			return o
		}
	}
	return nil
}

// mine are the objects of a kind that are the MeshIngress's.
func (in Input) mine(k providers.Kind) []*unstructured.Unstructured {
	owner := translate.OwnerOf(in.MeshIngress)
	var found []*unstructured.Unstructured
	for _, o := range in.Objects {
		if o.GetKind() == k.Kind && owner.Owns(o) {
			found = append(found, o)
		}
	}
	return found
}

// serverName is that of the Server that is there for the same pods and port: one that is
// taken away before the next one comes leaves them to their default policy, and of two the
// policy controller takes one. Otherwise it is that of the Service's port, so that
// its targetPort changes in place.
func (in Input) serverName(p Port, g *guard) string {
	for _, server := range in.mine(KindServer) {
		if isFor(server, g) {
			return server.GetName()
		}
	}
	number := p.Port.Port
	name := in.name(g.service, strconv.Itoa(int(number)))
	if server := in.own(KindServer, name); server != nil && in.isAnothers(server) {
		return in.name(g.service, strconv.Itoa(int(number)), g.port.String())
	}
	return name
}

// isAnothers reports whether a Server is just for some backend, and so keeps to it.
func (in Input) isAnothers(server *unstructured.Unstructured) bool {
	return slices.ContainsFunc(in.Ports, func(p Port) bool { return isFor(server, in.target(p)) })
}

// isFor reports whether a Server is for just the pods and the port of a guard.
func isFor(server *unstructured.Unstructured, g *guard) bool {
	spec, err := linkerd.ReadServer(server)
	selector := spec.PodSelector
	return err == nil && selector != nil && len(selector.MatchExpressions) == 0 &&
		maps.Equal(selector.MatchLabels, g.selector) && spec.Port == g.port
}

// former are the Servers of the MeshIngress that are for no backend, and what it admits by
// to these and to such Servers of others.
func (in Input) former() []*unstructured.Unstructured {
	gone := map[string]bool{}
	for _, o := range in.Objects {
		if o.GetKind() == KindServer.Kind && !slices.ContainsFunc(in.Ports, func(p Port) bool { return meets(o, p, in.target(p)) }) {
			gone[o.GetName()] = true
		}
	}
	found := slices.DeleteFunc(in.mine(KindServer), func(o *unstructured.Unstructured) bool { return !gone[o.GetName()] })
	policies := slices.DeleteFunc(in.mine(KindAuthorizationPolicy), func(o *unstructured.Unstructured) bool {
		kind, name := targetOf(o)
		return kind != KindServer.Kind || !gone[name]
	})
	if len(policies) == 0 {
		return found
	}
	return slices.Concat(found, policies, in.mine(KindMeshTLSAuthentication), in.mine(KindNetworkAuthentication))
}

// Admitting is the MeshTLSAuthentication as it is, with the identities that are to be
// admitted besides; nil where there is none.
func (in Input) Admitting() *unstructured.Unstructured {
	if in.own(KindMeshTLSAuthentication, in.name()) == nil {
		return nil
	}
	in.Settled = false
	obj := in.object(KindMeshTLSAuthentication, in.name(), map[string]any{"identityRefs": refs(in.identities())})
	translate.OwnerOf(in.MeshIngress).Mark([]*unstructured.Unstructured{obj})
	return obj
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package authorization

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
)

// Lengths of a name and of the hash at its end, which keeps names apart.
const (
	maxName    = 63
	hashLength = 10
)

// name is that of an object for the MeshIngress and what else tells it from others.
func (in Input) name(parts ...string) string {
	parts = append([]string{in.MeshIngress.Name}, parts...)
	sum := sha256.Sum256([]byte(strings.Join(parts, "/")))
	joined := strings.Join(parts, "-")
	readable := strings.Trim(joined[:min(len(joined), maxName-1-hashLength)], "-.")
	return readable + "-" + hex.EncodeToString(sum[:])[:hashLength]
}

// objects are those for the guards, in the order of writing.
func (in Input) objects(guards []guard) []*unstructured.Unstructured {
	if len(guards) == 0 {
		return nil
	}
	var all, servers []*unstructured.Unstructured
	networks := in.networks()
	if len(networks) > 0 {
		all = append(all, in.object(KindNetworkAuthentication, in.name(), map[string]any{"networks": cidrs(networks)}))
	}
	all = append(all, in.object(KindMeshTLSAuthentication, in.name(), map[string]any{"identityRefs": refs(in.identities())}))
	for _, g := range guards {
		all = append(all, in.policy(g, "identities", KindMeshTLSAuthentication))
		if len(networks) > 0 {
			all = append(all, in.policy(g, "networks", KindNetworkAuthentication))
		}
		if !g.shared {
			servers = append(servers, in.server(g))
		}
	}
	return slices.Concat(all, servers)
}

func (in Input) object(k providers.Kind, name string, spec map[string]any) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
	u.SetGroupVersionKind(k.GroupVersionKind)
	u.SetNamespace(in.MeshIngress.Namespace)
	u.SetName(name)
	return u
}

// server leaves the protocol to be detected, also where the Service says HTTP/2: the
// kubelet's probes of the same port are HTTP/1. A Server overrules the annotation for
// opaque ports, so it has to say "opaque" itself (linkerd/linkerd2
// charts/linkerd-crds/templates/policy/server.yaml edge-26.8.3, proxyProtocol).
func (in Input) server(g guard) *unstructured.Unstructured {
	labels := map[string]any{}
	for k, v := range g.selector {
		labels[k] = v
	}
	var port any = g.port.StrVal
	if g.port.Type == intstr.Int {
		port = int64(g.port.IntVal)
	}
	protocol := "unknown"
	if g.opaque {
		protocol = "opaque"
	}
	return in.object(KindServer, g.server, map[string]any{
		"podSelector": map[string]any{"matchLabels": labels}, "port": port,
		"proxyProtocol": protocol, "accessPolicy": in.access(g),
	})
}

// access is the accessPolicy that is asked for.
func (in Input) access(g guard) string {
	if in.MeshIngress.Spec.Authorization.Policy == v1alpha1.AuthorizationEnforce {
		return accessDeny
	}
	return g.lenient
}

func (in Input) policy(g guard, who string, authentication providers.Kind) *unstructured.Unstructured {
	return in.object(KindAuthorizationPolicy, in.name(g.service, who, g.server), map[string]any{
		"targetRef": map[string]any{"group": Group, "kind": KindServer.Kind, "name": g.server},
		"requiredAuthenticationRefs": []any{
			map[string]any{"group": Group, "kind": authentication.Kind, "name": in.name()},
		},
	})
}

func cidrs(networks []string) []any {
	items := make([]any, 0, len(networks))
	for _, n := range networks {
		items = append(items, map[string]any{"cidr": n})
	}
	return items
}

func refs(identities []v1alpha1.ObjectKey) []any {
	items := make([]any, 0, len(identities))
	for _, id := range identities {
		items = append(items, map[string]any{"kind": "ServiceAccount", "namespace": id.Namespace, "name": id.Name})
	}
	return items
}

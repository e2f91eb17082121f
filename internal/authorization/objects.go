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
	"github.com/meshingress/meshingress/internal/translate"
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
		"proxyProtocol": protocol, "accessPolicy": in.accessPolicy(),
	})
}

func (in Input) accessPolicy() string {
	if in.MeshIngress.Spec.Authorization.Policy == v1alpha1.AuthorizationEnforce {
		return accessDeny
	}
	return accessAudit
}

func (in Input) policy(g guard, who string, authentication providers.Kind) *unstructured.Unstructured {
	return in.object(KindAuthorizationPolicy, in.name(g.service, g.port.String(), who), map[string]any{
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

// Denies reports whether a Server keeps out who is not admitted.
func Denies(server *unstructured.Unstructured) bool {
	policy, found, _ := unstructured.NestedString(server.Object, "spec", "accessPolicy")
	return policy == accessDeny || !found // the default of the CRD
}

// Audited is a Server of ours as it is in the cluster, but that it lets everybody in. It
// has no marks.
func Audited(server *unstructured.Unstructured) *unstructured.Unstructured {
	spec, _, _ := unstructured.NestedMap(server.Object, "spec")
	if spec == nil {
		spec = map[string]any{}
	}
	spec["accessPolicy"] = accessAudit
	u := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
	u.SetGroupVersionKind(KindServer.GroupVersionKind)
	u.SetNamespace(server.GetNamespace())
	u.SetName(server.GetName())
	return u
}

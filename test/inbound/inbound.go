// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package inbound

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
)

// Client calls a port.
type Client struct {
	// Identity is "<namespace>/<ServiceAccount>"; empty for a client outside the mesh.
	Identity string

	// Address it comes from; one of the cluster where it is not valid.
	Address netip.Addr
}

// Cluster is what the policy controller knows.
type Cluster struct {
	// Default is Linkerd's default inbound policy; all-unauthenticated where empty.
	Default string

	// Objects of Linkerd's policy API.
	Objects []unstructured.Unstructured
}

// clusterNetwork is where clients of the cluster come from.
var clusterNetwork = netip.MustParsePrefix("10.0.0.0/8")

// Allows reports whether a client may call a port of a pod that has a proxy.
func (c Cluster) Allows(pod *corev1.Pod, port int32, client Client) bool {
	if !client.Address.IsValid() {
		client.Address = clusterNetwork.Addr().Next()
	}
	server := c.serverOf(pod, port)
	if server == nil {
		policy := cmp.Or(pod.Annotations["config.linkerd.io/default-inbound-policy"], c.Default, "all-unauthenticated")
		return byDefault(policy, client)
	}
	access, found, _ := unstructured.NestedString(server.Object, "spec", "accessPolicy")
	if found && byDefault(access, client) {
		return true
	}
	return slices.ContainsFunc(c.of("AuthorizationPolicy", pod.Namespace), func(policy unstructured.Unstructured) bool {
		kind, _, _ := unstructured.NestedString(policy.Object, "spec", "targetRef", "kind")
		name, _, _ := unstructured.NestedString(policy.Object, "spec", "targetRef", "name")
		return (kind == "Namespace" || kind == "Server" && name == server.GetName()) && c.admits(policy, client)
	})
}

// byDefault is what accessPolicy, or the default policy, says.
func byDefault(policy string, client Client) bool {
	switch {
	case policy == "deny":
		return false
	case strings.HasPrefix(policy, "cluster-") && !clusterNetwork.Contains(client.Address):
		return false
	default:
		return !strings.HasSuffix(policy, "-authenticated") || client.Identity != ""
	}
}

// serverOf is the oldest Server for a port of a pod; nil where there is none.
func (c Cluster) serverOf(pod *corev1.Pod, port int32) *unstructured.Unstructured {
	servers := slices.DeleteFunc(c.of("Server", pod.Namespace), func(s unstructured.Unstructured) bool { return !selects(s, pod, port) })
	if len(servers) == 0 {
		return nil
	}
	oldest := slices.MinFunc(servers, func(a, b unstructured.Unstructured) int {
		return cmp.Or(a.GetCreationTimestamp().Compare(b.GetCreationTimestamp().Time), cmp.Compare(a.GetName(), b.GetName()))
	})
	return &oldest
}

func selects(server unstructured.Unstructured, pod *corev1.Pod, port int32) bool {
	wanted, found, _ := unstructured.NestedStringMap(server.Object, "spec", "podSelector", "matchLabels")
	if !found || !labels.SelectorFromSet(wanted).Matches(labels.Set(pod.Labels)) {
		return false
	}
	if n, ok, _ := unstructured.NestedInt64(server.Object, "spec", "port"); ok {
		return n == int64(port)
	}
	name, _, _ := unstructured.NestedString(server.Object, "spec", "port")
	return slices.ContainsFunc(pod.Spec.Containers, func(c corev1.Container) bool {
		return slices.ContainsFunc(c.Ports, func(p corev1.ContainerPort) bool { return p.Name == name && p.ContainerPort == port })
	})
}

// admits reports whether a client is all that a policy requires. One that refers to what
// is not there admits nobody.
func (c Cluster) admits(policy unstructured.Unstructured, client Client) bool {
	refs, _, _ := unstructured.NestedSlice(policy.Object, "spec", "requiredAuthenticationRefs")
	for _, ref := range refs {
		ref := ref.(map[string]any)
		kind, name := ref["kind"].(string), ref["name"].(string)
		namespace, found := ref["namespace"].(string)
		if !found {
			namespace = policy.GetNamespace()
		}
		if kind == "ServiceAccount" {
			if client.Identity != namespace+"/"+name {
				return false
			}
			continue
		}
		all := c.of(kind, namespace)
		i := slices.IndexFunc(all, func(o unstructured.Unstructured) bool { return o.GetName() == name })
		if i < 0 || !authenticates(all[i], client) {
			return false
		}
	}
	return true
}

// authenticates reports whether a MeshTLSAuthentication or NetworkAuthentication is met.
func authenticates(o unstructured.Unstructured, client Client) bool {
	if networks, found, _ := unstructured.NestedSlice(o.Object, "spec", "networks"); found {
		return slices.ContainsFunc(networks, func(n any) bool {
			return netip.MustParsePrefix(n.(map[string]any)["cidr"].(string)).Contains(client.Address)
		})
	}
	refs, _, _ := unstructured.NestedSlice(o.Object, "spec", "identityRefs")
	return slices.ContainsFunc(refs, func(r any) bool {
		ref := r.(map[string]any)
		if ref["kind"] == "Namespace" {
			return strings.HasPrefix(client.Identity, ref["name"].(string)+"/")
		}
		return client.Identity == ref["namespace"].(string)+"/"+ref["name"].(string)
	})
}

func (c Cluster) of(kind, namespace string) []unstructured.Unstructured {
	return slices.DeleteFunc(slices.Clone(c.Objects), func(o unstructured.Unstructured) bool {
		return o.GetKind() != kind || o.GetNamespace() != namespace
	})
}

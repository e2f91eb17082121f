// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package authorization

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/internal/translate"
	"github.com/meshingress/meshingress/providers"
)

// of lists the objects of a kind that are not the MeshIngress's own, by name.
func (in Input) of(k providers.Kind) []*unstructured.Unstructured {
	owner := translate.OwnerOf(in.MeshIngress)
	var found []*unstructured.Unstructured
	for _, o := range in.Objects {
		if o.GetKind() == k.Kind && !owner.Owns(o) {
			found = append(found, o)
		}
	}
	slices.SortFunc(found, func(a, b *unstructured.Unstructured) int { return cmp.Compare(a.GetName(), b.GetName()) })
	return found
}

// ofMeshIngress names the MeshIngress that an object was generated for; empty where it
// was not.
func ofMeshIngress(obj metav1.Object) string {
	owner, ok := translate.ParseOwner(obj)
	if !ok || owner.Kind != "MeshIngress" {
		return ""
	}
	return owner.Name
}

// checkPolicies tells of a port that somebody admits clients to: with a policy for the
// whole namespace, or for the Server of this plan. A ServerAuthorization, the older kind,
// is not looked for: it only admits, and what it admits to is a Server.
func (in Input) checkPolicies(g *guard) *Refusal {
	for _, policy := range in.of(KindAuthorizationPolicy) {
		kind, name := targetOf(policy)
		onIt := kind == "Namespace" || kind == KindServer.Kind && name == g.server
		if onIt && ofMeshIngress(policy) == "" {
			return &Refusal{v1alpha1.ReasonPolicyExists, fmt.Sprintf(
				"AuthorizationPolicy %s admits clients to Service %s: list them in spec.authorization.clients and delete it, "+
					"or remove spec.authorization", policy.GetName(), g.service)}
		}
	}
	return nil
}

// isThere reports whether a guard's Server is in place. It is not taken away because
// somebody admits more clients: that would let in everybody.
func (in Input) isThere(g *guard) bool { return g.shared || in.own(KindServer, g.server) != nil }

func targetOf(policy *unstructured.Unstructured) (kind, name string) {
	kind, _, _ = unstructured.NestedString(policy.Object, "spec", "targetRef", "kind")
	name, _, _ = unstructured.NestedString(policy.Object, "spec", "targetRef", "name")
	return kind, name
}

// checkServers looks for Servers of the same pods and port. Somebody's own wins: its
// clients are known to that person alone. That of another MeshIngress is shared, where it
// is the older one and has all the pods; the other one does the same.
func (in Input) checkServers(p Port, g *guard) (*guard, *Refusal) {
	own := in.own(KindServer, g.server)
	for _, server := range in.of(KindServer) {
		if !meets(server, p, g) {
			continue
		}
		other := ofMeshIngress(server)
		switch {
		case other == "":
			return nil, &Refusal{v1alpha1.ReasonPolicyExists, fmt.Sprintf(
				"Server %s is for the same port of pods of Service %s, and its policies say who may call them: "+
					"delete it, or remove spec.authorization", server.GetName(), g.service)}
		case own != nil && older(own, server):
			continue
		case !covers(server, g):
			return nil, &Refusal{v1alpha1.ReasonPolicyExists, fmt.Sprintf(
				"Server %s of MeshIngress %s is for the same port of some pods of Service %s: let the selectors of their "+
					"Services be equal, or name no pod twice", server.GetName(), other, g.service)}
		}
		g.server, g.shared = server.GetName(), true
		return g, in.checkShared(server, other, *g)
	}
	return g, nil
}

// checkShared tells of a Server that is shared and does not do what is asked for here.
func (in Input) checkShared(server *unstructured.Unstructured, other string, g guard) *Refusal {
	if Denies(server) == (in.access(g) == accessDeny) {
		return nil
	}
	is := "lets everybody in"
	if Denies(server) {
		is = "denies"
	}
	return &Refusal{v1alpha1.ReasonPolicyExists, fmt.Sprintf(
		"Server %s of MeshIngress %s is for the same pods, and %s: give both the same spec.authorization.policy",
		server.GetName(), other, is)}
}

// older orders Servers as the policy controller does: of two for one port the first
// holds (linkerd/linkerd2 policy-controller/k8s/index/src/inbound/index.rs edge-26.8.3,
// Pod::reindex_servers; since edge-25.2.2, before that either).
func older(a, b *unstructured.Unstructured) bool {
	created, than := a.GetCreationTimestamp(), b.GetCreationTimestamp()
	if !created.Equal(&than) {
		return created.Before(&than)
	}
	return a.GetName() < b.GetName()
}

// covers reports whether a Server has every pod of a guard, on the same port.
func covers(server *unstructured.Unstructured, g *guard) bool {
	spec, err := linkerd.ReadServer(server)
	selector := spec.PodSelector
	return err == nil && selector != nil && len(selector.MatchExpressions) == 0 && holds(g.selector, selector.MatchLabels) &&
		spec.Port == g.port
}

// meets reports whether a Server is for the port on any of the pods, or may be, where it
// cannot be read. Where there are no pods yet, those are taken that have just the labels of
// the Service's selector.
func meets(server *unstructured.Unstructured, p Port, g *guard) bool {
	spec, err := linkerd.ReadServer(server)
	if err != nil {
		return true
	}
	if spec.PodSelector == nil {
		return false // it is for ExternalWorkloads
	}
	selector, err := metav1.LabelSelectorAsSelector(spec.PodSelector)
	if err != nil {
		selector = labels.Everything()
	}
	if len(p.Pods) == 0 {
		return selector.Matches(labels.Set(g.selector)) && (spec.Port == g.port || spec.Port.Type != g.port.Type)
	}
	return slices.ContainsFunc(p.Pods, func(pod corev1.Pod) bool {
		return selector.Matches(labels.Set(pod.Labels)) && (spec.Port == g.port || slices.ContainsFunc(numbers(pod, spec.Port),
			func(n int32) bool { return slices.Contains(numbers(pod, g.port), n) }))
	})
}

// numbers are those of a port of a pod; a name may have several.
func numbers(pod corev1.Pod, port intstr.IntOrString) []int32 {
	if port.Type == intstr.Int {
		return []int32{port.IntVal}
	}
	found := map[int32]bool{}
	for _, c := range slices.Concat(pod.Spec.Containers, pod.Spec.InitContainers) {
		for _, p := range c.Ports {
			if p.Name == port.StrVal && (p.Protocol == "" || p.Protocol == corev1.ProtocolTCP) {
				found[p.ContainerPort] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package authorization

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/internal/translate"
)

// maxObjects bounds the inventory, and with it the size of the status.
const maxObjects = 512

// Input is what is known of a MeshIngress with spec.authorization.
type Input struct {
	// MeshIngress that asks for it. Its clients have been checked.
	MeshIngress *v1alpha1.MeshIngress

	// Controllers are the ServiceAccounts that the ingress controller runs as; at least
	// one.
	Controllers []v1alpha1.ObjectKey

	// Settled reports whether nothing else sends requests than Controllers. Where it
	// is false (the routes are moving, or pods of an earlier template are left), an
	// identity that is admitted stays so.
	Settled bool

	// Ports of the backends. One may be there several times.
	Ports []Port

	// Mesh decides on ports without a Server.
	Mesh Mesh

	// Objects of Kinds in the MeshIngress's namespace, whosever.
	Objects []*unstructured.Unstructured
}

// Port is a backend's.
type Port struct {
	// Service, and its port that requests go to.
	Service *corev1.Service
	Port    corev1.ServicePort

	// Opaque reports whether Linkerd takes it for opaque TCP.
	Opaque bool

	// Pods that the Service selects, as far as there are any.
	Pods []corev1.Pod

	// Others that send requests to it, for people: MeshIngresses that another ingress
	// controller serves.
	Others []string
}

// Plan is the outcome for one MeshIngress.
type Plan struct {
	// Objects in the order of writing. They carry the marks of their owner.
	Objects []*unstructured.Unstructured

	// Former are those that are there for ports that are no backends any more. They stay
	// until the routes to these have gone: what a Server lets in may be denied without.
	Former []*unstructured.Unstructured

	// Lenient is what accessPolicy of each Server is, by its name, while nobody may be
	// denied who would be let in without it.
	Lenient map[string]string

	// Guarded counts the ports that the objects are for.
	Guarded int

	// Refusals say why a port is not guarded, or not as it should be.
	Refusals []Refusal
}

// Refusal is a reason of the condition Authorized, and what to do.
type Refusal struct{ Reason, Message string }

// New plans for a MeshIngress.
func New(in Input) Plan {
	var plan Plan
	var guards []guard
	for _, p := range in.Ports {
		g, refusal := in.guard(p)
		if refusal != nil && !slices.Contains(plan.Refusals, *refusal) {
			plan.Refusals = append(plan.Refusals, *refusal)
		}
		if g != nil {
			guards = append(guards, *g)
		}
	}
	guards = widest(guards)
	plan.Guarded, plan.Objects, plan.Lenient = len(guards), in.objects(guards), lenients(guards)
	if n := len(plan.Objects); n > maxObjects {
		return Plan{Refusals: append(plan.Refusals, Refusal{v1alpha1.ReasonTooManyObjects, fmt.Sprintf(
			"%d policy objects would be needed, and %d are the most: split the MeshIngress", n, maxObjects)})}
	}
	translate.OwnerOf(in.MeshIngress).Mark(plan.Objects)
	plan.Former = in.former()
	return plan
}

func lenients(guards []guard) map[string]string {
	all := map[string]string{}
	for _, g := range guards {
		all[g.server] = g.lenient
	}
	return all
}

// guard is a Server, and what it is for.
type guard struct {
	service  string
	selector map[string]string
	port     intstr.IntOrString
	opaque   bool

	// lenient is the accessPolicy that takes nothing from anybody.
	lenient string

	// server is the name of the Server; shared where it is another MeshIngress's.
	server string
	shared bool
}

// guard says how a port is guarded; nil where it cannot be. A refusal may come with
// a guard: that one is not quite what is asked for.
func (in Input) guard(p Port) (*guard, *Refusal) {
	g := in.target(p)
	g.lenient = in.Mesh.Lenient(p.Pods, g.port)
	g.server = in.serverName(p, g)
	for _, check := range []func(Port, *guard) *Refusal{in.checkService, in.checkSkipped, in.checkProbes, in.checkOthers} {
		if refusal := check(p, g); refusal != nil {
			return nil, refusal
		}
	}
	g, refusal := in.checkServers(p, g)
	if g == nil {
		return nil, refusal
	}
	if admits := in.checkPolicies(g); admits != nil {
		if !in.isThere(g) {
			return nil, admits
		}
		refusal = admits
	}
	if refusal == nil {
		refusal = in.checkProxies(p, g)
	}
	return g, refusal
}

// target says which pods and port a guard is for.
func (in Input) target(p Port) *guard {
	port := targetPort(p.Port)
	return &guard{
		service: p.Service.Name, selector: p.Service.Spec.Selector, port: port,
		opaque: p.Opaque || slices.ContainsFunc(p.Pods, func(pod corev1.Pod) bool { return isOpaque(pod, port) }),
	}
}

// isOpaque reports whether a pod itself says that a port is opaque.
func isOpaque(pod corev1.Pod, port intstr.IntOrString) bool {
	list := pod.Annotations[linkerd.OpaquePortsAnnotation]
	return slices.ContainsFunc(numbers(pod, port), func(n int32) bool { return linkerd.PortsContain(list, n, "") })
}

// targetPort is the port on the pods. Without one it is the Service's own.
func targetPort(p corev1.ServicePort) intstr.IntOrString {
	if p.TargetPort == (intstr.IntOrString{}) {
		return intstr.FromInt32(p.Port)
	}
	return p.TargetPort
}

func (in Input) checkService(p Port, g *guard) *Refusal {
	switch {
	case p.Service.Namespace != in.MeshIngress.Namespace:
		return &Refusal{v1alpha1.ReasonNamespaceNotAllowed, fmt.Sprintf(
			"Service %s/%s is in another namespace, whose clients are not decided on here: remove the backend, "+
				"or spec.authorization", p.Service.Namespace, g.service)}
	case len(g.selector) == 0:
		return &Refusal{v1alpha1.ReasonInvalidBackend, fmt.Sprintf(
			"Service %s has no selector, so that its pods cannot be told: give it one, or remove spec.authorization", g.service)}
	}
	return nil
}

// checkSkipped refuses a port that no proxy sees: who is let in is not Linkerd's to
// decide there.
func (in Input) checkSkipped(p Port, g *guard) *Refusal {
	for _, pod := range p.Pods {
		skipped := linkerd.ParsePorts(pod.Annotations[linkerd.SkipInboundPortsAnnotation])
		for _, n := range numbers(pod, g.port) {
			if skipped.Contains(n) {
				return &Refusal{v1alpha1.ReasonPortSkipped, fmt.Sprintf(
					"port %d of the pods of Service %s bypasses their proxy: take it out of their annotation %s",
					n, g.service, linkerd.SkipInboundPortsAnnotation)}
			}
		}
	}
	return nil
}

// checkProbes refuses a port that the kubelet could not probe any more, unless the user
// lists networks, the nodes' among them: its pods would be restarted for ever.
func (in Input) checkProbes(p Port, g *guard) *Refusal {
	network := func(c v1alpha1.AuthorizedClient) bool { return c.Network != "" }
	asked := in.MeshIngress.Spec.Authorization
	if asked.Policy != v1alpha1.AuthorizationEnforce || slices.ContainsFunc(asked.Clients, network) {
		return nil
	}
	for _, pod := range p.Pods {
		probed, how := injection.ProbedPorts(pod.Spec), "a gRPC or HTTPS probe, which Linkerd lets in for nobody: make it an HTTP probe"
		if g.opaque {
			probed, how = injection.OpaqueProbedPorts(pod.Spec), "a probe, which Linkerd does not see as one on an opaque port: make it a TCP probe"
		}
		for _, n := range numbers(pod, g.port) {
			if slices.Contains(probed, n) {
				return &Refusal{v1alpha1.ReasonOtherClients, fmt.Sprintf(
					"port %d of the pods of Service %s has %s, or list the network of the nodes in spec.authorization.clients",
					n, g.service, how)}
			}
		}
	}
	return nil
}

// checkProxies tells of pods that no Server guards: without a proxy, anybody may call them.
func (Input) checkProxies(p Port, g *guard) *Refusal {
	bare := 0
	for _, pod := range p.Pods {
		if injection.IsBare(&pod) {
			bare++
		}
	}
	if bare == 0 {
		return nil
	}
	return &Refusal{v1alpha1.ReasonNotInjected, fmt.Sprintf(
		"%d of %d pods of Service %s have no proxy of Linkerd, so that anybody may call them: put them into the mesh",
		bare, len(p.Pods), g.service)}
}

func (in Input) checkOthers(p Port, g *guard) *Refusal {
	if len(p.Others) == 0 {
		return nil
	}
	return &Refusal{v1alpha1.ReasonOtherClients, fmt.Sprintf(
		"%s sends requests to Service %s, too, from another ingress controller, which would be kept out: list the "+
			"ServiceAccount of that controller in spec.authorization.clients once it is meshed, or use one class",
		p.Others[0], g.service)}
}

// widest leaves out what another guard covers: a Server for fewer labels of the same
// port. Two Servers for one pod are refused by the policy controller, or one of them
// does nothing.
func widest(guards []guard) []guard {
	var kept []guard
	for i, g := range guards {
		if !slices.ContainsFunc(kept, g.isCoveredBy) && !slices.ContainsFunc(guards[i+1:], g.isStrictlyCoveredBy) {
			kept = append(kept, g)
		}
	}
	return kept
}

func (g guard) isCoveredBy(other guard) bool {
	return other.server == g.server || !other.shared && !g.shared && other.port == g.port && holds(g.selector, other.selector)
}

func (g guard) isStrictlyCoveredBy(other guard) bool {
	return g.isCoveredBy(other) && !maps.Equal(g.selector, other.selector)
}

// holds reports whether labels hold all of a selector.
func holds(labels, selector map[string]string) bool {
	for k, v := range selector {
		if got, ok := labels[k]; !ok || got != v {
			return false
		}
	}
	return true
}

// identities are all that are admitted, sorted.
func (in Input) identities() []v1alpha1.ObjectKey {
	all := slices.Clone(in.Controllers)
	for _, c := range in.MeshIngress.Spec.Authorization.Clients {
		if c.ServiceAccount != nil {
			all = append(all, *c.ServiceAccount)
		}
	}
	if !in.Settled {
		all = append(all, admitted(in.own(KindMeshTLSAuthentication, in.name()))...)
	}
	slices.SortFunc(all, func(a, b v1alpha1.ObjectKey) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return slices.Compact(all)
}

// networks are all that are admitted, sorted.
func (in Input) networks() []string {
	var all []string
	for _, c := range in.MeshIngress.Spec.Authorization.Clients {
		if c.Network != "" {
			all = append(all, c.Network)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

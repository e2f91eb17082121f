// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package injection

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
)

// Claim is what one class asks of one workload.
type Claim struct {
	Workload Workload

	// Target that the annotations go to; empty where none could be found, which is in
	// the way.
	Target Target

	// Annotations for the pods; nil where something is in the way.
	Annotations map[string]string

	// PodSpec are fields of the pod template's spec; nil where there are none, and where
	// Target is no workload.
	PodSpec map[string]any

	// Blocked says what is in the way of injection; empty where nothing is.
	Blocked string
}

// Plan says what each workload of a class needs for a strategy. It asks for
// nothing where injection would fail.
func Plan(class *v1alpha1.MeshIngressClass, strategy v1alpha1.Strategy, d Discovery, c Cluster) []Claim {
	claims := make([]Claim, 0, len(d.Workloads))
	for i := range d.Workloads {
		claims = append(claims, claim(class, strategy, d, i, c))
	}
	return claims
}

func claim(class *v1alpha1.MeshIngressClass, strategy v1alpha1.Strategy, d Discovery, i int, c Cluster) Claim {
	w := d.Workloads[i]
	target, err := chooseTarget(class, d, w, c)
	podSpec := podSpecOn(target, c)
	result := Claim{Workload: w, Target: target, Blocked: blocked(w.with(podSpec), strategy, target, c)}
	switch {
	case result.Blocked != "":
	case err != nil:
		result.Blocked = err.Error()
	default:
		result.Annotations = annotations(strategy, skipInbound(d.Ports[i], target, c.Namespaces[w.Namespace], c.Linkerd))
		d.skipOutbound(result.Annotations, w, c)
		result.PodSpec = podSpec
	}
	return result
}

func annotations(strategy v1alpha1.Strategy, skipInbound string) map[string]string {
	result := map[string]string{linkerd.InjectAnnotation: Mode(strategy)}
	if skipInbound != "" {
		result[linkerd.SkipInboundPortsAnnotation] = skipInbound
	}
	return result
}

// Mode is the value of linkerd.io/inject that a strategy needs.
func Mode(s v1alpha1.Strategy) string {
	if s == v1alpha1.StrategyHeader {
		return linkerd.InjectIngress
	}
	return linkerd.InjectEnabled
}

// blocked says why the injector would not inject the workload's pods, following
// linkerd/linkerd2 pkg/inject/report.go and pkg/healthcheck/sidecar.go.
func blocked(w Workload, strategy v1alpha1.Strategy, target Target, c Cluster) string {
	switch {
	case w.Template.Spec.HostNetwork:
		return "its pods use the host's network, where a proxy cannot take their traffic: set hostNetwork: false"
	case meshContainer(w) != "":
		return fmt.Sprintf("its pod template has the container %q of a mesh, beside which Linkerd does not inject: remove it",
			meshContainer(w))
	case !c.Linkerd.TokenProjection && automountOff(w):
		return "its pods mount no service account token and Linkerd does not project one: " +
			"set automountServiceAccountToken: true, or identity.serviceAccountTokenProjection of Linkerd"
	case c.Linkerd.Injector != nil && excluded(w, c):
		return fmt.Sprintf("Linkerd's injector does not see the namespace %s: move the controller to another one", w.Namespace)
	default:
		return cmp.Or(unseenPods(w, c.Linkerd.Injector), invalidNamespace(c.Namespaces[w.Namespace], target),
			optedOut(w, target), faultyProxy(strategy, c.Linkerd.Version))
	}
}

// meshContainer is the name of a container that a mesh has put into the pod
// template, as `linkerd inject --manual` does; empty where there is none.
func meshContainer(w Workload) string {
	names := []string{linkerd.ProxyContainer, "linkerd-init", "istio-proxy", "istio-init"}
	images := []string{
		"cr.l5d.io/linkerd/proxy:", "cr.l5d.io/linkerd/proxy-init:",
		"gcr.io/istio-release/proxyv2:", "gcr.io/istio-release/proxy_init:",
	}
	for _, c := range w.Containers() {
		ofMesh := func(image string) bool { return strings.HasPrefix(c.Image, image) }
		if slices.Contains(names, c.Name) || slices.ContainsFunc(images, ofMesh) {
			return c.Name
		}
	}
	return ""
}

func automountOff(w Workload) bool {
	automount := w.Template.Spec.AutomountServiceAccountToken
	return automount != nil && !*automount
}

func excluded(w Workload, c Cluster) bool {
	ns := c.Namespaces[w.Namespace]
	return ns != nil && !c.Linkerd.Injector.Sees(ns)
}

// ClassClaim is a Claim and the class that makes it.
type ClassClaim struct {
	Class *v1alpha1.MeshIngressClass
	Claim
}

// Merged is what a target gets from all classes that claim it.
type Merged struct {
	// Annotations; empty where nobody claims it.
	Annotations map[string]string

	// PodSpec are fields of the pod template's spec; nil where there are none.
	PodSpec map[string]any

	// Losers are the names of classes that ask for another mode than an older
	// class, and that older class's name.
	Losers map[string]string
}

// Merge makes one claim of several on one target: the mode of the oldest class, the
// union of the ports, and each field of the pod template's spec as the oldest class that
// sets it wants it. Its pods have one proxy each, so contradicting modes cannot
// both hold.
func Merge(claims []ClassClaim) Merged {
	claims = slices.Clone(claims)
	slices.SortFunc(claims, func(a, b ClassClaim) int {
		if !a.Class.CreationTimestamp.Equal(&b.Class.CreationTimestamp) {
			return a.Class.CreationTimestamp.Compare(b.Class.CreationTimestamp.Time)
		}
		return compareNames(a.Class, b.Class)
	})
	m := Merged{Annotations: map[string]string{}, Losers: map[string]string{}}
	winner := ""
	for _, c := range claims {
		if len(c.Annotations) == 0 {
			continue
		}
		if winner == "" {
			winner = c.Class.Name
			maps.Copy(m.Annotations, c.Annotations)
			m.PodSpec = maps.Clone(c.PodSpec)
			continue
		}
		if c.Annotations[linkerd.InjectAnnotation] != m.Annotations[linkerd.InjectAnnotation] {
			m.Losers[c.Class.Name] = winner
			continue
		}
		mergePorts(m.Annotations, c.Annotations)
		m.PodSpec = mergePodSpec(m.PodSpec, c.PodSpec)
	}
	return m
}

func compareNames(a, b *v1alpha1.MeshIngressClass) int { return cmp.Compare(a.Name, b.Name) }

// mergePorts adds the lists of ports of one claim to those of another.
func mergePorts(into, from map[string]string) {
	for _, key := range []string{linkerd.SkipInboundPortsAnnotation, linkerd.SkipOutboundPortsAnnotation} {
		if ports := linkerd.ParsePorts(into[key]).Union(linkerd.ParsePorts(from[key])); !ports.IsEmpty() {
			into[key] = ports.String()
		}
	}
}

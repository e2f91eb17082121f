// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane_test

import (
	"maps"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/test/builders"
)

// fromScratch is what the annotations of a workload should be, of what users and Helm did
// to its twin and of what the classes are now, whatever the way here was.
func (w *world) fromScratch(ctx SpecContext, p *pair) map[string]string {
	GinkgoHelper()
	want, overrides := w.wanted(ctx, p)
	result := maps.Clone(get(ctx, p.twin).Template.Annotations)
	mode, there := result[inject]
	if there && !overrides && want[inject] != "" && mode != want[inject] {
		return result // without the mode, ports are of no use
	}
	for key, value := range want {
		theirs, there := result[key]
		switch {
		case !there, key == inject:
			result[key] = value
		case ports(theirs, w.ignored).Covers(ports(value)):
		case overrides:
			result[key] = ports(theirs, value).String()
		}
	}
	return result
}

// wanted is what the classes want together, and whether one of them takes over what
// others have set: the mode of the oldest, and all ports of those that agree with it.
func (w *world) wanted(ctx SpecContext, p *pair) (annotations map[string]string, overrides bool) {
	GinkgoHelper()
	annotations = map[string]string{}
	var all linkerd.Ports
	for _, c := range w.classes {
		class := latest(ctx, c)
		if class.Spec.DataPlane.Injection != v1alpha1.InjectionEnforce || !w.isOf(p, class) {
			continue
		}
		overrides = overrides || class.Spec.DataPlane.ConflictPolicy == v1alpha1.ConflictPolicyOverride
		mode := linkerd.InjectEnabled
		if class.Spec.Routing == v1alpha1.RoutingHeader {
			mode = linkerd.InjectIngress
		}
		if annotations[inject] == "" {
			annotations[inject] = mode
		}
		if annotations[inject] == mode {
			all = all.Union(w.skipped(ctx, p, class))
		}
	}
	if !all.IsEmpty() {
		annotations[skipPorts] = all.String()
	}
	return annotations, overrides
}

// isOf reports whether a class serves a workload. Only the first has Traefik's labels.
func (w *world) isOf(p *pair, class *v1alpha1.MeshIngressClass) bool {
	named := class.Spec.DataPlane.Workloads
	return slices.Contains(named, p.real) || len(named) == 0 && p == w.pairs[0]
}

// skipped are the ports of a workload that one class wants past the proxy.
func (w *world) skipped(ctx SpecContext, p *pair, class *v1alpha1.MeshIngressClass) linkerd.Ports {
	GinkgoHelper()
	named := class.Spec.DataPlane.ServiceRef
	key := p.service
	if named != nil {
		key = *named
	}
	svc := latest(ctx, service(key.Namespace, key.Name))
	exposed := named != nil || svc.Spec.Type != corev1.ServiceTypeClusterIP
	if !exposed || class.Spec.DataPlane.ClientIP == v1alpha1.ClientIPIgnore {
		return linkerd.Ports{}
	}
	numbers := map[intstr.IntOrString]int32{intstr.FromString("web"): int32(p.webPort), intstr.FromString("websecure"): 8443}
	var found []int32
	for _, port := range svc.Spec.Ports {
		if number, isNamed := numbers[port.TargetPort]; isNamed {
			found = append(found, number)
		} else {
			found = append(found, port.TargetPort.IntVal)
		}
	}
	inherited := latest(ctx, builders.Namespace(p.real.Namespace)).Annotations[skipPorts]
	return linkerd.PortsOf(found...).Union(ports(w.ignored, inherited))
}

// ports are those of several lists.
func ports(lists ...string) linkerd.Ports {
	var all linkerd.Ports
	for _, list := range lists {
		all = all.Union(linkerd.ParsePorts(list))
	}
	return all
}

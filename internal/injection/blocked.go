// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package injection

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
)

// unseenPods says that the pods' labels keep the injector away.
func unseenPods(w Workload, injector *linkerd.Injector) string {
	if injector == nil || injector.SeesPod(w.Template.Labels) {
		return ""
	}
	return fmt.Sprintf("the objectSelector of %s leaves its pods out for their labels: take from spec.template.metadata.labels "+
		"what it names, linkerd.io/control-plane-component or linkerd.io/cni-resource by default", linkerd.InjectorWebhookName)
}

// invalidNamespace says that the Namespace's value of the annotation is none that the
// injector knows: then it injects no pod there, whatever the pod says (linkerd/linkerd2
// pkg/inject/report.go edge-26.8.3, disabledByAnnotation). Where ours takes its place, it
// is not in the way.
func invalidNamespace(ns *corev1.Namespace, target Target) string {
	known := []string{"", linkerd.InjectEnabled, linkerd.InjectIngress, linkerd.InjectDisabled}
	if ns == nil || isNamespace(target) || slices.Contains(known, ns.Annotations[linkerd.InjectAnnotation]) {
		return ""
	}
	return fmt.Sprintf("its Namespace %s has %s: %q, with which Linkerd injects nothing there: set it to one of %s, or remove it",
		ns.Name, linkerd.InjectAnnotation, ns.Annotations[linkerd.InjectAnnotation], strings.Join(known[1:], ", "))
}

// optedOut says that the pods have a value of their own, with which the injector leaves them
// alone whatever their Namespace says (linkerd/linkerd2 pkg/inject/report.go edge-26.8.3,
// disabledByAnnotation). On a workload itself such a value is a conflict.
func optedOut(w Workload, target Target) string {
	value, isSet := w.Template.Annotations[linkerd.InjectAnnotation]
	if !isNamespace(target) || !isSet || value == "" || injects(value) {
		return ""
	}
	return fmt.Sprintf("its pod template has %s: %q, which counts more than the annotation of its Namespace: take it off "+
		"what the pod template is generated from", linkerd.InjectAnnotation, value)
}

// faultyProxy says that Linkerd's version has a fault that breaks header routing.
func faultyProxy(strategy v1alpha1.Strategy, version string) string {
	if strategy != v1alpha1.StrategyHeader || !linkerd.IngressModeFailsRequests(version) {
		return ""
	}
	return fmt.Sprintf("proxies of Linkerd %s in ingress mode fail requests without %s: "+
		"upgrade Linkerd to 2.13.5 or later, or set spec.routing: ClusterIP", version, linkerd.OverrideHeader)
}

func isNamespace(t Target) bool { return t.Group == "" && t.Kind == "Namespace" }

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane_test

import (
	"fmt"
	"regexp"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/test/builders"
)

// What platform teams do.

func (w *world) createClass(ctx SpecContext) {
	GinkgoHelper()
	if len(w.classes) == 4 {
		return
	}
	// Of two that are made within a second the name decides which is the older.
	class := builders.Class(fmt.Sprintf("c%03d", w.made), v1alpha1.VendorTraefik)
	w.made++
	w.randomize(class)
	w.note("create class %s", describe(class))
	Expect(testEnv.Client.Create(ctx, class)).To(Succeed())
	w.classes = append(w.classes, class)
}

func (w *world) changeClass(ctx SpecContext) {
	GinkgoHelper()
	if len(w.classes) == 0 {
		return
	}
	class := pick(w, w.classes...)
	change(ctx, class, func(c *v1alpha1.MeshIngressClass) {
		w.randomize(c)
		w.note("change class %s", describe(c))
	})
}

func describe(c *v1alpha1.MeshIngressClass) string {
	d := c.Spec.DataPlane
	return fmt.Sprintf("%s: %s %s %s %s %v %v", c.Name, c.Spec.Routing, d.Injection, d.ClientIP, d.ConflictPolicy, d.Workloads, d.ServiceRef)
}

func (w *world) randomize(class *v1alpha1.MeshIngressClass) {
	class.Spec.Routing = pick(w, v1alpha1.RoutingAuto, v1alpha1.RoutingAuto, v1alpha1.RoutingHeader)
	d := &class.Spec.DataPlane
	d.Injection = pick(w, v1alpha1.InjectionEnforce, v1alpha1.InjectionEnforce,
		v1alpha1.InjectionEnforce, v1alpha1.InjectionAudit, v1alpha1.InjectionIgnore)
	d.ClientIP = pick(w, v1alpha1.ClientIPPreserve, v1alpha1.ClientIPPreserve, v1alpha1.ClientIPIgnore)
	d.ConflictPolicy = pick(w, v1alpha1.ConflictPolicyReport, v1alpha1.ConflictPolicyOverride)
	first, second := w.pairs[0], w.pairs[1]
	d.Workloads = pick(w, nil, nil, []v1alpha1.WorkloadReference{first.real}, []v1alpha1.WorkloadReference{second.real},
		[]v1alpha1.WorkloadReference{second.real, first.real})
	d.ServiceRef = pick(w, nil, nil, &first.service, &second.service)
}

func (w *world) deleteClass(ctx SpecContext) {
	GinkgoHelper()
	if len(w.classes) == 0 {
		return
	}
	i := w.IntN(len(w.classes))
	w.note("delete class %s", w.classes[i].Name)
	Expect(testEnv.Client.Delete(ctx, w.classes[i])).To(Succeed())
	w.classes = slices.Delete(w.classes, i, i+1)
}

// upgradeLinkerd changes which ports Linkerd leaves out by itself.
func (w *world) upgradeLinkerd(ctx SpecContext) {
	GinkgoHelper()
	w.ignored = pick(w, "4567,4568", "4567,4568", "4222")
	w.note("linkerd upgrade: ignoreInboundPorts %s", w.ignored)
	config := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "linkerd", Name: linkerd.ConfigMapName}}
	edit(ctx, config, func(cm *corev1.ConfigMap) {
		line := regexp.MustCompile(`ignoreInboundPorts: .*`)
		cm.Data["values"] = line.ReplaceAllString(cm.Data["values"], fmt.Sprintf("ignoreInboundPorts: %q", w.ignored))
	})
}

func (w *world) restart(SpecContext) {
	w.note("restart")
	reconciler = operator.DataPlane()
}

// crash makes one of the next writes fail, or its answer get lost.
func (w *world) crash(ctx SpecContext) {
	k := 1 + w.IntN(8)
	w.note("crash at write %d", k)
	pick(w, operator.Faults.FailWrite, operator.Faults.LoseAnswer)(k)
	w.changeClass(ctx)
}

// What Helm does.

// runHelm lets a release set annotations, and another port.
func (w *world) runHelm(ctx SpecContext) {
	GinkgoHelper()
	p := pick(w, w.pairs...)
	annotations := map[string]any{"team": pick(w, "a", "b")}
	for _, key := range []string{inject, skipPorts} {
		value := pick(w, "", "", linkerd.InjectEnabled, "disabled")
		if key == skipPorts {
			value = pick(w, "", "", "22", "1-10000")
		}
		if value = w.released(ctx, p, key, value); value != "" {
			annotations[key] = value
		}
	}
	webPort := pick(w, p.webPort, p.webPort, 8000, 8001)
	w.note("helm upgrade of %s (Helm 3: %t): %v, port %d", p.real.Name, p.helm3, annotations, webPort)
	p.release(ctx, annotations, webPort)
}

// released is the value that a chart sets in place of one of which nobody would know:
//   - Helm 4 drops a value that a class has taken over, and that is not Helm's any more;
//   - Helm 3 sets a value that a class has set already, and so sets nothing.
func (w *world) released(ctx SpecContext, p *pair, key, value string) string {
	twins, real := get(ctx, p.twin).Template.Annotations[key], get(ctx, p.real).Template.Annotations[key]
	switch {
	case !p.helm3 && value == "" && w.taken(ctx), p.helm3 && value == real && value != twins:
		return twins
	default:
		return value
	}
}

func (w *world) reinstall(ctx SpecContext) {
	GinkgoHelper()
	p := pick(w, w.pairs...)
	w.note("delete %s and install it anew", p.real.Name)
	p.reinstall(ctx)
}

// What users do.

func (w *world) editService(ctx SpecContext) {
	GinkgoHelper()
	p := pick(w, w.pairs...)
	edit(ctx, service(p.service.Namespace, p.service.Name), func(svc *corev1.Service) {
		svc.Spec.Type = pick(w, corev1.ServiceTypeLoadBalancer, corev1.ServiceTypeLoadBalancer, corev1.ServiceTypeClusterIP)
		port := pick(w, intstr.FromString("web"), intstr.FromInt32(9000), intstr.FromInt32(8443))
		svc.Spec.Ports[0].TargetPort = port
		if svc.Spec.Type == corev1.ServiceTypeClusterIP {
			for i := range svc.Spec.Ports {
				svc.Spec.Ports[i].NodePort = 0
			}
		}
		w.note("edit Service %s: %s, %s", svc.Name, svc.Spec.Type, port.String())
	})
}

// editPods sets or removes one annotation with kubectl. A value that is there already is
// not set: the API server keeps no trace of that.
func (w *world) editPods(ctx SpecContext) {
	GinkgoHelper()
	p := pick(w, w.pairs...)
	twins, real := get(ctx, p.twin).Template.Annotations, get(ctx, p.real).Template.Annotations
	key, value := inject, pick(w, "", "disabled")
	if w.IntN(3) > 0 {
		key, value = pick(w, skipPorts, "example.com/theirs"), pick(w, "", "33", "44,55", real[skipPorts]+",7777")
	}
	if value != "" && (twins[key] == value || real[key] == value) {
		return
	}
	w.note("kubectl annotate %s %s=%s", p.real.Name, key, value)
	for _, ref := range []v1alpha1.WorkloadReference{p.real, p.twin} {
		annotate(ctx, ref, map[string]string{key: value})
	}
}

func (w *world) editImage(ctx SpecContext) {
	GinkgoHelper()
	p := pick(w, w.pairs...)
	image := fmt.Sprintf("traefik:v3.%d", w.IntN(3))
	w.note("kubectl set image %s %s", p.real.Name, image)
	for _, ref := range []v1alpha1.WorkloadReference{p.real, p.twin} {
		edit(ctx, object(ctx, ref), func(o *unstructured.Unstructured) {
			containers, _, err := unstructured.NestedSlice(o.Object, "spec", "template", "spec", "containers")
			Expect(err).NotTo(HaveOccurred())
			containers[0].(map[string]any)["image"] = image
			Expect(unstructured.SetNestedSlice(o.Object, containers, "spec", "template", "spec", "containers")).To(Succeed())
		})
	}
}

// editNamespace sets or removes what pods inherit.
func (w *world) editNamespace(ctx SpecContext) {
	GinkgoHelper()
	p := pick(w, w.pairs...)
	key, value := skipPorts, pick(w, "", "1234")
	if w.IntN(3) == 0 {
		key, value = inject, pick(w, "", linkerd.InjectEnabled)
	}
	w.note("kubectl annotate namespace %s %s=%s", p.real.Namespace, key, value)
	edit(ctx, builders.Namespace(p.real.Namespace), func(ns *corev1.Namespace) {
		metav1.SetMetaDataAnnotation(&ns.ObjectMeta, key, value)
		if value == "" {
			delete(ns.Annotations, key)
		}
	})
}

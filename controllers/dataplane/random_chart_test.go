// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane_test

import (
	"encoding/json"
	"maps"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/expect"
	"github.com/meshingress/meshingress/test/fixtures"
)

// pair is a workload of Traefik's and its twin, which no class knows of. Users and Helm do
// to the twin what they do to the other, so that it shows what that would be without the
// operator.
type pair struct {
	real, twin v1alpha1.WorkloadReference

	// service leads to the pods.
	service v1alpha1.ObjectKey

	// helm3 is true where Helm compares and patches, as Helm 3 does. Helm 4 applies on
	// the server.
	helm3 bool

	// annotations and webPort are those of the last release.
	annotations map[string]any
	webPort     int64

	// manifests are those of the last release, by name, where helm3 compares with them.
	manifests map[string]*unstructured.Unstructured
}

// install installs Traefik as a Deployment and once more as a DaemonSet, each with a twin.
func (w *world) install(ctx SpecContext) {
	GinkgoHelper()
	objects, err := fixtures.Objects(fixtures.Traefik)
	Expect(err).NotTo(HaveOccurred())
	for _, o := range objects {
		if o.GetKind() != "Deployment" {
			expect.ExpectApplied(ctx, testEnv.Client, o)
		}
	}
	edge := service("infra", "edge")
	edge.Spec.Type = corev1.ServiceTypeNodePort
	edge.Spec.Selector = map[string]string{"app.kubernetes.io/name": "edge"}
	edge.Spec.Ports = []corev1.ServicePort{{Name: "web", Port: 80, TargetPort: intstr.FromString("web")}}
	expect.ExpectApplied(ctx, testEnv.Client, builders.Namespace("infra"), edge)
	workload := func(kind, namespace, name string) v1alpha1.WorkloadReference {
		return v1alpha1.WorkloadReference{Kind: kind, Namespace: namespace, Name: name}
	}
	w.pairs = []*pair{{
		real: traefikWorkload, twin: workload("Deployment", "traefik", "twin"),
		service: v1alpha1.ObjectKey{Namespace: "traefik", Name: "traefik"},
	}, {
		real: workload("DaemonSet", "infra", "edge"), twin: workload("DaemonSet", "infra", "twin"),
		service: v1alpha1.ObjectKey{Namespace: "infra", Name: "edge"},
	}}
	helm3 := w.IntN(2)
	for i, p := range w.pairs {
		p.helm3 = i == helm3
		p.release(ctx, map[string]any{"team": "a"}, 8000)
		p.release(ctx, map[string]any{"team": "b"}, 8000)
	}
	DeferCleanup(w.leave)
}

// leave takes back what specs do not clean up.
func (w *world) leave(ctx SpecContext) {
	for _, p := range w.pairs {
		edit(ctx, builders.Namespace(p.real.Namespace), func(ns *corev1.Namespace) { ns.Annotations = nil })
	}
}

// release installs or upgrades both workloads, with annotations on their pods.
func (p *pair) release(ctx SpecContext, annotations map[string]any, webPort int64) {
	GinkgoHelper()
	p.annotations, p.webPort = annotations, webPort
	for _, ref := range []v1alpha1.WorkloadReference{p.real, p.twin} {
		o := p.manifest(ref)
		if p.helm3 {
			p.comparesAndPatches(ctx, o)
			continue
		}
		body := client.ApplyConfigurationFromUnstructured(o)
		Expect(testEnv.Client.Apply(ctx, body, client.FieldOwner("helm"), client.ForceOwnership)).To(Succeed())
	}
}

// reinstall deletes both workloads and makes them anew.
func (p *pair) reinstall(ctx SpecContext) {
	GinkgoHelper()
	for _, ref := range []v1alpha1.WorkloadReference{p.real, p.twin} {
		Expect(testEnv.Client.Delete(ctx, object(ctx, ref))).To(Succeed())
	}
	p.manifests = nil
	p.release(ctx, p.annotations, p.webPort)
}

// manifest is what the chart renders.
func (p *pair) manifest(ref v1alpha1.WorkloadReference) *unstructured.Unstructured {
	GinkgoHelper()
	objects, err := fixtures.Objects(fixtures.Traefik)
	Expect(err).NotTo(HaveOccurred())
	var d appsv1.Deployment
	for _, o := range objects {
		if o.GetKind() == "Deployment" {
			Expect(runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &d)).To(Succeed())
		}
	}
	container := &d.Spec.Template.Spec.Containers[0]
	for i := range container.Ports {
		if container.Ports[i].Name == "web" {
			container.Ports[i].ContainerPort = int32(p.webPort)
		}
	}
	d.Spec.Template.Labels["app.kubernetes.io/name"] = ref.Name
	d.Spec.Template.Annotations = nil
	template, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&d.Spec.Template)
	Expect(err).NotTo(HaveOccurred())
	template["metadata"].(map[string]any)["annotations"] = maps.Clone(p.annotations)
	unstructured.RemoveNestedField(template, "metadata", "creationTimestamp")
	o := route("apps", "v1", ref.Kind)
	o.SetNamespace(ref.Namespace)
	o.SetName(ref.Name)
	o.Object["spec"] = map[string]any{
		"selector": map[string]any{"matchLabels": map[string]any{"app.kubernetes.io/name": ref.Name}},
		"template": template,
	}
	return o
}

// comparesAndPatches is an upgrade by Helm 3: a patch of what differs from the last release
// and from the live object (helm/helm v3.19.0 pkg/kube/client.go, createPatch).
func (p *pair) comparesAndPatches(ctx SpecContext, o *unstructured.Unstructured) {
	GinkgoHelper()
	last := p.manifests[o.GetName()]
	if p.manifests == nil {
		p.manifests = map[string]*unstructured.Unstructured{}
	}
	p.manifests[o.GetName()] = o.DeepCopy()
	if last == nil {
		Expect(testEnv.Client.Create(ctx, o, client.FieldOwner("helm"))).To(Succeed())
		return
	}
	live := object(ctx, v1alpha1.WorkloadReference{Kind: o.GetKind(), Namespace: o.GetNamespace(), Name: o.GetName()})
	var documents [][]byte
	for _, each := range []*unstructured.Unstructured{last, o, live} {
		document, err := json.Marshal(each)
		Expect(err).NotTo(HaveOccurred())
		documents = append(documents, document)
	}
	var kind runtime.Object = &appsv1.Deployment{}
	if o.GetKind() == "DaemonSet" {
		kind = &appsv1.DaemonSet{}
	}
	meta, err := strategicpatch.NewPatchMetaFromStruct(kind)
	Expect(err).NotTo(HaveOccurred())
	patch, err := strategicpatch.CreateThreeWayMergePatch(documents[0], documents[1], documents[2], meta, true)
	Expect(err).NotTo(HaveOccurred())
	if string(patch) != "{}" {
		raw := client.RawPatch(types.StrategicMergePatchType, patch)
		Expect(testEnv.Client.Patch(ctx, live, raw, client.FieldOwner("helm"))).To(Succeed())
	}
}

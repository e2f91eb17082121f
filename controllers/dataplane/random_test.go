// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/expect"
	"github.com/meshingress/meshingress/test/fixtures"
)

// seeds of the sequences. The environment variable MESHINGRESS_SEED names another one.
func seeds() []uint64 {
	if text, ok := os.LookupEnv("MESHINGRESS_SEED"); ok {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			panic(err)
		}
		return []uint64{seed}
	}
	return []uint64{2}
}

// twin is a workload like Traefik's that no class knows of. Users and Helm do to it what
// they do to Traefik's, so that it shows what Traefik's would be without the operator.
var twin = v1alpha1.WorkloadReference{Kind: "Deployment", Namespace: "traefik", Name: "twin"}

// world is what a random sequence goes through.
type world struct {
	*rand.Rand
	classes []*v1alpha1.MeshIngressClass
	made    int
	trace   []string
}

func (w *world) note(format string, args ...any) {
	w.trace = append(w.trace, fmt.Sprintf(format, args...))
}

func pick[T any](w *world, items ...T) T { return items[w.IntN(len(items))] }

var _ = Describe("A random sequence of what users, Helm and platform teams do", func() {
	for _, seed := range seeds() {
		It(fmt.Sprintf("ends as if each had been alone, with as few rollouts as can be (seed %d)", seed), func(ctx SpecContext) {
			w := &world{Rand: rand.New(rand.NewPCG(seed, 0))}
			DeferCleanup(func() {
				if CurrentSpecReport().Failed() {
					for i, line := range w.trace[max(0, len(w.trace)-20):] {
						GinkgoWriter.Println(i, line)
					}
				}
			})
			installLinkerd(ctx)
			installTwins(ctx)
			for range 200 {
				w.step(ctx)
				w.expectSettles(ctx)
			}
			for _, class := range w.classes {
				Expect(testEnv.Client.Delete(ctx, class)).To(Succeed())
				w.settle(ctx)
			}
			Expect(asIfAlone(ctx, traefikWorkload)).To(Equal(asIfAlone(ctx, twin)))
		})
	}
})

// installTwins installs Traefik and its twin, as Helm does.
func installTwins(ctx SpecContext) {
	GinkgoHelper()
	objects, err := fixtures.Objects(fixtures.Traefik)
	Expect(err).NotTo(HaveOccurred())
	for _, o := range objects {
		if o.GetKind() != "Deployment" {
			expect.ExpectApplied(ctx, testEnv.Client, o)
		}
	}
	helmApply(ctx, map[string]any{"team": "a"})
}

// helmApply applies both Deployments with annotations on their pods.
func helmApply(ctx SpecContext, annotations map[string]any) {
	GinkgoHelper()
	objects, err := fixtures.Objects(fixtures.Traefik)
	Expect(err).NotTo(HaveOccurred())
	for _, o := range objects {
		if o.GetKind() != "Deployment" {
			continue
		}
		Expect(unstructured.SetNestedMap(o.Object, annotations, "spec", "template", "metadata", "annotations")).To(Succeed())
		second := o.DeepCopy()
		second.SetName(twin.Name)
		for _, path := range [][]string{{"spec", "selector", "matchLabels"}, {"spec", "template", "metadata", "labels"}} {
			path = append(path, "app.kubernetes.io/name")
			Expect(unstructured.SetNestedField(second.Object, "twin", path...)).To(Succeed())
		}
		for _, each := range []*unstructured.Unstructured{o, second} {
			body := client.ApplyConfigurationFromUnstructured(each)
			Expect(testEnv.Client.Apply(ctx, body, client.FieldOwner("helm"), client.ForceOwnership)).To(Succeed())
		}
	}
}

// step does one thing that somebody may do.
func (w *world) step(ctx SpecContext) {
	GinkgoHelper()
	steps := []func(SpecContext){
		w.createClass, w.changeClass, w.changeClass, w.deleteClass, w.editService, w.editService,
		w.runHelm, w.runHelm, w.editPods, w.editPods, w.editImage, w.restart, w.crash,
	}
	steps[w.IntN(len(steps))](ctx)
}

func (w *world) createClass(ctx SpecContext) {
	GinkgoHelper()
	if len(w.classes) == 4 {
		return
	}
	class := builders.Class(fmt.Sprintf("c%d", w.made), v1alpha1.VendorTraefik)
	w.made++
	w.randomize(class)
	w.note("create class %s: %s %s", class.Name, class.Spec.Routing, describe(class))
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
		w.note("change class %s: %s %s", c.Name, c.Spec.Routing, describe(c))
	})
}

func describe(c *v1alpha1.MeshIngressClass) string {
	d := c.Spec.DataPlane
	return fmt.Sprintf("%s %s %s", d.Injection, d.ClientIP, d.ConflictPolicy)
}

func (w *world) randomize(class *v1alpha1.MeshIngressClass) {
	class.Spec.Routing = pick(w, v1alpha1.RoutingAuto, v1alpha1.RoutingAuto, v1alpha1.RoutingHeader)
	class.Spec.DataPlane.Injection = pick(w, v1alpha1.InjectionEnforce, v1alpha1.InjectionEnforce,
		v1alpha1.InjectionEnforce, v1alpha1.InjectionAudit, v1alpha1.InjectionIgnore)
	class.Spec.DataPlane.ClientIP = pick(w, v1alpha1.ClientIPPreserve, v1alpha1.ClientIPPreserve, v1alpha1.ClientIPIgnore)
	class.Spec.DataPlane.ConflictPolicy = pick(w, v1alpha1.ConflictPolicyReport, v1alpha1.ConflictPolicyOverride)
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

func (w *world) editService(ctx SpecContext) {
	GinkgoHelper()
	edit(ctx, service("traefik", "traefik"), func(svc *corev1.Service) {
		svc.Spec.Type = pick(w, corev1.ServiceTypeLoadBalancer, corev1.ServiceTypeLoadBalancer, corev1.ServiceTypeClusterIP)
		port := pick(w, intstr.FromString("web"), intstr.FromInt32(9000), intstr.FromInt32(8443))
		svc.Spec.Ports[0].TargetPort = port
		if svc.Spec.Type == corev1.ServiceTypeClusterIP {
			for i := range svc.Spec.Ports {
				svc.Spec.Ports[i].NodePort = 0
			}
		}
		w.note("edit Service: %s, %s", svc.Spec.Type, port.String())
	})
}

// runHelm lets a release set annotations. A chart does not drop a value that a class has
// taken over: it is not Helm's any more, so nobody is told.
func (w *world) runHelm(ctx SpecContext) {
	GinkgoHelper()
	annotations := map[string]any{"team": pick(w, "a", "b")}
	theirs := get(ctx, twin).Template.Annotations
	for key, values := range map[string][]string{
		inject: {"", "", linkerd.InjectEnabled, "disabled"}, skipPorts: {"", "", "22", "1-10000"},
	} {
		value := pick(w, values...)
		if value == "" && w.taken(ctx) {
			value = theirs[key]
		}
		if value != "" {
			annotations[key] = value
		}
	}
	w.note("helm upgrade: %v", annotations)
	helmApply(ctx, annotations)
}

func (w *world) taken(ctx SpecContext) bool {
	return slices.ContainsFunc(w.classes, func(c *v1alpha1.MeshIngressClass) bool {
		return len(latest(ctx, c).Status.Overridden) > 0
	})
}

// editPods sets or removes one annotation with kubectl. A value that is there already is
// not set: the API server keeps no trace of that.
func (w *world) editPods(ctx SpecContext) {
	GinkgoHelper()
	key, value := inject, pick(w, "", "disabled")
	if w.IntN(3) > 0 {
		key, value = pick(w, skipPorts, "example.com/theirs"), pick(w, "", "33", "44,55")
	}
	if value != "" && get(ctx, twin).Template.Annotations[key] == value {
		return
	}
	w.note("kubectl annotate %s=%s", key, value)
	for _, ref := range []v1alpha1.WorkloadReference{traefikWorkload, twin} {
		annotate(ctx, ref, map[string]string{key: value})
	}
}

func (w *world) editImage(ctx SpecContext) {
	GinkgoHelper()
	image := fmt.Sprintf("traefik:v3.%d", w.IntN(3))
	w.note("kubectl set image %s", image)
	for _, ref := range []v1alpha1.WorkloadReference{traefikWorkload, twin} {
		edit(ctx, deployment(ref), func(d *appsv1.Deployment) { d.Spec.Template.Spec.Containers[0].Image = image })
	}
}

func (w *world) restart(SpecContext) {
	w.note("restart")
	reconciler = operator.DataPlane()
}

// crash makes one of the next writes fail, or its answer get lost.
func (w *world) crash(ctx SpecContext) {
	k := 1 + w.IntN(5)
	w.note("crash at write %d", k)
	pick(w, operator.Faults.FailWrite, operator.Faults.LoseAnswer)(k)
	w.changeClass(ctx)
}

// expectSettles lets the operator do its work, and expects that the pod template is as
// one would make it from nothing, after one change at most.
func (w *world) expectSettles(ctx SpecContext) {
	GinkgoHelper()
	before, start := get(ctx, traefikWorkload).Template.Annotations, generation(ctx, traefikWorkload)
	w.settle(ctx)
	want := w.fromScratch(ctx)
	Expect(get(ctx, traefikWorkload).Template.Annotations).To(Equal(want))
	changes := int64(1)
	if maps.Equal(before, want) {
		changes = 0
	}
	Expect(generation(ctx, traefikWorkload)-start).To(Equal(changes), "changes of the pod template from %v", before)
}

// settle lets every class come to rest, the rollouts included.
func (w *world) settle(ctx SpecContext) {
	GinkgoHelper()
	for range 5 {
		before := len(operator.Writes.Writes())
		rollOut(ctx, traefikWorkload)
		var list v1alpha1.MeshIngressClassList
		Expect(testEnv.Client.List(ctx, &list)).To(Succeed())
		for i := range list.Items {
			persistWith(ctx, reconciler, &list.Items[i])
		}
		if len(operator.Writes.Writes()) == before {
			break
		}
	}
	operator.Faults.Clear()
	expectHonest(ctx)
}

// fromScratch is what the annotations should be, of what users and Helm did and what the
// classes are now.
func (w *world) fromScratch(ctx SpecContext) map[string]string {
	GinkgoHelper()
	want, overrides := w.wanted(ctx)
	result := maps.Clone(get(ctx, twin).Template.Annotations)
	mode, there := result[inject]
	if there && !overrides && want[inject] != "" && mode != want[inject] {
		return result
	}
	for key, value := range want {
		theirs, there := result[key]
		switch {
		case !there, key == inject:
			result[key] = value
		case linkerd.ParsePorts(theirs).Covers(linkerd.ParsePorts(value)):
		case overrides:
			result[key] = linkerd.ParsePorts(theirs).Union(linkerd.ParsePorts(value)).String()
		}
	}
	return result
}

// wanted is what the classes want together, and whether one of them takes over what
// others have set.
func (w *world) wanted(ctx SpecContext) (annotations map[string]string, overrides bool) {
	GinkgoHelper()
	cluster := injection.Cluster{Linkerd: linkerd.Unknown(), Workloads: []injection.Workload{get(ctx, traefikWorkload)}}
	cluster.Linkerd.IgnoreInboundPorts = "4567,4568"
	svc := latest(ctx, service("traefik", "traefik"))
	cluster.Services = append(cluster.Services, svc)
	var claims []injection.ClassClaim
	for _, c := range w.classes {
		class := latest(ctx, c)
		if class.Spec.DataPlane.Injection != v1alpha1.InjectionEnforce {
			continue
		}
		provider, _ := operator.Registry.Get(v1alpha1.VendorTraefik)
		found, err := injection.Discover(class, provider.Describe().DataPlane, cluster)
		Expect(err).NotTo(HaveOccurred())
		strategy := v1alpha1.StrategyClusterIP
		if class.Spec.Routing == v1alpha1.RoutingHeader {
			strategy = v1alpha1.StrategyHeader
		}
		for _, claim := range injection.Plan(class, strategy, found, cluster) {
			claims = append(claims, injection.ClassClaim{Class: class, Claim: claim})
		}
		overrides = overrides || class.Spec.DataPlane.ConflictPolicy == v1alpha1.ConflictPolicyOverride
	}
	return injection.Merge(claims).Annotations, overrides
}

// asIfAlone is a Deployment but for what names it: its pod template, and who manages
// which of its fields.
func asIfAlone(ctx SpecContext, ref v1alpha1.WorkloadReference) map[string]any {
	GinkgoHelper()
	o := object(ctx, ref)
	managers := map[string]any{}
	for _, m := range o.GetManagedFields() {
		if m.Subresource == "" {
			managers[m.Manager+" "+string(m.Operation)] = string(m.FieldsV1.GetRawBytes())
		}
	}
	template, _, err := unstructured.NestedMap(o.Object, "spec", "template")
	Expect(err).NotTo(HaveOccurred())
	unstructured.RemoveNestedField(template, "metadata", "labels")
	return map[string]any{"template": template, "managers": managers}
}

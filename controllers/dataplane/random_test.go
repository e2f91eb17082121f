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
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/controllertest"
)

// stepsPerSeed is how much happens in a sequence.
const stepsPerSeed = 200

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

// world is what a random sequence goes through: two workloads, and classes of either or
// both of them.
type world struct {
	*rand.Rand
	classes []*v1alpha1.MeshIngressClass // the oldest first
	pairs   []*pair
	made    int
	trace   []string

	// ignored are the ports that Linkerd leaves out by itself.
	ignored string
}

func (w *world) note(format string, args ...any) {
	w.trace = append(w.trace, fmt.Sprintf(format, args...))
}

func pick[T any](w *world, items ...T) T { return items[w.IntN(len(items))] }

var _ = Describe("A random sequence of what users, Helm and platform teams do", func() {
	for _, seed := range seeds() {
		It(fmt.Sprintf("ends as if each had been alone, with as few rollouts as can be (seed %d)", seed), func(ctx SpecContext) {
			w := &world{Rand: rand.New(rand.NewPCG(seed, 0)), ignored: "4567,4568"}
			DeferCleanup(func() {
				if CurrentSpecReport().Failed() {
					for i, line := range w.trace {
						GinkgoWriter.Println(i, line)
					}
				}
			})
			installLinkerd(ctx)
			w.install(ctx)
			for made := 0; made < stepsPerSeed; {
				// What is set back in two steps one after the other is to be taken again in each.
				pass(10 * time.Minute)
				// The operator may be away while several things happen.
				w.note("---")
				for range pick(w, 1, 1, 2, 3) {
					w.step(ctx)
					made++
				}
				w.expectSettles(ctx)
			}
			w.expectRestored(ctx)
		})
	}
})

// step does one thing that somebody may do.
func (w *world) step(ctx SpecContext) {
	GinkgoHelper()
	steps := []func(SpecContext){
		w.createClass, w.changeClass, w.changeClass, w.changeClass, w.deleteClass,
		w.editService, w.editService, w.runHelm, w.runHelm, w.runHelm, w.reinstall,
		w.editPods, w.editPods, w.editPods, w.editImage, w.editNamespace, w.upgradeLinkerd, w.restart, w.crash,
	}
	steps[w.IntN(len(steps))](ctx)
}

// expectSettles lets the operator do its work, and expects that each pod template is as
// one would make it from nothing, after one change at most.
func (w *world) expectSettles(ctx SpecContext) {
	GinkgoHelper()
	var starts []int64
	var befores []map[string]string
	for _, p := range w.pairs {
		starts = append(starts, generation(ctx, p.real))
		befores = append(befores, get(ctx, p.real).Template.Annotations)
	}
	w.settle(ctx)
	for i, p := range w.pairs {
		want := w.fromScratch(ctx, p)
		Expect(get(ctx, p.real).Template.Annotations).To(Equal(want), "%v", p.real)
		changes := int64(1)
		if maps.Equal(befores[i], want) {
			changes = 0
		}
		Expect(generation(ctx, p.real)-starts[i]).To(Equal(changes),
			"changes of the pod template of %v from %v to %v", p.real, befores[i], want)
	}
}

// expectRestored lets all classes go, and expects that nothing is left of them.
func (w *world) expectRestored(ctx SpecContext) {
	GinkgoHelper()
	for len(w.classes) > 0 {
		w.deleteClass(ctx)
		w.settle(ctx)
	}
	for _, p := range w.pairs {
		Expect(asIfAlone(ctx, p.real)).To(Equal(asIfAlone(ctx, p.twin)))
	}
}

// settle lets every class come to rest, in any order, the rollouts included.
func (w *world) settle(ctx SpecContext) {
	GinkgoHelper()
	for range 20 {
		before := len(operator.Writes.Writes())
		for _, p := range w.pairs {
			rollOut(ctx, p.real)
		}
		var list v1alpha1.MeshIngressClassList
		Expect(testEnv.Client.List(ctx, &list)).To(Succeed())
		w.Shuffle(len(list.Items), func(i, j int) { list.Items[i], list.Items[j] = list.Items[j], list.Items[i] })
		failed := false
		for i := range list.Items {
			_, err := controllertest.Reconcile(ctx, reconciler, &list.Items[i])
			failed = failed || err != nil
		}
		if !failed && len(operator.Writes.Writes()) == before {
			operator.Faults.Clear()
			expectHonest(ctx)
			return
		}
	}
	Fail("the classes do not come to rest")
}

// asIfAlone is a workload but for what names it: its pod template, and who manages which
// of its fields.
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

// taken reports whether some class holds what others have set.
func (w *world) taken(ctx SpecContext) bool {
	return slices.ContainsFunc(w.classes, func(c *v1alpha1.MeshIngressClass) bool {
		return len(latest(ctx, c).Status.Overridden) > 0
	})
}

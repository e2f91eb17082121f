// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane_test

import (
	"strconv"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/base"
	"github.com/meshingress/meshingress/controllers/internal/controllertest"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/env"
	"github.com/meshingress/meshingress/test/expect"
	"github.com/meshingress/meshingress/test/fixtures"
)

// authorizerTimeout is far above what the API server needs to see a change of a role.
const authorizerTimeout = time.Minute

var _ = Describe("A class that is deleted", func() {
	var class *v1alpha1.MeshIngressClass

	BeforeEach(func(ctx SpecContext) {
		installLinkerd(ctx)
		install(ctx, fixtures.Traefik)
		class = newClass(ctx, "traefik", v1alpha1.VendorTraefik)
		settle(ctx, class)
	})

	It("leaves what users did in the meantime", func(ctx SpecContext) {
		edit(ctx, deployment(traefikWorkload), func(d *appsv1.Deployment) {
			d.Spec.Replicas = new(int32)
			d.Spec.Template.Labels["theirs"] = "label"
			d.Spec.Template.Annotations["example.com/theirs"] = "annotation"
			delete(d.Spec.Template.Annotations, "prometheus.io/scrape")
		})
		annotate(ctx, traefikWorkload, map[string]string{inject: "disabled"})
		settle(ctx, class)
		remove(ctx, class)
		d := latest(ctx, deployment(traefikWorkload))
		Expect(d.Spec.Replicas).To(HaveValue(BeZero()))
		Expect(d.Spec.Template.Labels).To(HaveKeyWithValue("theirs", "label"))
		Expect(d.Spec.Template.Annotations).To(Equal(map[string]string{
			"prometheus.io/path": "/metrics", "prometheus.io/port": "9100", "example.com/theirs": "annotation", inject: "disabled",
		}))
	})

	It("goes without its workload", func(ctx SpecContext) {
		Expect(testEnv.Client.Delete(ctx, object(ctx, traefikWorkload))).To(Succeed())
		remove(ctx, class)
		expect.ExpectNotFound(ctx, testEnv.Client, deployment(traefikWorkload))
	})

	It("does not touch a workload that was made anew", func(ctx SpecContext) {
		Expect(testEnv.Client.Delete(ctx, object(ctx, traefikWorkload))).To(Succeed())
		install(ctx, fixtures.Traefik)
		before := snapshot(ctx)
		remove(ctx, class)
		expectSame(ctx, before)
	})

	It("goes without the vendor's other objects, and without its Namespaces' Services", func(ctx SpecContext) {
		Expect(testEnv.Client.Delete(ctx, service("traefik", "traefik"))).To(Succeed())
		remove(ctx, class)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(BeEmpty())
	})

	It("waits where it may not take back what it wrote, and says so", func(ctx SpecContext) {
		forbidden := forbid(ctx, "deployments")
		expect.ExpectDeleted(ctx, testEnv.Client, class)
		Expect(reconcileOnce(ctx, class)).To(HaveField("RequeueAfter", base.RetryDenied), "so that it is tried again, and not at once")
		condition := expect.ExpectCondition(ctx, testEnv.Client, class, v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonReleasing)
		Expect(condition.Message).To(ContainSubstring("forbidden"))
		Expect(linkerdAnnotations(ctx, traefikWorkload)).NotTo(BeEmpty())

		forbidden()
		settle(ctx, class)
		expect.ExpectNotFound(ctx, testEnv.Client, class)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(BeEmpty())
	})

	It("that was never reconciled goes at once", func(ctx SpecContext) {
		other := newClass(ctx, "other", v1alpha1.VendorTraefik)
		expect.ExpectDeleted(ctx, testEnv.Client, other)
		operator.Writes.Reset()
		Expect(reconcileOnce(ctx, other)).To(BeZero())
		Expect(operator.Writes.Writes()).To(BeEmpty())
	})
})

var _ = Describe("A write that is forbidden", func() {
	It("is said, and tried again later", func(ctx SpecContext) {
		installLinkerd(ctx)
		install(ctx, fixtures.Traefik)
		allowAgain := forbid(ctx, "deployments")
		class := newClass(ctx, "traefik", v1alpha1.VendorTraefik)
		_, err := reconcileOnce(ctx, class)
		Expect(err).NotTo(HaveOccurred())
		result, err := reconcileOnce(ctx, class)
		Expect(err).NotTo(HaveOccurred())
		Expect(result.RequeueAfter).To(BeNumerically(">=", 60e9))
		expectUnmeshed(ctx, class, v1alpha1.ReasonForbidden, "Deployment traefik/traefik")
		expect.ExpectNoCondition(ctx, testEnv.Client, class, v1alpha1.ConditionConflicted)

		allowAgain()
		settle(ctx, class)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).NotTo(BeEmpty())
	})
})

// forbid takes the right to patch workloads from the operator, until the function
// that it returns is called.
func forbid(ctx SpecContext, resource string) (allowAgain func()) {
	GinkgoHelper()
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "meshingress-manager"}}
	before := latest(ctx, role)
	edit(ctx, role, func(role *rbacv1.ClusterRole) {
		for i, rule := range role.Rules {
			for _, r := range rule.Resources {
				if r == resource {
					role.Rules[i].Verbs = []string{"get", "list", "watch"}
				}
			}
		}
	})
	waitUntilAllowed(ctx, false)
	allow := func() {
		edit(ctx, role, func(role *rbacv1.ClusterRole) { role.Rules = before.Rules })
		waitUntilAllowed(ctx, true)
	}
	DeferCleanup(func(cleanup SpecContext) {
		edit(cleanup, role, func(role *rbacv1.ClusterRole) { role.Rules = before.Rules })
	})
	return allow
}

// waitUntilAllowed waits until the API server's authorizer has seen a change of a
// role: it watches roles like everybody else.
func waitUntilAllowed(ctx SpecContext, want bool) {
	GinkgoHelper()
	Eventually(func() bool {
		nothing := client.RawPatch(types.MergePatchType, []byte("{}"))
		return operator.Client.Patch(ctx, object(ctx, traefikWorkload), nothing, client.DryRunAll) == nil
	}).WithTimeout(authorizerTimeout).Should(Equal(want))
}

var _ = Describe("Two classes on one workload", func() {
	var first, second *v1alpha1.MeshIngressClass

	BeforeEach(func(ctx SpecContext) {
		installLinkerd(ctx)
		install(ctx, fixtures.Traefik)
		// The names decide, because both are made within a second.
		first = newClass(ctx, "a-first", v1alpha1.VendorTraefik, builders.WithServiceRef("traefik", "traefik"))
	})

	It("add up their ports in one rollout, and the last one lets go", func(ctx SpecContext) {
		before := snapshot(ctx)
		start := generation(ctx, traefikWorkload)
		internal := service("traefik", "internal")
		internal.Spec.Ports = []corev1.ServicePort{
			{Name: "web", Port: 80, TargetPort: intstr.FromInt32(9000)},
			{Name: "same", Port: 81, TargetPort: intstr.FromInt32(8443)},
		}
		expect.ExpectApplied(ctx, testEnv.Client, internal)
		second = newClass(ctx, "b-second", v1alpha1.VendorTraefik, builders.WithServiceRef("traefik", "internal"))

		settle(ctx, first, second, first)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(Equal(map[string]string{inject: "enabled", skipPorts: "4567,4568,8000,8443,9000"}))
		Expect(generation(ctx, traefikWorkload)).To(Equal(start+1), "one rollout for both")
		rollOut(ctx, traefikWorkload)
		settle(ctx, first, second)
		expectReady(ctx, first)
		expectReady(ctx, second)

		By("the first goes, and takes its ports with it")
		remove(ctx, first)
		settle(ctx, second)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(Equal(map[string]string{inject: "enabled", skipPorts: "4567,4568,8443,9000"}))
		Expect(generation(ctx, traefikWorkload)).To(Equal(start + 2))

		By("the last goes, with one write")
		operator.Writes.Reset()
		remove(ctx, second)
		Expect(workloadWrites()).To(HaveLen(1))
		Expect(generation(ctx, traefikWorkload)).To(Equal(start + 3))
		Expect(testEnv.Client.Delete(ctx, internal)).To(Succeed())
		removePods(ctx, traefikWorkload)
		forgetStatus(ctx, traefikWorkload)
		expectSame(ctx, before)
	})

	It("of which the first goes change nothing where the second wants the same", func(ctx SpecContext) {
		second = newClass(ctx, "b-second", v1alpha1.VendorTraefik)
		settle(ctx, first, second)
		operator.Writes.Reset()
		remove(ctx, first)
		settle(ctx, second)
		Expect(workloadWrites()).To(BeEmpty())
		remove(ctx, second)
		Expect(workloadWrites()).To(HaveLen(1))
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(BeEmpty())
	})

	It("that contradict each other follow the older, and the younger says so", func(ctx SpecContext) {
		settle(ctx, first)
		rollOut(ctx, traefikWorkload)
		second = newClass(ctx, "b-second", v1alpha1.VendorTraefik, builders.WithRouting(v1alpha1.RoutingHeader))
		operator.Writes.Reset()
		settle(ctx, second, first)
		Expect(workloadWrites()).To(BeEmpty())
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(HaveKeyWithValue(inject, "enabled"))
		expectReady(ctx, first)
		expectUnmeshed(ctx, second, v1alpha1.ReasonFieldConflict, "a-first", "spec.routing")

		By("the older goes, and the younger has its way in one rollout")
		start := generation(ctx, traefikWorkload)
		remove(ctx, first)
		settle(ctx, second)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(Equal(map[string]string{inject: "ingress", skipPorts: "4567,4568,8000,8443"}))
		Expect(generation(ctx, traefikWorkload)).To(Equal(start + 1))
	})

	It("of which one goes are not held up by a conflict of the other", func(ctx SpecContext) {
		second = newClass(ctx, "b-second", v1alpha1.VendorTraefik)
		settle(ctx, first, second)
		annotate(ctx, traefikWorkload, map[string]string{inject: "disabled"})
		remove(ctx, first)
		settle(ctx, second)
		expectUnmeshed(ctx, second, v1alpha1.ReasonFieldConflict, "kubectl-edit")
	})

	It("of which one only observes are written by the other alone", func(ctx SpecContext) {
		second = newClass(ctx, "b-second", v1alpha1.VendorTraefik,
			builders.WithRouting(v1alpha1.RoutingHeader), builders.WithInjection(v1alpha1.InjectionAudit))
		settle(ctx, second, first)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(HaveKeyWithValue(inject, "enabled"))
		remove(ctx, second)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(HaveKeyWithValue(inject, "enabled"))
		remove(ctx, first)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(BeEmpty())
	})

	It("of which the older is not accepted are not ruled by it", func(ctx SpecContext) {
		install(ctx, fixtures.IngressNginx)
		rejected := newClass(ctx, "0-rejected", v1alpha1.VendorIngressNginx,
			builders.WithRouting(v1alpha1.RoutingHeader), builders.WithWorkload("Deployment", "traefik", "traefik"))
		settle(ctx, rejected, first)
		expect.ExpectCondition(ctx, testEnv.Client, rejected, v1alpha1.ConditionAccepted, metav1.ConditionFalse, v1alpha1.ReasonInvalid)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(HaveKeyWithValue(inject, "enabled"))
		remove(ctx, rejected)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(HaveKeyWithValue(inject, "enabled"))
	})

	It("hold the workload while one of them cannot tell what it wants", func(ctx SpecContext) {
		second = newClass(ctx, "b-second", v1alpha1.VendorTraefik)
		settle(ctx, first, second)
		operator.Writes.Reset()
		change(ctx, first, func(c *v1alpha1.MeshIngressClass) { c.Spec.DataPlane.ServiceRef.Name = "typo" })
		change(ctx, second, func(c *v1alpha1.MeshIngressClass) { c.Spec.DataPlane.ClientIP = v1alpha1.ClientIPIgnore })
		settle(ctx, first, second)
		Expect(workloadWrites()).To(BeEmpty())
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(HaveKeyWithValue(skipPorts, "4567,4568,8000,8443"))

		By("the one that cannot tell goes")
		remove(ctx, first)
		settle(ctx, second)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(Equal(map[string]string{inject: "enabled"}))
	})

	It("leave nothing where the second came after Linkerd had left", func(ctx SpecContext) {
		settle(ctx, first)
		cleanLinkerd(ctx)
		second = newClass(ctx, "b-second", v1alpha1.VendorTraefik)
		settle(ctx, second, first)
		remove(ctx, first)
		settle(ctx, second)
		remove(ctx, second)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(BeEmpty())
	})
})

var _ = Describe("A reconcile that is interrupted", func() {
	for name, order := range map[string]func(int){
		"before a write":              func(k int) { operator.Faults.FailWrite(k) },
		"after a write, unseen by it": func(k int) { operator.Faults.LoseAnswer(k) },
	} {
		It("loses nothing "+name, func(ctx SpecContext) {
			installLinkerd(ctx)
			install(ctx, fixtures.IngressNginx)
			before := snapshot(ctx)
			story := func(fault int) (after env.Snapshot, writes int) {
				class := newHeaderClass(ctx)
				operator.Writes.Reset()
				if fault > 0 {
					order(fault)
				}
				persist(ctx, class)
				after, writes = snapshot(ctx), len(operator.Writes.Writes())
				Expect(testEnv.Client.Delete(ctx, class)).To(Succeed())
				settle(ctx, class)
				expect.ExpectNotFound(ctx, testEnv.Client, class)
				expectSame(ctx, before)
				return sameAnew(after), writes
			}
			want, made := story(0)
			Expect(made).To(BeNumerically(">=", 6))
			for k := 1; k <= made; k++ {
				By("the fault comes at write " + strconv.Itoa(k))
				got, _ := story(k)
				Expect(operator.Faults.Pending()).To(BeFalse())
				expectNoDiff(want, got)
			}
		})

		It("takes back everything, interrupted "+name, func(ctx SpecContext) {
			installLinkerd(ctx)
			install(ctx, fixtures.IngressNginx)
			before := snapshot(ctx)
			for k := 1; ; k++ {
				class := newHeaderClass(ctx)
				settle(ctx, class)
				Expect(testEnv.Client.Delete(ctx, class)).To(Succeed())
				order(k)
				persist(ctx, class)
				expect.ExpectNotFound(ctx, testEnv.Client, class)
				expectSame(ctx, before)
				if operator.Faults.Pending() {
					Expect(k).To(BeNumerically(">", 4), "a class takes back its workload, its setting, its object and its finalizer")
					operator.Faults.Clear()
					return
				}
			}
		})
	}
})

// sameAnew takes off what differs each time that an object is made: its UID, its age,
// and the UID of its class in the name of a field manager.
func sameAnew(s env.Snapshot) env.Snapshot {
	for _, o := range s {
		if o.GetNamespace() != "ingress-nginx" || o.GetKind() != "ConfigMap" {
			continue
		}
		o.SetUID("")
		o.SetCreationTimestamp(metav1.Time{})
		fields := o.GetManagedFields()
		for i := range fields {
			if strings.HasPrefix(fields[i].Manager, v1alpha1.FieldManagerPrefix) {
				fields[i].Manager = v1alpha1.FieldManagerPrefix
			}
		}
		o.SetManagedFields(fields)
	}
	return s
}

// persist reconciles a class until nothing fails and nothing is left to do.
func persist(ctx SpecContext, class *v1alpha1.MeshIngressClass) {
	GinkgoHelper()
	persistWith(ctx, honest{}, class)
}

func persistWith(ctx SpecContext, r reconcile.Reconciler, class *v1alpha1.MeshIngressClass) {
	GinkgoHelper()
	for range 10 {
		before := len(operator.Writes.Writes())
		_, err := controllertest.Reconcile(ctx, r, class)
		if err == nil && len(operator.Writes.Writes()) == before {
			return
		}
	}
	Fail("it does not come to rest")
}

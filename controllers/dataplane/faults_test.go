// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"

	gocmp "github.com/google/go-cmp/cmp"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/apply"
	"github.com/meshingress/meshingress/controllers/internal/base"
	"github.com/meshingress/meshingress/controllers/internal/controllertest"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/expect"
	"github.com/meshingress/meshingress/test/fixtures"
)

// story is what becomes of a class between its creation and its deletion.
type story struct {
	class *v1alpha1.MeshIngressClass

	// install makes the objects of others that the class writes to.
	install func(SpecContext)

	// targets are these objects.
	targets []*unstructured.Unstructured

	// changes of the class's spec, one after another.
	changes []func(*v1alpha1.MeshIngressClass)
}

// telling is what was seen of a story: after each chapter the status of the class and
// the targets, and how often a spec was changed.
type telling struct {
	chapters []string
	changes  int64
}

// fault is something that may come at a write.
type fault struct {
	name  string
	order func(k int)
}

// faultsAt are the faults that come at a write, one after another: a crash before it, and of
// the others one in turn. With MESHINGRESS_FAULTS=all they all come.
func (st story) faultsAt(ctx SpecContext, k int) []fault {
	refuse := func(code int32, reason metav1.StatusReason, message string) func(int) {
		return func(k int) {
			operator.Faults.Refuse(k, metav1.Status{Code: code, Reason: reason, Message: message})
		}
	}
	others := []fault{
		{"a lost answer", operator.Faults.LoseAnswer},
		{"a server error", refuse(http.StatusInternalServerError, metav1.StatusReasonInternalError, "etcdserver: request timed out")},
		{"too many requests", refuse(http.StatusTooManyRequests, metav1.StatusReasonTooManyRequests, "too many requests")},
		{"a webhook's refusal", refuse(http.StatusForbidden, metav1.StatusReasonForbidden, `admission webhook "a.b.c" denied the request: no`)},
		{"a validation error", refuse(http.StatusUnprocessableEntity, metav1.StatusReasonInvalid, "it is invalid")},
		{"an edit", func(k int) { operator.Faults.Before(k, func() { st.edit(ctx, "seen") }) }},
	}
	if os.Getenv("MESHINGRESS_FAULTS") != "all" {
		others = []fault{others[k%len(others)]}
	}
	return append(others, fault{"a crash before", operator.Faults.FailWrite})
}

// edit changes all targets and the class as a user does, so that what was read of them is
// old. Nothing of it is the operator's.
func (st story) edit(ctx SpecContext, value string) {
	GinkgoHelper()
	objects := []client.Object{st.class}
	for _, target := range st.targets {
		objects = append(objects, target)
	}
	for _, o := range objects {
		patch := fmt.Sprintf(`{"metadata":{"labels":{"theirs":%q}}}`, value)
		raw := client.RawPatch("application/merge-patch+json", []byte(patch))
		err := testEnv.Client.Patch(ctx, o.DeepCopyObject().(client.Object), raw, client.FieldOwner("kubectl-label"))
		Expect(client.IgnoreNotFound(err)).To(Succeed())
	}
}

// tell tells the story with a fault, which may be nil.
func (st story) tell(ctx SpecContext, order func()) telling {
	GinkgoHelper()
	class := st.class.DeepCopy()
	Expect(testEnv.Client.Create(ctx, class)).To(Succeed())
	st.edit(ctx, "new")
	start := st.generations(ctx)
	operator.Writes.Reset()
	if order != nil {
		order()
	}
	var told telling
	look := func() {
		st.persist(ctx, class)
		told.chapters = append(told.chapters, st.describe(ctx, class))
	}
	look()
	for _, each := range st.changes {
		change(ctx, class, each)
		look()
	}
	Expect(testEnv.Client.Delete(ctx, class)).To(Succeed())
	st.persist(ctx, class)
	expect.ExpectNotFound(ctx, testEnv.Client, class)
	told.chapters = append(told.chapters, st.describe(ctx, nil))
	told.changes = st.generations(ctx) - start
	return told
}

// persist reconciles as a queue does: again after an error, and later where it is told so.
func (st story) persist(ctx SpecContext, class *v1alpha1.MeshIngressClass) {
	GinkgoHelper()
	for range 15 {
		before := len(operator.Writes.Writes())
		result, err := controllertest.Reconcile(ctx, honest{}, class)
		if err == nil && len(operator.Writes.Writes()) == before {
			return
		}
		operator.Clock.SetTime(operator.Clock.Now().Add(result.RequeueAfter))
	}
	Fail("it does not come to rest")
}

func (st story) generations(ctx SpecContext) int64 {
	GinkgoHelper()
	var sum int64
	for _, target := range st.targets {
		sum += latest(ctx, target).GetGeneration()
	}
	return sum
}

// describe is the status of a class, and the targets, without what differs each time.
func (st story) describe(ctx SpecContext, class *v1alpha1.MeshIngressClass) string {
	GinkgoHelper()
	seen := map[string]any{}
	uid := "<none>"
	if class != nil {
		current := latest(ctx, class)
		conditions := current.Status.Conditions
		slices.SortFunc(conditions, func(a, b metav1.Condition) int { return cmp.Compare(a.Type, b.Type) })
		for i := range conditions {
			conditions[i].LastTransitionTime = metav1.Time{}
		}
		for i := range current.Status.Overridden {
			// What is written down and lost on its way looks like what somebody has set back.
			current.Status.Overridden[i].RetakenAt = nil
		}
		seen["class"], uid = current.Status, string(current.UID)
	}
	for _, target := range st.targets {
		o := latest(ctx, target)
		Expect(o.GetLabels()).To(HaveKey("theirs"))
		unstructured.RemoveNestedField(o.Object, "metadata", "labels", "theirs")
		unstructured.RemoveNestedField(o.Object, "metadata", "annotations", appsv1.DeprecatedTemplateGeneration)
		o.SetResourceVersion("")
		o.SetGeneration(0)
		fields := o.GetManagedFields()
		for i := range fields {
			fields[i].Time = nil
		}
		o.SetManagedFields(fields)
		seen[o.GetName()] = o.Object
	}
	text, err := json.MarshalIndent(seen, "", " ")
	Expect(err).NotTo(HaveOccurred())
	return strings.ReplaceAll(string(text), uid, "<uid>")
}

// target is an object of others.
func target(group, version, kind, namespace, name string) *unstructured.Unstructured {
	o := route(group, version, kind)
	o.SetNamespace(namespace)
	o.SetName(name)
	return o
}

func enforcing(c *v1alpha1.MeshIngressClass) { c.Spec.DataPlane.Injection = v1alpha1.InjectionEnforce }

func auditing(c *v1alpha1.MeshIngressClass) { c.Spec.DataPlane.Injection = v1alpha1.InjectionAudit }

// ofTraefik takes values of Helm's over, gives one back, goes to another workload and
// back, is audited, and reports.
func ofTraefik() story {
	goTo := func(ref v1alpha1.WorkloadReference) func(*v1alpha1.MeshIngressClass) {
		return func(c *v1alpha1.MeshIngressClass) { c.Spec.DataPlane.Workloads = []v1alpha1.WorkloadReference{ref} }
	}
	return story{
		class: builders.Class("traefik", v1alpha1.VendorTraefik, overriding),
		install: func(ctx SpecContext) {
			installTraefikByHelm(ctx, map[string]any{inject: "disabled", skipPorts: "22,8000"})
			install(ctx, fixtures.Contour)
		},
		targets: []*unstructured.Unstructured{
			target("apps", "v1", "Deployment", "traefik", "traefik"), target("apps", "v1", "DaemonSet", "projectcontour", "envoy"),
		},
		changes: []func(*v1alpha1.MeshIngressClass){
			func(c *v1alpha1.MeshIngressClass) { c.Spec.DataPlane.ClientIP = v1alpha1.ClientIPIgnore },
			goTo(contourWorkload), goTo(traefikWorkload), auditing, enforcing,
			func(c *v1alpha1.MeshIngressClass) { c.Spec.DataPlane.ConflictPolicy = v1alpha1.ConflictPolicyReport },
		},
	}
}

// ofEnvoyGateway annotates a Namespace, and then an EnvoyProxy.
func ofEnvoyGateway() story {
	return story{
		class:   builders.Class("envoy", v1alpha1.VendorEnvoyGateway, forGateway),
		install: func(ctx SpecContext) { install(ctx, fixtures.EnvoyGateway) },
		targets: []*unstructured.Unstructured{
			target("", "v1", "Namespace", "", "envoy-gateway-system"), target("gateway.envoyproxy.io", "v1alpha1", "EnvoyProxy", "infra", "public"),
		},
		changes: []func(*v1alpha1.MeshIngressClass){auditing, enforcing, withTarget(v1alpha1.InjectionTargetEnvoyProxy)},
	}
}

// ofNginx makes an object, takes a setting of the controller over, and annotates it.
func ofNginx() story {
	return story{
		class: builders.Class("nginx", v1alpha1.VendorIngressNginx, builders.WithRouting(v1alpha1.RoutingHeader), withConfigMapRef(), overriding),
		install: func(ctx SpecContext) {
			install(ctx, fixtures.IngressNginx)
			settings := latest(ctx, controllerSettings())
			settings.Data = map[string]string{"proxy-set-headers": "theirs/headers"}
			Expect(testEnv.Client.Update(ctx, settings, client.FieldOwner("helm"))).To(Succeed())
		},
		targets: []*unstructured.Unstructured{
			target("apps", "v1", "Deployment", "ingress-nginx", "ingress-nginx-controller"),
			target("", "v1", "ConfigMap", "ingress-nginx", "ingress-nginx-controller"),
		},
		changes: []func(*v1alpha1.MeshIngressClass){auditing, enforcing, builders.WithRouting(v1alpha1.RoutingClusterIP)},
	}
}

var _ = DescribeTable("A fault at any write of a class changes nothing in the end", func(ctx SpecContext, st story) {
	installLinkerd(ctx)
	st.install(ctx)
	reconciler.Denials = apply.NewDenials(base.RetryDenied, operator.Clock)
	want := st.tell(ctx, nil)
	writes := len(operator.Writes.Writes())
	Expect(writes).To(BeNumerically(">=", 12))
	for k := 1; k <= writes; k++ {
		for _, f := range st.faultsAt(ctx, k) {
			By(fmt.Sprintf("%s at write %d of %d", f.name, k, writes))
			got := st.tell(ctx, func() { f.order(k) })
			Expect(operator.Faults.Pending()).To(BeFalse(), "write %d did not happen", k)
			for i := range want.chapters {
				if diff := gocmp.Diff(want.chapters[i], got.chapters[i]); diff != "" {
					Fail(fmt.Sprintf("after chapter %d: %s", i, diff))
				}
			}
			Expect(got.changes).To(Equal(want.changes), "changes of specs")
		}
	}
},
	Entry("that takes fields over, and moves", ofTraefik()),
	Entry("of a Namespace", ofEnvoyGateway()),
	Entry("that makes an object, and sets a field", ofNginx()),
)

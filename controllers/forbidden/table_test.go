// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package forbidden_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/base"
	"github.com/meshingress/meshingress/controllers/internal/controllertest"
	"github.com/meshingress/meshingress/internal/permissions"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/all"
)

const (
	// propagation is what the API server gets to take notice of roles.
	propagation = time.Minute

	// maxReconciles is how often an object is reconciled until nothing more happens.
	maxReconciles = 8
)

var _ = Describe("Without one permission of a vendor's roles the operator says which, and goes on once it is back:", func() {
	for _, vendor := range vendors() {
		It(string(vendor), func(ctx SpecContext) {
			lives := scenarios(vendor)
			Expect(lives).NotTo(BeEmpty(), "no scenario shows what %s needs", vendor)
			d := describe(vendor)
			t := newTable(ctx, d, vendorRules(d))
			t.run(ctx, lives)
		})
	}
})

var _ = Describe("Without one permission that every vendor needs", func() {
	It("the operator says which, and goes on once it is back", func(ctx SpecContext) {
		d := describe(v1alpha1.VendorIngressNginx)
		contour := describe(v1alpha1.VendorContour)
		t := newTable(ctx, d, baseRules(), permissions.Vendor(contour).All()...)
		t.run(ctx, baseScenarios())
	})
})

func vendorRules(d providers.Description) []rbacv1.PolicyRule {
	return slices.Concat(permissions.Vendor(d).All(), permissions.OptIn(d).All())
}

func baseRules() []rbacv1.PolicyRule {
	return slices.Concat(permissions.Base().All(), permissions.Authorization().All())
}

// vendors are all that there are: one without a scenario fails.
func vendors() []v1alpha1.Vendor {
	known, err := all.Describe()
	Expect(err).NotTo(HaveOccurred())
	var names []v1alpha1.Vendor
	for _, d := range known {
		names = append(names, d.Vendor)
	}
	return names
}

func describe(vendor v1alpha1.Vendor) providers.Description {
	GinkgoHelper()
	p, found := registry.Get(vendor)
	Expect(found).To(BeTrue(), "there is no provider for %s", vendor)
	return p.Describe()
}

// table takes every permission of some rules from an operator, one at a time.
type table struct {
	*operator
	description providers.Description

	// missing are the permissions that are still to be missed, and everyone the user who
	// has all.
	missing  []permissions.Permission
	everyone string
}

// newTable makes a user for each permission. They all have more rules besides.
func newTable(
	ctx context.Context, d providers.Description, rules []rbacv1.PolicyRule, more ...rbacv1.PolicyRule,
) *table {
	t := &table{operator: newOperator(), description: d, missing: permissions.Split(rules)}
	t.missing = slices.DeleteFunc(t.missing, isEvent)
	slices.SortStableFunc(t.missing, readsFirst)
	all := slices.Concat(rules, more, permissions.Base().All(), permissions.Vendor(d).All(), permissions.OptIn(d).All(),
		permissions.Authorization().All())
	t.everyone = "everyone-" + strings.ToLower(string(d.Vendor)) + fmt.Sprint(len(rules))
	users := map[string][]rbacv1.PolicyRule{t.everyone: all}
	for _, p := range t.missing {
		users[t.userWithout(p)] = without(all, p)
	}
	grant(ctx, users)
	return t
}

func (t *table) userWithout(p permissions.Permission) string {
	return t.everyone + " without " + strings.ReplaceAll(p.String(), "/", ":")
}

// isEvent tells the permission for events, which a reconcile does not depend on.
func isEvent(p permissions.Permission) bool { return p.Resource == "events" }

// readsFirst brings the permissions to the front that a class and its routes need at any
// time.
func readsFirst(a, b permissions.Permission) int {
	order := []string{"list", "watch"}
	rank := func(p permissions.Permission) int {
		return (slices.Index(order, p.Verb) + len(order) + 1) % (len(order) + 1)
	}
	return rank(a) - rank(b)
}

// run goes through the scenarios, and expects that none is left in the end: what nobody
// misses should not be granted.
func (t *table) run(ctx context.Context, all []scenario) {
	GinkgoHelper()
	for _, s := range all {
		By(s.name)
		w := &world{scenario: s, table: t}
		s.install(ctx)
		DeferCleanup(s.uninstall)
		needed := w.needs(ctx)
		for _, p := range slices.Clone(t.missing) {
			if !needed[p] {
				continue
			}
			w.misses(ctx, p)
			t.missing = slices.DeleteFunc(t.missing, func(o permissions.Permission) bool { return o == p })
		}
		w.end(ctx)
		s.uninstall(ctx)
	}
	Expect(t.missing).To(BeEmpty(), "nothing needs these permissions")
}

// world is a scenario in the cluster.
type world struct {
	scenario
	*table
	class *v1alpha1.MeshIngressClass
	mi    *v1alpha1.MeshIngress
}

// turn is something that happens in a world, and the object that is then reconciled.
type turn func(ctx context.Context) (client.Object, reconcile.Reconciler)

// life is everything that happens to a class and its routes.
func (w *world) life() []turn {
	return []turn{
		func(context.Context) (client.Object, reconcile.Reconciler) { return w.class, w.classes },
		func(ctx context.Context) (client.Object, reconcile.Reconciler) {
			if w.meshed {
				mesh(ctx, w.class)
			}
			return w.mi, w.routes
		},
		func(context.Context) (client.Object, reconcile.Reconciler) { return w.class, w.classes },
		func(ctx context.Context) (client.Object, reconcile.Reconciler) {
			Expect(client.IgnoreNotFound(admin.Delete(ctx, w.mi))).To(Succeed())
			return w.mi, w.routes
		},
		func(ctx context.Context) (client.Object, reconcile.Reconciler) {
			Expect(client.IgnoreNotFound(admin.Delete(ctx, w.class))).To(Succeed())
			return w.class, w.classes
		},
	}
}

// begin makes the class and the MeshIngress, unless they are there.
func (w *world) begin(ctx context.Context) {
	GinkgoHelper()
	if w.class != nil {
		return
	}
	w.class, w.mi = w.newClass(), w.newMeshIngress()
	for _, obj := range []client.Object{w.class, w.mi} {
		Expect(admin.Create(ctx, obj)).To(Succeed())
		DeferCleanup(letGo, obj)
	}
}

// letGo lets a spec that failed not fail the next.
func letGo(ctx SpecContext, obj client.Object) {
	patch := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`))
	left := obj.DeepCopyObject().(client.Object)
	Expect(client.IgnoreNotFound(admin.Patch(ctx, left, patch))).To(Succeed())
	Expect(client.IgnoreNotFound(admin.Delete(ctx, left))).To(Succeed())
}

// end makes them go.
func (w *world) end(ctx context.Context) {
	GinkgoHelper()
	if w.class == nil {
		return
	}
	w.becomes(w.everyone)
	for _, next := range w.life()[3:] {
		obj, r := next(ctx)
		w.settle(ctx, obj, r)
		Expect(admin.Get(ctx, client.ObjectKeyFromObject(obj), obj)).To(Satisfy(apierrors.IsNotFound), w.texts(ctx, obj))
	}
	w.class, w.mi = nil, nil
}

// needs is a life with every permission: those that were needed.
func (w *world) needs(ctx context.Context) map[permissions.Permission]bool {
	GinkgoHelper()
	w.forget()
	w.watches.again()
	w.begin(ctx)
	w.becomes(w.everyone)
	for _, next := range w.life()[:3] {
		obj, r := next(ctx)
		w.settle(ctx, obj, r)
		Expect(w.texts(ctx, obj)).NotTo(ContainSubstring("cannot "))
	}
	w.end(ctx)
	return w.forget()
}

// misses is a life without one permission, up to where it is told, and from there on with
// it.
func (w *world) misses(ctx context.Context, p permissions.Permission) {
	GinkgoHelper()
	anytime := p.Verb == "list" || p.Verb == "watch"
	if !anytime {
		w.end(ctx)
	}
	w.begin(ctx)
	for i, next := range w.life() {
		obj, r := next(ctx)
		w.becomes(w.userWithout(p))
		result := w.settle(ctx, obj, r)
		if !strings.Contains(w.texts(ctx, obj), refusal(p)) {
			continue
		}
		w.isTold(ctx, p, obj, r, result)
		w.heals(ctx, p, obj, r)
		if !anytime || i > 2 {
			w.end(ctx)
		}
		return
	}
	Fail(fmt.Sprintf("%s: nobody misses %s: %s", w.name, p, w.texts(ctx, w.class)+w.texts(ctx, w.mi)))
}

// refusal is how the API server says what is missing.
func refusal(p permissions.Permission) string {
	resource := p.Resource
	if p.Subresource != "" {
		resource += "/" + p.Subresource
	}
	return fmt.Sprintf("cannot %s resource %q in API group %q", p.Verb, resource, p.Group)
}

// isTold expects that the status names the role, and that nothing is tried again soon.
func (w *world) isTold(
	ctx context.Context, p permissions.Permission, obj client.Object, r reconcile.Reconciler, result reconcile.Result,
) {
	GinkgoHelper()
	Expect(w.texts(ctx, obj)).To(ContainSubstring("the role "+permissions.RoleFor(p, w.description)+" grants it"), "%s", p)
	Expect(result.RequeueAfter).To(Or(BeZero(), BeNumerically(">=", base.RetryDenied)), "%s", p)
	before := w.writes()
	result, err := controllertest.Reconcile(ctx, r, obj)
	Expect(err).NotTo(HaveOccurred())
	Expect(result.RequeueAfter).To(Or(BeZero(), BeNumerically(">=", base.RetryDenied)), "%s", p)
	Expect(w.writes()).To(Equal(before), "%s: the status goes to and fro", p)
}

// heals expects that nothing is left to say once the permission is there.
func (w *world) heals(ctx context.Context, p permissions.Permission, obj client.Object, r reconcile.Reconciler) {
	GinkgoHelper()
	w.becomes(w.everyone)
	w.clock.SetTime(w.clock.Now().Add(base.RetryDenied))
	w.settle(ctx, obj, r)
	Expect(w.texts(ctx, obj)).NotTo(ContainSubstring("cannot "), "%s", p)
}

// settle reconciles an object until nothing more is written.
func (w *world) settle(ctx context.Context, obj client.Object, r reconcile.Reconciler) reconcile.Result {
	GinkgoHelper()
	w.events.Forget()
	for range maxReconciles {
		before := w.writes()
		result, err := controllertest.Reconcile(ctx, r, obj)
		Expect(err).NotTo(HaveOccurred(), "as %s", w.current())
		if w.writes() == before {
			return result
		}
	}
	Fail(fmt.Sprintf("%T is not settled after %d reconciles", obj, maxReconciles))
	return reconcile.Result{}
}

// texts is everything that is said of an object: the conditions that name a permission as
// their reason, those of a deletion, notices, and events since settle.
func (w *world) texts(ctx context.Context, obj client.Object) string {
	GinkgoHelper()
	current := obj.DeepCopyObject().(client.Object)
	err := admin.Get(ctx, client.ObjectKeyFromObject(obj), current)
	if apierrors.IsNotFound(err) {
		return ""
	}
	Expect(err).NotTo(HaveOccurred())
	var all []string
	for _, c := range statusOf(current) {
		if c.Reason == v1alpha1.ReasonForbidden || c.Reason == v1alpha1.ReasonReleasing {
			all = append(all, c.Type+": "+c.Message)
		}
	}
	for _, n := range noticesOf(current) {
		all = append(all, n.Reason+": "+n.Message)
	}
	return strings.Join(append(all, w.events.Events()...), "\n")
}

// statusOf are the conditions of a MeshIngress or a class.
func statusOf(obj client.Object) []metav1.Condition {
	if mi, ok := obj.(*v1alpha1.MeshIngress); ok {
		return mi.Status.Conditions
	}
	return obj.(*v1alpha1.MeshIngressClass).Status.Conditions
}

func noticesOf(obj client.Object) []v1alpha1.Notice {
	if mi, ok := obj.(*v1alpha1.MeshIngress); ok {
		return mi.Status.Notices
	}
	return obj.(*v1alpha1.MeshIngressClass).Status.Notices
}

// may asks whether a user has a permission.
func may(ctx context.Context, user string, p permissions.Permission) (bool, error) {
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: user, ResourceAttributes: &authorizationv1.ResourceAttributes{
			Verb: p.Verb, Group: p.Group, Resource: p.Resource, Subresource: p.Subresource, Name: p.Name,
		},
	}}
	err := admin.Create(ctx, review)
	return review.Status.Allowed, err
}

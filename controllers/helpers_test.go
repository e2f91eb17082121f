// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	gomegatypes "github.com/onsi/gomega/types"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/translate"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/fixtures"
	"github.com/meshingress/meshingress/test/operator"
)

// vendorCase is one vendor and the fixture of its controller.
type vendorCase struct {
	vendor  v1alpha1.Vendor
	fixture string

	// kind of the one object that is generated for a MeshIngress with one route.
	kind string

	// tamper changes its spec, as a merge patch.
	tamper string
}

func ingressNginx() vendorCase {
	return vendorCase{
		vendor: v1alpha1.VendorIngressNginx, fixture: fixtures.IngressNginx,
		kind: "Ingress", tamper: `{"spec":{"ingressClassName":"tampered"}}`,
	}
}

func traefik() vendorCase {
	return vendorCase{
		vendor: v1alpha1.VendorTraefik, fixture: fixtures.Traefik,
		kind: "IngressRoute", tamper: `{"spec":{"routes":[]}}`,
	}
}

func contour() vendorCase {
	return vendorCase{
		vendor: v1alpha1.VendorContour, fixture: fixtures.Contour,
		kind: "HTTPProxy", tamper: `{"spec":{"virtualhost":{"fqdn":"tampered.example.com"}}}`,
	}
}

// class has the name of the vendor's own class.
func (v vendorCase) class(opts ...builders.ClassOption) *v1alpha1.MeshIngressClass {
	return builders.Class(v.fixture, v.vendor, opts...)
}

// forEachVendor makes one spec for each vendor.
func forEachVendor(text string, body func(ctx SpecContext, v vendorCase)) {
	GinkgoHelper()
	DescribeTable(text, body,
		Entry("IngressNginx", ingressNginx()), Entry("Traefik", traefik()), Entry("Contour", contour()))
}

// start runs the operator for the rest of the spec. In the end all classes and
// MeshIngresses are deleted, and must go, before it is stopped.
func start(ctx context.Context, opts ...operator.Option) *operator.Operator {
	GinkgoHelper()
	op, err := operator.Start(ctx, testEnv, opts...)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(op.Stop)
	DeferCleanup(releaseAll)
	return op
}

func releaseAll(ctx SpecContext) {
	eventually(ctx, func(g Gomega) {
		left := 0
		for _, list := range []client.ObjectList{&v1alpha1.MeshIngressList{}, &v1alpha1.MeshIngressClassList{}} {
			g.Expect(user.List(ctx, list)).To(Succeed())
			g.Expect(meta.EachListItem(list, func(o runtime.Object) error {
				left++
				return client.IgnoreNotFound(user.Delete(ctx, o.(client.Object)))
			})).To(Succeed())
		}
		g.Expect(left).To(BeZero())
	}).WithTimeout(manyTimeout).Should(Succeed())
}

// install creates the objects of fixtures for the rest of the spec. Namespaces
// stay, because nothing empties them here.
func install(ctx context.Context, names ...string) {
	GinkgoHelper()
	for _, name := range names {
		objects, err := fixtures.Objects(name)
		Expect(err).NotTo(HaveOccurred())
		for _, o := range objects {
			create(ctx, o)
		}
	}
}

// create creates objects for the rest of the spec.
func create[T client.Object](ctx context.Context, objects ...T) {
	GinkgoHelper()
	for _, o := range objects {
		err := user.Create(ctx, o)
		if o.GetObjectKind().GroupVersionKind().Kind == "Namespace" {
			Expect(client.IgnoreAlreadyExists(err)).To(Succeed())
			continue
		}
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func(ctx SpecContext) {
			err := user.Delete(ctx, o, client.GracePeriodSeconds(0), client.PropagationPolicy(metav1.DeletePropagationBackground))
			Expect(client.IgnoreNotFound(err)).To(Succeed())
		})
	}
}

// createNamespace makes a Namespace of the spec's own with a Service web-svc.
func createNamespace(ctx context.Context, prefix string, labels map[string]string) string {
	GinkgoHelper()
	ns := builders.Namespace("")
	ns.GenerateName, ns.Labels = prefix, labels
	Expect(user.Create(ctx, ns)).To(Succeed())
	create(ctx, builders.Service(ns.Name, "web-svc", builders.ServicePort("http", 80)))
	return ns.Name
}

// web is a MeshIngress with one route.
func web(namespace string, class *v1alpha1.MeshIngressClass, opts ...builders.MeshIngressOption) *v1alpha1.MeshIngress {
	mi := builders.MeshIngress("web", namespace, builders.WithRule("example.com", "/", "web-svc", 80))
	if class != nil {
		mi.Spec.ClassName = class.Name
	}
	for _, opt := range opts {
		opt(mi)
	}
	return mi
}

// eventually waits for what the operator, or the API server, does on its own.
func eventually(ctx context.Context, actual any, args ...any) AsyncAssertion {
	GinkgoHelper()
	return Eventually(actual).WithContext(ctx).WithArguments(args...).WithTimeout(convergeTimeout).WithPolling(pollInterval)
}

// consistently watches that something stays as it is.
func consistently(ctx context.Context, actual any, args ...any) AsyncAssertion {
	GinkgoHelper()
	return Consistently(actual).WithContext(ctx).WithArguments(args...).WithTimeout(quiet).WithPolling(pollInterval)
}

// becomes waits until the condition of a MeshIngress or MeshIngressClass is
// "<status> <reason>" for its current generation.
func becomes(ctx context.Context, object client.Object, kind, want string) {
	GinkgoHelper()
	eventually(ctx, func() (string, error) { return condition(ctx, object, kind) }).
		Should(Equal(want), "%s of %T %s", kind, object, object.GetName())
}

// says waits until the message of a condition has all of some texts: where a reason has
// several causes, the one that is met first is told first.
func says(ctx context.Context, object client.Object, kind string, texts ...string) {
	GinkgoHelper()
	eventually(ctx, func(g Gomega) {
		message, err := operator.Message(ctx, user, object, kind)
		g.Expect(err).NotTo(HaveOccurred())
		for _, text := range texts {
			g.Expect(message).To(ContainSubstring(text))
		}
	}).Should(Succeed())
}

func isProgrammed(ctx context.Context, mi *v1alpha1.MeshIngress) {
	GinkgoHelper()
	becomes(ctx, mi, v1alpha1.ConditionProgrammed, "True Programmed")
}

// isGone waits until an object is deleted for good.
func isGone(ctx context.Context, object client.Object) {
	GinkgoHelper()
	eventually(ctx, func() bool {
		_, err := read(ctx, object)
		return apierrors.IsNotFound(err)
	}).Should(BeTrue(), "%T %s is still there", object, object.GetName())
}

// condition reads a condition anew, as "<status> <reason>".
func condition(ctx context.Context, object client.Object, kind string) (string, error) {
	return operator.Condition(ctx, user, object, kind)
}

// generated reads every object of the vendors' kinds that is marked as made for
// owner, as "<resource>.<group> <namespace>/<name>".
func generated(ctx context.Context, owner translate.Owner) (map[string]*unstructured.Unstructured, error) {
	found := map[string]*unstructured.Unstructured{}
	for _, k := range registry.Kinds() {
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(k.GroupVersionKind)
		err := user.List(ctx, list, client.MatchingLabels{v1alpha1.OwnerLabel: owner.Hash()})
		if meta.IsNoMatchError(err) || apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for i := range list.Items {
			found[fmt.Sprintf("%s %s/%s", k.CRDName(), list.Items[i].GetNamespace(), list.Items[i].GetName())] = &list.Items[i]
		}
	}
	return found, nil
}

// generatedNames are the names of what is made for a MeshIngress, sorted.
func generatedNames(ctx context.Context, mi *v1alpha1.MeshIngress) ([]string, error) {
	objects, err := generated(ctx, translate.OwnerOf(mi))
	return slices.Sorted(maps.Keys(objects)), err
}

// oursIn matches the name, as of generatedNames, of an object for a MeshIngress web.
func oursIn(resource, namespace string) gomegatypes.GomegaMatcher {
	return HavePrefix(resource + " " + namespace + "/web-")
}

// read reads an object anew.
func read[T client.Object](ctx context.Context, object T) (T, error) {
	current := object.DeepCopyObject().(T)
	err := user.Get(ctx, client.ObjectKeyFromObject(object), current)
	return current, err
}

// patch changes an object as a user does with kubectl patch --type=merge.
func patch(ctx context.Context, object client.Object, merge string) {
	GinkgoHelper()
	target := object.DeepCopyObject().(client.Object)
	Expect(user.Patch(ctx, target, client.RawPatch(types.MergePatchType, []byte(merge)))).To(Succeed())
}

// change edits the spec of a MeshIngress or MeshIngressClass, or anything else.
func change[T client.Object](ctx context.Context, object T, edit func(T)) {
	GinkgoHelper()
	current, err := read(ctx, object)
	Expect(err).NotTo(HaveOccurred())
	before := current.DeepCopyObject().(client.Object)
	edit(current)
	Expect(user.Patch(ctx, current, client.MergeFrom(before))).To(Succeed())
}

// named is an object of any kind, to read, to patch, or to fill.
func named(apiVersion, kind, namespace, name string) *unstructured.Unstructured {
	o := &unstructured.Unstructured{}
	o.SetAPIVersion(apiVersion)
	o.SetKind(kind)
	o.SetNamespace(namespace)
	o.SetName(name)
	return o
}

// route reads the one object of a kind that is generated for a MeshIngress.
func route(ctx context.Context, mi *v1alpha1.MeshIngress, kind string) (*unstructured.Unstructured, error) {
	objects, err := generated(ctx, translate.OwnerOf(mi))
	if err != nil {
		return nil, err
	}
	for _, o := range objects {
		if o.GetKind() == kind {
			return o, nil
		}
	}
	return nil, fmt.Errorf("there is no %s among %v", kind, slices.Sorted(maps.Keys(objects)))
}

// watchPath is the path of a watch on all objects of a kind.
func watchPath(k providers.Kind) string {
	if k.Group == "" {
		return "/api/" + k.Version + "/" + k.Resource
	}
	return "/apis/" + k.Group + "/" + k.Version + "/" + k.Resource
}

// writes are the writing requests, without those that send events.
func writes(op *operator.Operator) []string {
	return slices.DeleteFunc(op.Counter.Writes(), isEvent)
}

func isEvent(write string) bool { return strings.Contains(write, "/events") }

// rests waits until the operator has written nothing for a while, so that what
// comes is not owed to what was before.
func rests(ctx context.Context, op *operator.Operator) {
	GinkgoHelper()
	last := -1
	eventually(ctx, func() bool {
		before := last
		last = len(op.Counter.Writes())
		return last == before
	}).MustPassRepeatedly(int(rest / pollInterval)).Should(BeTrue())
}

// The paths of the watches on the operator's own kinds.
const (
	meshIngressPath      = "/apis/" + v1alpha1.GroupName + "/v1alpha1/meshingresses"
	meshIngressClassPath = "/apis/" + v1alpha1.GroupName + "/v1alpha1/meshingressclasses"
)

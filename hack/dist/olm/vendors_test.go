// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build olm

package olm_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/hack/dist/manifests"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/providers/all"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/fixtures"
	"github.com/meshingress/meshingress/test/operator"
)

// notMeshed is what the condition Meshed of a vendor's class says at last, where that is not
// that all its pods are in the mesh.
var notMeshed = map[v1alpha1.Vendor]string{
	// The load balancer is Google's.
	v1alpha1.VendorGCE: "False " + v1alpha1.ReasonDataPlaneOutsideCluster,

	// The samples have the Gateway injected, of which its controller, which is not here, would
	// make the pods anew.
	v1alpha1.VendorEnvoyGateway: "False " + v1alpha1.ReasonNotInjected,
	v1alpha1.VendorGatewayAPI:   "False " + v1alpha1.ReasonNotInjected,
}

// serveEveryVendor lets the manager serve an ingress controller of each vendor, by the class
// that is its sample. They come and go one after the other: charts share names.
func serveEveryVendor(ctx context.Context) {
	GinkgoHelper()
	registry, err := all.New()
	Expect(err).NotTo(HaveOccurred())
	classes := sampleClasses()
	var namespaces []*unstructured.Unstructured
	for _, provider := range registry.All() {
		vendor := provider.Describe().Vendor
		By("serving " + string(vendor))
		Expect(classes).To(HaveKey(vendor), "there is no sample of a class")
		controller := fixture(vendor)
		apply(ctx, helm, controller)
		expectRolledOut(ctx)
		serve(ctx, classes[vendor])
		namespaces = append(namespaces, uninstall(ctx, controller)...)
	}
	for _, namespace := range namespaces {
		Expect(client.IgnoreNotFound(c.Delete(ctx, namespace))).To(Succeed())
	}
	log, err := os.ReadFile(filepath.Join(work, managerBinary+".log"))
	Expect(err).NotTo(HaveOccurred())
	Expect(string(log)).To(ContainSubstring("Starting workers"))
	Expect(string(log)).NotTo(ContainSubstring("forbidden"), "what it asked for, OLM has granted")
}

// sampleClasses are those of config/samples, by their vendors.
func sampleClasses() map[v1alpha1.Vendor]*v1alpha1.MeshIngressClass {
	GinkgoHelper()
	classes := map[v1alpha1.Vendor]*v1alpha1.MeshIngressClass{}
	for _, dir := range []string{"samples", "samples/vendors"} {
		objects, err := manifests.Build(filepath.Join(root, "config", dir))
		Expect(err).NotTo(HaveOccurred())
		for _, object := range objects {
			if object.GetKind() != "MeshIngressClass" {
				continue
			}
			class := &v1alpha1.MeshIngressClass{}
			Expect(manifests.Convert(object, class)).To(Succeed())
			classes[class.Spec.Vendor] = class
		}
	}
	return classes
}

// fixture is what the vendor's chart installs.
func fixture(vendor v1alpha1.Vendor) []*unstructured.Unstructured {
	GinkgoHelper()
	name := strings.ToLower(string(vendor))
	if vendor == v1alpha1.VendorIngressNginx {
		name = fixtures.IngressNginx
	}
	objects, err := fixtures.Objects(name)
	Expect(err).NotTo(HaveOccurred())
	return objects
}

// uninstall deletes objects, and returns Namespaces instead, which the next vendor may share.
func uninstall(ctx context.Context, objects []*unstructured.Unstructured) (namespaces []*unstructured.Unstructured) {
	GinkgoHelper()
	for _, object := range objects {
		if object.GetKind() == "Namespace" {
			namespaces = append(namespaces, object)
			continue
		}
		Expect(c.Delete(ctx, object, client.PropagationPolicy(metav1.DeletePropagationForeground))).To(Succeed())
		Eventually(ctx, func() error { return c.Get(ctx, client.ObjectKeyFromObject(object), object) }).
			Should(Satisfy(apierrors.IsNotFound), "%s %s", object.GetKind(), object.GetName())
	}
	return namespaces
}

// serve makes a class and a MeshIngress of it. It expects that the manager makes the routes
// and has the pods injected, and that it lets go of all when both are deleted.
func serve(ctx context.Context, class *v1alpha1.MeshIngressClass) {
	GinkgoHelper()
	web := builders.MeshIngress("web", "emojivoto", builders.WithClass(class.Name),
		builders.WithRule("example.com", "/", "web-svc", "http"))
	Expect(c.Create(ctx, class)).To(Succeed())
	Expect(c.Create(ctx, web)).To(Succeed())
	meshed, isNot := notMeshed[class.Spec.Vendor]
	if !isNot {
		meshed = "True " + v1alpha1.ReasonMeshed
	}
	for _, expected := range []struct {
		object     client.Object
		kind, want string
	}{
		{class, v1alpha1.ConditionAccepted, "True " + v1alpha1.ReasonAccepted},
		{class, v1alpha1.ConditionMeshed, meshed},
		{web, v1alpha1.ConditionProgrammed, "True " + v1alpha1.ReasonProgrammed},
		{web, v1alpha1.ConditionMeshed, meshed},
	} {
		Eventually(ctx, operator.Condition).WithArguments(c, expected.object, expected.kind).
			Should(Equal(expected.want), "%s of %T %s", expected.kind, expected.object, class.Name)
	}
	expectRoutes(ctx)

	Expect(c.Get(ctx, client.ObjectKeyFromObject(class), class)).To(Succeed())
	Expect(marks(ctx, class.Status.Claims)).To(Equal(wantedMarks(class)))
	deleteSamples(ctx)
	Expect(marks(ctx, class.Status.Claims)).To(BeEmpty())
}

// wantedMarks is what marks finds while a class is served.
func wantedMarks(class *v1alpha1.MeshIngressClass) []string {
	switch {
	case class.Spec.Vendor == v1alpha1.VendorGCE:
		return nil
	case class.Status.Strategy == v1alpha1.StrategyHeader:
		return []string{linkerd.InjectIngress}
	default:
		return []string{linkerd.InjectEnabled}
	}
}

var injection = regexp.MustCompile(`"` + regexp.QuoteMeta(linkerd.InjectAnnotation) + `":"(\w+)"`)

// marks lists what the objects of others tell Linkerd's injector, wherever in them the
// annotation is.
func marks(ctx context.Context, claims []v1alpha1.Claim) []string {
	GinkgoHelper()
	var found []string
	for _, claim := range claims {
		object := &unstructured.Unstructured{}
		object.SetGroupVersionKind(schema.GroupVersionKind{Group: claim.Group, Version: claim.Version, Kind: claim.Kind})
		Expect(c.Get(ctx, client.ObjectKey{Namespace: claim.Namespace, Name: claim.Name}, object)).To(Succeed())
		text, err := object.MarshalJSON()
		Expect(err).NotTo(HaveOccurred())
		for _, m := range injection.FindAllStringSubmatch(string(text), -1) {
			found = append(found, m[1])
		}
	}
	return found
}

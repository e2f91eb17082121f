// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane_test

import (
	"context"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/controllertest"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/internal/permissions"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/expect"
	"github.com/meshingress/meshingress/test/fixtures"
)

const skipOutbound = linkerd.SkipOutboundPortsAnnotation

// contourAnnotations are those of Contour's Envoy beside the ports that Linkerd skips
// anyway.
var contourAnnotations = map[string]string{inject: "ingress", skipPorts: "4567,4568,8080,8443", skipOutbound: "4567,4568,8001"}

// mounting makes Envoy's pods mount a token, of a ServiceAccount if it is named.
func mounting(account string) builders.ClassOption {
	return func(class *v1alpha1.MeshIngressClass) {
		class.Spec.Contour = &v1alpha1.ContourOptions{
			ServiceAccountToken: v1alpha1.ServiceAccountTokenMount, ServiceAccountName: account,
		}
	}
}

// installContour installs Contour's manifests, but for what the pod template says of
// ServiceAccounts, if that is left open.
func installContour(ctx SpecContext, open bool) {
	GinkgoHelper()
	objects, err := fixtures.Objects(fixtures.Contour)
	Expect(err).NotTo(HaveOccurred())
	for _, o := range objects {
		if o.GetKind() == contourWorkload.Kind && open {
			unstructured.RemoveNestedField(o.Object, "spec", "template", "spec", "automountServiceAccountToken")
			unstructured.RemoveNestedField(o.Object, "spec", "template", "spec", "serviceAccountName")
		}
		expect.ExpectApplied(ctx, testEnv.Client, o)
	}
}

func meshAccount() *corev1.ServiceAccount {
	return &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: contourWorkload.Namespace, Name: "mesh"}}
}

// deleteAccount sees to it that a spec that failed does not fail the next.
func deleteAccount(ctx SpecContext) {
	Expect(client.IgnoreNotFound(testEnv.Client.Delete(ctx, meshAccount()))).To(Succeed())
}

// accountBeforeWorkload reports whether the ServiceAccount was written first.
func accountBeforeWorkload() bool {
	all := operator.Writes.Writes()
	at := func(part string) int {
		return slices.IndexFunc(all, func(w string) bool { return strings.Contains(w, part) })
	}
	account, workload := at("/serviceaccounts/mesh"), at(pathOf(contourWorkload))
	return account >= 0 && account < workload
}

// applyAccount names a ServiceAccount in Envoy's pod template, as a user does with
// kubectl apply --server-side.
func applyAccount(ctx SpecContext, name string) {
	GinkgoHelper()
	o := named("apps", "v1", contourWorkload.Kind, contourWorkload.Namespace, contourWorkload.Name)
	Expect(unstructured.SetNestedField(o.Object, name, "spec", "template", "spec", "serviceAccountName")).To(Succeed())
	Expect(testEnv.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(o), client.FieldOwner("kubectl"))).To(Succeed())
}

// withoutOptIn takes the opt-in role of Contour from the operator, for one spec.
func withoutOptIn(ctx SpecContext) {
	GinkgoHelper()
	name := permissions.OptInRole(v1alpha1.VendorContour)
	role := latest(ctx, &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: name}})
	Expect(testEnv.Client.Delete(ctx, role)).To(Succeed())
	Expect(testEnv.AggregateRole(ctx, permissions.ManagerRole)).To(Succeed())
	allowed := func(ctx context.Context) bool {
		return !apierrors.IsForbidden(operator.Client.Get(ctx, client.ObjectKeyFromObject(meshAccount()), &corev1.ServiceAccount{}))
	}
	Eventually(ctx, allowed).WithTimeout(authorizerTimeout).Should(BeFalse())
	DeferCleanup(func(ctx SpecContext) {
		role.ResourceVersion, role.UID = "", ""
		Expect(testEnv.Client.Create(ctx, role)).To(Succeed())
		Expect(testEnv.AggregateRole(ctx, permissions.ManagerRole)).To(Succeed())
		Eventually(ctx, allowed).WithTimeout(authorizerTimeout).Should(BeTrue())
	})
}

func envoyPod(ctx SpecContext) corev1.PodSpec {
	GinkgoHelper()
	return get(ctx, contourWorkload).Template.Spec
}

var _ = Describe("The token of Contour's Envoy", func() {
	BeforeEach(func(ctx SpecContext) {
		installLinkerd(ctx)
		DeferCleanup(deleteAccount)
	})

	It("is left alone where Linkerd projects one", func(ctx SpecContext) {
		installContour(ctx, false)
		before := snapshot(ctx)
		class := newClass(ctx, "contour", v1alpha1.VendorContour)
		settle(ctx, class)
		Expect(linkerdAnnotations(ctx, contourWorkload)).To(Equal(contourAnnotations))
		Expect(envoyPod(ctx).AutomountServiceAccountToken).To(HaveValue(BeFalse()))
		remove(ctx, class)
		expectSame(ctx, before)
	})

	It("is mounted where Linkerd projects none, as long as that is so", func(ctx SpecContext) {
		installContour(ctx, true)
		setProjection(ctx, "false")
		setProjection(ctx, "true") // what is edited has an editor from then on
		before := snapshot(ctx)
		setProjection(ctx, "false")
		class := newClass(ctx, "contour", v1alpha1.VendorContour)
		settle(ctx, class)
		Expect(linkerdAnnotations(ctx, contourWorkload)).To(Equal(contourAnnotations))
		Expect(envoyPod(ctx).AutomountServiceAccountToken).To(HaveValue(BeTrue()))

		setProjection(ctx, "true")
		settle(ctx, class)
		Expect(linkerdAnnotations(ctx, contourWorkload)).To(Equal(contourAnnotations))
		Expect(envoyPod(ctx).AutomountServiceAccountToken).To(BeNil())
		remove(ctx, class)
		expectSame(ctx, before)
	})

	It("is given back together with the annotations", func(ctx SpecContext) {
		installContour(ctx, true)
		before := snapshot(ctx)
		class := newClass(ctx, "contour", v1alpha1.VendorContour, mounting(""))
		settle(ctx, class)
		Expect(envoyPod(ctx).AutomountServiceAccountToken).To(HaveValue(BeTrue()))
		Expect(workloadWrites()).To(HaveLen(1))
		change(ctx, class, builders.WithInjection(v1alpha1.InjectionAudit))
		settle(ctx, class)
		expectSame(ctx, before)
		Expect(workloadWrites()).To(HaveLen(2))
	})

	It("that Contour's manifests turn off is a conflict, which leaves all as it is", func(ctx SpecContext) {
		installContour(ctx, false)
		before := snapshot(ctx)
		class := newClass(ctx, "contour", v1alpha1.VendorContour, mounting("mesh"))
		settle(ctx, class)
		expectUnmeshed(ctx, class, v1alpha1.ReasonFieldConflict, "automountServiceAccountToken")
		Expect(linkerdAnnotations(ctx, contourWorkload)).To(BeEmpty())
		expect.ExpectExists(ctx, testEnv.Client, meshAccount())
		remove(ctx, class)
		expectSame(ctx, before)
	})
})

var _ = Describe("The ServiceAccount that a class names for its workload", func() {
	BeforeEach(func(ctx SpecContext) {
		installLinkerd(ctx)
		installContour(ctx, true)
		DeferCleanup(deleteAccount)
	})

	It("is made before the pods need it, and goes when they do no more", func(ctx SpecContext) {
		before := snapshot(ctx)
		class := newClass(ctx, "contour", v1alpha1.VendorContour, mounting("mesh"))
		settle(ctx, class)
		account := expect.ExpectExists(ctx, testEnv.Client, meshAccount())
		Expect(account.Annotations).To(HaveKeyWithValue(v1alpha1.OwnerAnnotation, "MeshIngressClass//contour"))
		Expect(envoyPod(ctx).ServiceAccountName).To(Equal("mesh"))
		Expect(latest(ctx, class).Status.Inventory).To(ContainElement(HaveField("Kind", "ServiceAccount")))
		Expect(accountBeforeWorkload()).To(BeTrue(), "%s", operator.Writes.Writes())

		change(ctx, class, mounting(""))
		settle(ctx, class)
		Expect(envoyPod(ctx).ServiceAccountName).To(BeEmpty())
		expect.ExpectNotFound(ctx, testEnv.Client, meshAccount())
		Expect(latest(ctx, class).Status.Inventory).To(BeEmpty())
		remove(ctx, class)
		expectSame(ctx, before)
	})

	It("goes with its class", func(ctx SpecContext) {
		before := snapshot(ctx)
		class := newClass(ctx, "contour", v1alpha1.VendorContour, mounting("mesh"))
		settle(ctx, class)
		remove(ctx, class)
		expectSame(ctx, before)
	})

	It("is used as it is where somebody else has made it", func(ctx SpecContext) {
		theirs := meshAccount()
		theirs.Labels = map[string]string{"team": "edge"}
		expect.ExpectApplied(ctx, testEnv.Client, theirs)
		before := snapshot(ctx)
		class := newClass(ctx, "contour", v1alpha1.VendorContour, mounting("mesh"))
		settle(ctx, class)
		Expect(envoyPod(ctx).ServiceAccountName).To(Equal("mesh"))
		expect.ExpectNoCondition(ctx, testEnv.Client, class, v1alpha1.ConditionConflicted)
		Expect(latest(ctx, class).Status.Inventory).To(BeEmpty())
		remove(ctx, class)
		expectSame(ctx, before)
	})

	It("is made anew where somebody deletes it", func(ctx SpecContext) {
		class := newClass(ctx, "contour", v1alpha1.VendorContour, mounting("mesh"))
		settle(ctx, class)
		deleteAccount(ctx)
		settle(ctx, class)
		expect.ExpectExists(ctx, testEnv.Client, meshAccount())
	})

	It("stays, without our marks, where a user has named it as well", func(ctx SpecContext) {
		class := newClass(ctx, "contour", v1alpha1.VendorContour, mounting("mesh"))
		settle(ctx, class)
		applyAccount(ctx, "mesh")
		change(ctx, class, mounting(""))
		settle(ctx, class)
		expect.ExpectExists(ctx, testEnv.Client, meshAccount())
		Expect(latest(ctx, class).Status.Inventory).To(HaveLen(1), "it is forgotten")

		remove(ctx, class)
		Expect(envoyPod(ctx).ServiceAccountName).To(Equal("mesh"))
		account := expect.ExpectExists(ctx, testEnv.Client, meshAccount())
		Expect(account.Annotations).NotTo(HaveKey(v1alpha1.OwnerAnnotation))
		Expect(account.Labels).NotTo(HaveKey(v1alpha1.OwnerLabel))
	})

	It("is said to be out of reach where the role for it was not granted", func(ctx SpecContext) {
		withoutOptIn(ctx)
		class := newClass(ctx, "contour", v1alpha1.VendorContour, mounting("mesh"))
		settle(ctx, class)
		expect.ExpectCondition(ctx, testEnv.Client, class, v1alpha1.ConditionReady, metav1.ConditionUnknown, v1alpha1.ReasonForbidden)
		Expect(linkerdAnnotations(ctx, contourWorkload)).To(BeEmpty())
	})

	It("is shared by two classes, and outlives the first", func(ctx SpecContext) {
		before := snapshot(ctx)
		one := newClass(ctx, "one", v1alpha1.VendorContour, mounting("mesh"))
		settle(ctx, one)
		two := newClass(ctx, "two", v1alpha1.VendorContour, mounting("mesh"))
		settle(ctx, two)
		change(ctx, one, mounting(""))
		settle(ctx, one, two)
		Expect(envoyPod(ctx).ServiceAccountName).To(Equal("mesh"))
		expect.ExpectExists(ctx, testEnv.Client, meshAccount())
		remove(ctx, two)
		settle(ctx, one)
		expect.ExpectNotFound(ctx, testEnv.Client, meshAccount())
		remove(ctx, one)
		expectSame(ctx, before)
	})
})

var _ = It("A ServiceAccount passes to the class that is left", func(ctx SpecContext) {
	installLinkerd(ctx)
	installContour(ctx, true)
	DeferCleanup(deleteAccount)
	before := snapshot(ctx)
	one := newClass(ctx, "one", v1alpha1.VendorContour, mounting("mesh"))
	settle(ctx, one)
	two := newClass(ctx, "two", v1alpha1.VendorContour, mounting("mesh"))
	settle(ctx, two)
	made := expect.ExpectExists(ctx, testEnv.Client, meshAccount()).UID

	By("a release that ends after that, and is made anew")
	expect.ExpectDeleted(ctx, testEnv.Client, one)
	operator.Faults.FailWrite(2)
	_, err := reconcileOnce(ctx, one)
	Expect(err).To(MatchError(controllertest.ErrInjected))
	settle(ctx, one, two)
	expect.ExpectNotFound(ctx, testEnv.Client, one)
	account := expect.ExpectExists(ctx, testEnv.Client, meshAccount())
	Expect(account.UID).To(Equal(made))
	Expect(account.Annotations).To(HaveKeyWithValue(v1alpha1.OwnerAnnotation, "MeshIngressClass//two"))
	Expect(latest(ctx, two).Status.Inventory).To(HaveLen(1))
	Expect(envoyPod(ctx).ServiceAccountName).To(Equal("mesh"))

	remove(ctx, two)
	expectSame(ctx, before)
})

// generatedEnvoy is the workload of the fixture of Contour's Gateway provisioner.
var generatedEnvoy = v1alpha1.WorkloadReference{Kind: "DaemonSet", Namespace: "infra", Name: "envoy-public"}

func contourDeployment() place {
	return place{
		v1alpha1.InjectionTargetContourDeployment, "projectcontour.io", "ContourDeployment", "projectcontour", "edge",
		[]string{"spec", "envoy", "podAnnotations"},
	}
}

var _ = Describe("An Envoy of Contour's Gateway provisioner", func() {
	wanted := map[string]string{inject: "ingress", skipPorts: "4567,4568,8080", skipOutbound: "4567,4568,8001"}

	BeforeEach(func(ctx SpecContext) {
		installLinkerd(ctx)
		install(ctx, fixtures.ContourProvisioner)
	})

	DescribeTable("is annotated by its ContourDeployment, and never patched itself",
		func(ctx SpecContext, target v1alpha1.InjectionTarget) {
			before := snapshot(ctx)
			class := newClass(ctx, "contour", v1alpha1.VendorContour, withTarget(target))
			settle(ctx, class)
			Expect(contourDeployment().annotations(ctx)).To(Equal(wanted))
			Expect(workloadWrites()).To(BeEmpty())
			Expect(latest(ctx, class).Status.Claims).To(ConsistOf(HaveField("Kind", "ContourDeployment")))

			change(ctx, class, builders.WithInjection(v1alpha1.InjectionAudit))
			settle(ctx, class)
			expectSame(ctx, before)
			change(ctx, class, builders.WithInjection(v1alpha1.InjectionEnforce))
			settle(ctx, class)
			Expect(contourDeployment().annotations(ctx)).To(Equal(wanted))
			remove(ctx, class)
			expectSame(ctx, before)
			Expect(workloadWrites()).To(BeEmpty())
		},
		Entry("by default", v1alpha1.InjectionTargetAuto),
		Entry("as the class says", v1alpha1.InjectionTargetContourDeployment),
	)

	It("is not patched where the class names the workload as target", func(ctx SpecContext) {
		before := snapshot(ctx)
		class := newClass(ctx, "contour", v1alpha1.VendorContour, withTarget(v1alpha1.InjectionTargetWorkload))
		settle(ctx, class)
		expectUnmeshed(ctx, class, v1alpha1.ReasonInjectionBlocked, "Gateway public", "injectionTarget to ContourDeployment")
		expectSame(ctx, before)
	})

	It("keeps what users have annotated beside", func(ctx SpecContext) {
		contourDeployment().set(ctx, "example.com/theirs", "yes")
		before := snapshot(ctx)
		class := newClass(ctx, "contour", v1alpha1.VendorContour)
		settle(ctx, class)
		Expect(contourDeployment().annotations(ctx)).To(And(HaveKeyWithValue("example.com/theirs", "yes"), HaveKeyWithValue(inject, "ingress")))
		remove(ctx, class)
		expectSame(ctx, before)
	})

	It("gets no ServiceAccount, for which its ContourDeployment has no field", func(ctx SpecContext) {
		class := newClass(ctx, "contour", v1alpha1.VendorContour, mounting("mesh"))
		settle(ctx, class)
		Expect(contourDeployment().annotations(ctx)).To(Equal(wanted))
		expect.ExpectNotFound(ctx, testEnv.Client, meshAccount())
	})

	It("says what is missing where no ContourDeployment is named", func(ctx SpecContext) {
		edit(ctx, named("gateway.networking.k8s.io", "v1", "GatewayClass", "", "contour"), func(o *unstructured.Unstructured) {
			unstructured.RemoveNestedField(o.Object, "spec", "parametersRef")
		})
		class := newClass(ctx, "contour", v1alpha1.VendorContour)
		settle(ctx, class)
		expectUnmeshed(ctx, class, v1alpha1.ReasonInjectionBlocked, "GatewayClass contour", "spec.parametersRef")
	})

	It("waits for the provisioner to pass the annotations on", func(ctx SpecContext) {
		expect.ExpectApplied(ctx, testEnv.Client, podOf(get(ctx, generatedEnvoy), "pod-1"))
		sayRolledOut(ctx, generatedEnvoy, 1)
		class := newClass(ctx, "contour", v1alpha1.VendorContour)
		settle(ctx, class)
		expectUnmeshed(ctx, class, v1alpha1.ReasonNotInjected, "ContourDeployment projectcontour/edge", "restart the controller")

		By("passing them on")
		annotate(ctx, generatedEnvoy, wanted)
		sayRolledOut(ctx, generatedEnvoy, 1)
		settle(ctx, class)
		expectUnmeshed(ctx, class, v1alpha1.ReasonNotInjected, "kubectl rollout restart")
	})
})

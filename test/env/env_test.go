// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package env_test

import (
	"fmt"
	"os"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/crds"
	"github.com/meshingress/meshingress/test/env"
	"github.com/meshingress/meshingress/test/expect"
)

var _ = Describe("The control plane", func() {
	It("tells a version that clients can parse", func() {
		d, err := discovery.NewDiscoveryClientForConfig(testEnv.Config)
		Expect(err).NotTo(HaveOccurred())
		info, err := d.ServerVersion()
		Expect(err).NotTo(HaveOccurred())
		parsed, err := version.ParseSemantic(info.GitVersion)
		Expect(err).NotTo(HaveOccurred())
		Expect(parsed.String()).To(Equal(strings.TrimPrefix(info.GitVersion, "v")))
		Expect(info.Major + "." + info.Minor).To(Equal(fmt.Sprintf("%d.%d", parsed.Major(), parsed.Minor())))
	})

	It("writes a kubeconfig that works and goes with Stop", func(ctx SpecContext) {
		config, err := clientcmd.BuildConfigFromFlags("", testEnv.Kubeconfig())
		Expect(err).NotTo(HaveOccurred())
		c, err := client.New(config, client.Options{Scheme: testEnv.Scheme()})
		Expect(err).NotTo(HaveOccurred())
		Expect(c.List(ctx, &corev1.NamespaceList{})).To(Succeed())
		Expect(testEnv.Binary("kubectl")).To(BeARegularFile())
	})

	It("serves the operator's kinds", func(ctx SpecContext) {
		class := builders.Class("served", v1alpha1.VendorTraefik)
		expect.ExpectApplied(ctx, testEnv.Client, class)
		expect.ExpectExists(ctx, testEnv.Client, class)
		expect.ExpectDeleted(ctx, testEnv.Client, class)
		expect.ExpectNotFound(ctx, testEnv.Client, class)
	})

	It("takes the Services that the builders make as what they are called", func(ctx SpecContext) {
		port := builders.ServicePort("http", 80)
		plain := builders.Service("default", "plain", port)
		headless := builders.HeadlessService("default", "headless", port)
		alias := builders.ExternalNameService("default", "alias", "example.com")
		expect.ExpectApplied(ctx, testEnv.Client, plain, headless, alias)
		DeferCleanup(func(ctx SpecContext) { expect.ExpectDeleted(ctx, testEnv.Client, plain, headless, alias) })
		Expect(plain.Spec.ClusterIP).To(HavePrefix("10.96."))
		Expect(headless.Spec.ClusterIP).To(Equal(corev1.ClusterIPNone))
		Expect(alias.Spec.ClusterIP).To(BeEmpty())
	})

	It("gives a client that acts as a ServiceAccount, and may do no more than that", func(ctx SpecContext) {
		account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "somebody"}}
		expect.ExpectApplied(ctx, testEnv.Client, account)
		DeferCleanup(func(ctx SpecContext) { expect.ExpectDeleted(ctx, testEnv.Client, account) })

		config, err := testEnv.ServiceAccountConfig(ctx, "default", "somebody")
		Expect(err).NotTo(HaveOccurred())
		c, err := client.New(config, client.Options{Scheme: testEnv.Scheme()})
		Expect(err).NotTo(HaveOccurred())

		review := &authenticationv1.SelfSubjectReview{}
		Expect(c.Create(ctx, review)).To(Succeed())
		Expect(review.Status.UserInfo.Username).To(Equal("system:serviceaccount:default:somebody"))
		Expect(apierrors.IsForbidden(c.List(ctx, &corev1.SecretList{}))).To(BeTrue())
	})

	It("has no token for a ServiceAccount that does not exist", func(ctx SpecContext) {
		_, err := testEnv.ServiceAccountConfig(ctx, "default", "nobody")
		Expect(apierrors.IsNotFound(err)).To(BeTrue(), "error: %v", err)
	})

	It("installs the operator's RBAC", func(ctx SpecContext) {
		Expect(testEnv.InstallRBAC(ctx)).To(Succeed())
		_, err := testEnv.ServiceAccountConfig(ctx, "meshingress-system", "meshingress-controller-manager")
		Expect(err).NotTo(HaveOccurred())
	})
})

var _ = Describe("The CRDs of a vendor", func() {
	ingressRoute := func() *unstructured.Unstructured {
		route := &unstructured.Unstructured{}
		route.SetGroupVersionKind(schema.GroupVersionKind{Group: "traefik.io", Version: "v1alpha1", Kind: "IngressRoute"})
		route.SetNamespace("default")
		route.SetName("web")
		route.Object["spec"] = map[string]any{"routes": []any{}}
		return route
	}

	It("are served after InstallCRDs, and no longer after RemoveCRDs, again and again", func(ctx SpecContext) {
		for range 2 {
			Expect(testEnv.InstallCRDs(ctx, crds.Traefik)).To(Succeed())
			Expect(testEnv.Client.Create(ctx, ingressRoute())).To(Succeed())

			Expect(testEnv.RemoveCRDs(ctx, crds.Traefik)).To(Succeed())
			c, err := client.New(testEnv.Config, client.Options{})
			Expect(err).NotTo(HaveOccurred())
			err = c.Get(ctx, client.ObjectKeyFromObject(ingressRoute()), ingressRoute())
			Expect(meta.IsNoMatchError(err)).To(BeTrue(), "error: %v", err)
		}
	})

	It("may be installed twice", func(ctx SpecContext) {
		Expect(testEnv.InstallCRDs(ctx, crds.Contour)).To(Succeed())
		Expect(testEnv.InstallCRDs(ctx, crds.Contour)).To(Succeed())
		Expect(testEnv.RemoveCRDs(ctx, crds.Contour)).To(Succeed())
		Expect(testEnv.RemoveCRDs(ctx, crds.Contour)).To(Succeed())
	})

	It("are an error for a vendor that has none", func(ctx SpecContext) {
		Expect(testEnv.InstallCRDs(ctx, "nobody")).NotTo(Succeed())
	})
})

var _ = Describe("Counter", func() {
	It("counts the requests of one client, and lists what it wrote", func(ctx SpecContext) {
		config := rest.CopyConfig(testEnv.Config)
		counter := env.CountWrites(config)
		c, err := client.New(config, client.Options{Scheme: testEnv.Scheme()})
		Expect(err).NotTo(HaveOccurred())

		// The first use of a kind discovers it.
		Expect(c.List(ctx, &corev1.ConfigMapList{}, client.InNamespace("default"))).To(Succeed())
		counter.Reset()

		cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "counted"}}
		Expect(c.Create(ctx, cm.DeepCopy(), client.DryRunAll)).To(Succeed())
		Expect(c.Create(ctx, cm)).To(Succeed())
		Expect(c.Get(ctx, client.ObjectKeyFromObject(cm), cm)).To(Succeed())
		Expect(c.Delete(ctx, cm)).To(Succeed())

		Expect(counter.Requests()).To(Equal(map[string]int{"POST": 2, "GET": 1, "DELETE": 1}))
		Expect(counter.Writes()).To(Equal([]string{
			"POST /api/v1/namespaces/default/configmaps",
			"DELETE /api/v1/namespaces/default/configmaps/counted",
		}))
		Expect(testEnv.Client.List(ctx, &corev1.ConfigMapList{})).To(Succeed())
		Expect(counter.Requests()).To(HaveKeyWithValue("GET", 1))
	})
})

var _ = Describe("Snapshot", Serial, func() {
	snapshot := func(ctx SpecContext, ignore ...func(*unstructured.Unstructured) bool) env.Snapshot {
		GinkgoHelper()
		s, err := testEnv.Snapshot(ctx, ignore...)
		Expect(err).NotTo(HaveOccurred())
		return s
	}

	var cm *corev1.ConfigMap

	BeforeEach(func(ctx SpecContext) {
		cm = &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "kept"},
			Data:       map[string]string{"key": "before"},
		}
		expect.ExpectApplied(ctx, testEnv.Client, cm)
		DeferCleanup(func(ctx SpecContext) { expect.ExpectDeleted(ctx, testEnv.Client, cm) })
	})

	It("holds what users make, and not what the API server makes for itself", func(ctx SpecContext) {
		s := snapshot(ctx)
		Expect(s).To(HaveKey("ConfigMap default/kept"))
		Expect(s).To(HaveKey("MutatingWebhookConfiguration.admissionregistration.k8s.io " + linkerd.InjectorWebhookName))
		Expect(s).NotTo(HaveKey("ClusterRole.rbac.authorization.k8s.io cluster-admin"))
		Expect(snapshot(ctx, func(u *unstructured.Unstructured) bool { return u.GetKind() == "ConfigMap" })).
			NotTo(HaveKey("ConfigMap default/kept"))
	})

	It("is equal after a change that was put back", func(ctx SpecContext) {
		before := snapshot(ctx)
		cm.Data["key"] = "after"
		Expect(testEnv.Client.Update(ctx, cm)).To(Succeed())
		cm.Data["key"] = "before"
		Expect(testEnv.Client.Update(ctx, cm)).To(Succeed())
		Expect(env.Diff(before, snapshot(ctx))).To(BeEmpty())
	})

	It("differs by a value, an object, an owner of a field or a new UID", func(ctx SpecContext) {
		before := snapshot(ctx)
		cm.Data["key"] = "after"
		Expect(testEnv.Client.Update(ctx, cm)).To(Succeed())
		Expect(env.Diff(before, snapshot(ctx))).To(And(ContainSubstring(`"before"`), ContainSubstring(`"after"`)))

		cm.Data["key"] = "before"
		Expect(testEnv.Client.Update(ctx, cm, client.FieldOwner("somebody"))).To(Succeed())
		Expect(env.Diff(before, snapshot(ctx))).To(ContainSubstring("somebody"))

		expect.ExpectDeleted(ctx, testEnv.Client, cm)
		Expect(env.Diff(before, snapshot(ctx))).To(ContainSubstring("ConfigMap default/kept"))
		cm.SetResourceVersion("")
		expect.ExpectApplied(ctx, testEnv.Client, cm)
		Expect(env.Diff(before, snapshot(ctx))).To(ContainSubstring("uid"))
	})

	It("takes no notice of generations and of times in status", func(ctx SpecContext) {
		crd := &apiextensionsv1.CustomResourceDefinition{}
		key := client.ObjectKey{Name: "meshingresses.networking.meshingress.dev"}
		Expect(testEnv.Client.Get(ctx, key, crd)).To(Succeed())
		s := snapshot(ctx)["CustomResourceDefinition.apiextensions.k8s.io "+key.Name]
		Expect(s).NotTo(BeNil())
		Expect(crd.Generation).NotTo(BeZero())
		Expect(s.GetGeneration()).To(BeZero())
		Expect(crd.Status.Conditions).NotTo(BeEmpty())
		conditions, _, err := unstructured.NestedSlice(s.Object, "status", "conditions")
		Expect(err).NotTo(HaveOccurred())
		for _, condition := range conditions {
			Expect(condition).To(HaveKeyWithValue("lastTransitionTime", ""))
		}
	})
})

var _ = Describe("The injector's stand-in", func() {
	pod := func(namespace, inject string) *corev1.Pod {
		p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, GenerateName: "pod-"}}
		if inject != "" {
			p.Annotations = map[string]string{linkerd.InjectAnnotation: inject}
		}
		p.Spec.Containers = []corev1.Container{{Name: "app", Image: "app"}}
		return p
	}
	ingressMode := corev1.EnvVar{Name: linkerd.IngressModeEnv, Value: "true"}

	DescribeTable("adds the proxy where it is asked to",
		func(ctx SpecContext, inject string, wantContainers []string, wantEnv []corev1.EnvVar) {
			p := pod("default", inject)
			Expect(testEnv.Client.Create(ctx, p)).To(Succeed())
			DeferCleanup(func(ctx SpecContext) { expect.ExpectDeleted(ctx, testEnv.Client, p) })
			var names []string
			var proxyEnv []corev1.EnvVar
			for _, container := range p.Spec.Containers {
				names = append(names, container.Name)
				proxyEnv = append(proxyEnv, container.Env...)
			}
			Expect(names).To(Equal(wantContainers))
			Expect(proxyEnv).To(Equal(wantEnv))
		},
		Entry("without the annotation", "", []string{"app"}, nil),
		Entry("disabled", "disabled", []string{"app"}, nil),
		Entry("enabled", linkerd.InjectEnabled, []string{linkerd.ProxyContainer, "app"}, nil),
		Entry("ingress", linkerd.InjectIngress, []string{linkerd.ProxyContainer, "app"}, []corev1.EnvVar{ingressMode}),
	)

	It("is not asked about the Namespaces that Linkerd leaves out", func(ctx SpecContext) {
		p := pod("kube-system", linkerd.InjectEnabled)
		Expect(testEnv.Client.Create(ctx, p)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) { expect.ExpectDeleted(ctx, testEnv.Client, p) })
		Expect(p.Spec.Containers).To(HaveLen(1))
	})
})

var _ = Describe("Start", func() {
	It("says what to run when a binary is missing", func(ctx SpecContext) {
		GinkgoT().Setenv("KUBEBUILDER_ASSETS", GinkgoT().TempDir())
		_, err := env.Start(ctx)
		Expect(err).To(MatchError(ContainSubstring("make envtest")))
	})

	It("leaves nothing behind when it fails", func(ctx SpecContext) {
		temp := GinkgoT().TempDir()
		GinkgoT().Setenv("TMPDIR", temp)
		_, err := env.Start(ctx, env.WithVendorCRDs("nobody"))
		Expect(err).To(HaveOccurred())
		left, err := os.ReadDir(temp)
		Expect(err).NotTo(HaveOccurred())
		Expect(left).To(BeEmpty())
	})
})

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package cel_test

import (
	"fmt"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/test/builders"
)

// validClass has every part of the spec that a vendor may have.
func validClass() *v1alpha1.MeshIngressClass {
	class := builders.Class("traefik", v1alpha1.VendorTraefik,
		builders.AsDefault(),
		builders.WithIngressClassName("traefik-internal"),
		builders.WithRouting(v1alpha1.RoutingHeader),
		builders.WithWorkload("Deployment", "traefik", "traefik"),
		builders.WithServiceRef("traefik", "traefik"),
		builders.WithInjection(v1alpha1.InjectionAudit),
		builders.WithClientIP(v1alpha1.ClientIPIgnore),
		builders.WithAllowedNamespaces(map[string]string{"ingress": "public"}),
	)
	class.Spec.Traefik = &v1alpha1.TraefikOptions{EntryPoints: []string{"web", "websecure"}}
	return class
}

// nginx turns the class into one of IngressNginx with the given options.
func nginx(options v1alpha1.IngressNginxOptions) func(*v1alpha1.MeshIngressClass) {
	return func(class *v1alpha1.MeshIngressClass) {
		class.Spec.Vendor = v1alpha1.VendorIngressNginx
		class.Spec.Traefik = nil
		class.Spec.IngressNginx = &options
	}
}

func entryPoints(names ...string) func(*v1alpha1.MeshIngressClass) {
	return func(class *v1alpha1.MeshIngressClass) { class.Spec.Traefik.EntryPoints = names }
}

func allowed(from v1alpha1.NamespacesFrom, selector *metav1.LabelSelector) func(*v1alpha1.MeshIngressClass) {
	return func(class *v1alpha1.MeshIngressClass) {
		class.Spec.AllowedNamespaces = v1alpha1.AllowedNamespaces{From: from, Selector: selector}
	}
}

func workloads(n int) func(*v1alpha1.MeshIngressClass) {
	return func(class *v1alpha1.MeshIngressClass) {
		class.Spec.DataPlane.Workloads = nil
		for i := range n {
			builders.WithWorkload("DaemonSet", "traefik", fmt.Sprintf("traefik-%d", i))(class)
		}
	}
}

func classRejections() []rejection[*v1alpha1.MeshIngressClass] {
	type class = *v1alpha1.MeshIngressClass
	const selectorMessage = "selector goes with from: Selector, and only with it"
	const classNameField, prefixField = "spec.ingressClassName", "spec.ingressNginx.annotationPrefix"
	return []rejection[class]{
		{
			name: "another vendor", update: true, field: "spec.vendor", message: "vendor is immutable",
			mutate: func(c class) { c.Spec.Vendor, c.Spec.Traefik = v1alpha1.VendorContour, nil },
		},
		{
			name: "an unknown vendor", field: "spec.vendor", message: "Unsupported value",
			mutate: func(c class) { c.Spec.Vendor, c.Spec.Traefik = "Apache", nil },
		},
		{
			name: "the options of Traefik for another vendor", field: "spec", message: "traefik may be set only where vendor is Traefik",
			mutate: func(c class) { c.Spec.Vendor = v1alpha1.VendorContour },
		},
		{
			name: "the options of IngressNginx for another vendor", field: "spec",
			message: "ingressNginx may be set only where vendor is IngressNginx",
			mutate:  func(c class) { c.Spec.IngressNginx = &v1alpha1.IngressNginxOptions{} },
		},

		{
			name: "a selector for all Namespaces", field: "spec.allowedNamespaces", message: selectorMessage,
			mutate: allowed(v1alpha1.NamespacesFromAll, &metav1.LabelSelector{}),
		},
		{
			name: "Selector without a selector", field: "spec.allowedNamespaces", message: selectorMessage,
			mutate: allowed(v1alpha1.NamespacesFromSelector, nil),
		},
		{
			name: "an unknown set of Namespaces", field: "spec.allowedNamespaces.from", message: "Unsupported value",
			mutate: allowed("Same", nil),
		},

		{
			name: "an ingressClassName in upper case", field: classNameField, message: "must be the name of an IngressClass",
			mutate: builders.WithIngressClassName("Traefik"),
		},
		{
			name: "an ingressClassName with a newline", field: classNameField, message: "must be the name of an IngressClass",
			mutate: builders.WithIngressClassName("traefik\n"),
		},
		{
			name: "an ingressClassName that is too long", field: classNameField, message: "Too long",
			mutate: builders.WithIngressClassName(strings.Repeat("a", 254)),
		},

		{
			name: "an annotation prefix with a slash", field: prefixField, message: "must be a DNS name",
			mutate: nginx(v1alpha1.IngressNginxOptions{AnnotationPrefix: "nginx.org/x"}),
		},
		{
			name: "a ConfigMap without a name", field: "spec.ingressNginx.configMapRef.name", message: "at least 1 chars long",
			mutate: nginx(v1alpha1.IngressNginxOptions{ConfigMapRef: &v1alpha1.ObjectKey{Namespace: "ingress-nginx"}}),
		},

		{
			name: "17 entry points", field: "spec.traefik.entryPoints", message: "Too many",
			mutate: entryPoints(hyphenated(hosts(17))...),
		},
		{
			name: "an entry point twice", field: "spec.traefik.entryPoints[1]", message: "Duplicate value",
			mutate: entryPoints("web", "web"),
		},
		{
			name: "an entry point with a space", field: "spec.traefik.entryPoints[0]", message: "should match",
			mutate: entryPoints("web secure"),
		},
		{
			name: "an entry point with a newline", field: "spec.traefik.entryPoints[0]", message: "should match",
			mutate: entryPoints("web\n"),
		},

		{name: "9 workloads", field: "spec.dataPlane.workloads", message: "Too many", mutate: workloads(9)},
		{
			name: "a workload twice", field: "spec.dataPlane.workloads[1]", message: "Duplicate value",
			mutate: builders.WithWorkload("Deployment", "traefik", "traefik"),
		},
		{
			name: "a workload of an unknown kind", field: "spec.dataPlane.workloads[1].kind", message: "Unsupported value",
			mutate: builders.WithWorkload("Job", "traefik", "traefik"),
		},
		{
			name: "a workload without a namespace", field: "spec.dataPlane.workloads[1].namespace", message: "at least 1 chars long",
			mutate: builders.WithWorkload("Deployment", "", "traefik"),
		},
		{
			name: "a Service without a name", field: "spec.dataPlane.serviceRef.name", message: "at least 1 chars long",
			mutate: builders.WithServiceRef("traefik", ""),
		},

		{name: "an unknown routing", field: "spec.routing", message: "Unsupported value", mutate: builders.WithRouting("Pod")},
		{
			name: "an unknown injection", field: "spec.dataPlane.injection", message: "Unsupported value",
			mutate: builders.WithInjection("Maybe"),
		},
		{
			name: "an unknown clientIP", field: "spec.dataPlane.clientIP", message: "Unsupported value",
			mutate: builders.WithClientIP("Hide"),
		},
	}
}

func classAcceptances() []acceptance[*v1alpha1.MeshIngressClass] {
	type class = *v1alpha1.MeshIngressClass
	return []acceptance[class]{
		{"every part of the spec", func(class) {}},
		{"IngressNginx and its options", nginx(v1alpha1.IngressNginxOptions{
			AnnotationPrefix: "nginx.example.com",
			ConfigMapRef:     &v1alpha1.ObjectKey{Namespace: "ingress-nginx", Name: "ingress-nginx-controller"},
		})},
		{"Contour", func(c class) { c.Spec.Vendor, c.Spec.Traefik = v1alpha1.VendorContour, nil }},
		{"all Namespaces", allowed(v1alpha1.NamespacesFromAll, nil)},
		{"no word on Namespaces", allowed("", nil)},
		{"an ingressClassName with dots", builders.WithIngressClassName("traefik.example.com")},
		{"8 workloads", workloads(8)},
		{"16 entry points", entryPoints(hyphenated(hosts(16))...)},
		{"two workloads of one name", builders.WithWorkload("DaemonSet", "traefik", "traefik")},
	}
}

func hyphenated(names []string) []string {
	for i := range names {
		names[i] = strings.ReplaceAll(names[i], ".", "-")
	}
	return names
}

var _ = Describe("MeshIngressClass", func() {
	DescribeTable("is accepted with", func(ctx SpecContext, c acceptance[*v1alpha1.MeshIngressClass]) {
		c.check(ctx, validClass())
	}, acceptances(classAcceptances()))

	DescribeTable("is rejected with", func(ctx SpecContext, c rejection[*v1alpha1.MeshIngressClass]) {
		c.check(ctx, validClass())
	}, rejections(classRejections()))

	It("may be changed in all but its vendor", func(ctx SpecContext) {
		class := validClass()
		Expect(testEnv.Client.Create(ctx, class)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) { Expect(testEnv.Client.Delete(ctx, class)).To(Succeed()) })
		class.Spec.Routing = v1alpha1.RoutingClusterIP
		Expect(testEnv.Client.Update(ctx, class)).To(Succeed())
	})

	It("gets its defaults", func(ctx SpecContext) {
		object := unstructuredFrom(`
apiVersion: networking.meshingress.dev/v1alpha1
kind: MeshIngressClass
metadata: {name: traefik}
spec: {vendor: Traefik}
`)
		Expect(testEnv.Client.Create(ctx, object, client.DryRunAll)).To(Succeed())
		got := &v1alpha1.MeshIngressClass{}
		Expect(yaml.UnmarshalStrict(toYAML(object), got)).To(Succeed())
		Expect(got.Spec).To(Equal(v1alpha1.MeshIngressClassSpec{
			Vendor:  v1alpha1.VendorTraefik,
			Routing: v1alpha1.RoutingAuto,
			DataPlane: v1alpha1.DataPlane{
				Injection: v1alpha1.InjectionEnforce, InjectionTarget: v1alpha1.InjectionTargetAuto,
				ConflictPolicy: v1alpha1.ConflictPolicyReport, Repair: v1alpha1.RepairNone, ClientIP: v1alpha1.ClientIPPreserve,
			},
			AllowedNamespaces: v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesFromAll},
		}))
	})
})

func unstructuredFrom(text string) *unstructured.Unstructured {
	GinkgoHelper()
	object := &unstructured.Unstructured{}
	Expect(yaml.Unmarshal([]byte(text), &object.Object)).To(Succeed())
	return object
}

func toYAML(object *unstructured.Unstructured) []byte {
	GinkgoHelper()
	text, err := yaml.Marshal(object.Object)
	Expect(err).NotTo(HaveOccurred())
	return text
}

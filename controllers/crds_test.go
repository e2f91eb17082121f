// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/test/crds"
	"github.com/meshingress/meshingress/test/expect"
	"github.com/meshingress/meshingress/test/fixtures"
	"github.com/meshingress/meshingress/test/operator"
)

var _ = Describe("The CRDs of a vendor", func() {
	var (
		op                            *operator.Operator
		namespace                     string
		traefikMI, contourMI, nginxMI *v1alpha1.MeshIngress
		traefikClass, contourClass    *v1alpha1.MeshIngressClass
	)

	// ofVendors are the open watches on kinds that come with a CRD.
	ofVendors := func() []string {
		return slices.DeleteFunc(op.Watches.Open(), func(path string) bool {
			return !strings.Contains(path, "traefik") && !strings.Contains(path, "projectcontour")
		})
	}
	// staysCalm proves that there is no hot loop.
	staysCalm := func(ctx SpecContext) {
		GinkgoHelper()
		rests(ctx, op)
		op.Counter.Reset()
		Consistently(ctx, op.Counter.Requests).WithTimeout(2 * quiet).WithPolling(pollInterval).
			Should(Satisfy(func(requests map[string]int) bool { return total(requests) <= calm }))
	}

	BeforeEach(func(ctx SpecContext) {
		DeferCleanup(func(ctx SpecContext) {
			Expect(testEnv.InstallCRDs(ctx, crds.Traefik, crds.Contour)).To(Succeed())
		})
		Expect(testEnv.RemoveCRDs(ctx, crds.Traefik, crds.Contour)).To(Succeed())
		install(ctx, fixtures.Linkerd)
		namespace = createNamespace(ctx, "emojivoto-", nil)
		op = start(ctx)
		traefikClass, contourClass = traefik().class(), contour().class()
		nginxClass := ingressNginx().class()
		traefikMI, contourMI, nginxMI = web(namespace, traefikClass), web(namespace, contourClass), web(namespace, nginxClass)
		contourMI.Name, nginxMI.Name = "contour", "nginx"
		expect.ExpectApplied(ctx, user, traefikClass, contourClass, nginxClass, traefikMI, contourMI, nginxMI)
		for _, class := range []*v1alpha1.MeshIngressClass{traefikClass, contourClass} {
			becomes(ctx, class, v1alpha1.ConditionAccepted, "False VendorNotServed")
		}
		for _, mi := range []*v1alpha1.MeshIngress{traefikMI, contourMI} {
			becomes(ctx, mi, v1alpha1.ConditionAccepted, "False VendorNotServed")
		}
	})

	It("are not needed for the others, and are used as soon as they come, leave and come back", func(ctx SpecContext) {
		By("serving the vendor that needs none")
		isProgrammed(ctx, nginxMI)
		Expect(ofVendors()).To(BeEmpty())
		staysCalm(ctx)

		By("installing them")
		Expect(testEnv.InstallCRDs(ctx, crds.Traefik)).To(Succeed())
		// They come one by one, and the former group of Traefik may be the first.
		eventually(ctx, generatedNames, traefikMI).Should(ConsistOf(oursIn("ingressroutes.traefik.io", namespace)))
		isProgrammed(ctx, traefikMI)
		becomes(ctx, traefikClass, v1alpha1.ConditionAccepted, "True Accepted")
		becomes(ctx, contourMI, v1alpha1.ConditionAccepted, "False VendorNotServed")
		Expect(testEnv.InstallCRDs(ctx, crds.Contour)).To(Succeed())
		isProgrammed(ctx, contourMI)
		Expect(ofVendors()).To(ContainElements(
			"/apis/projectcontour.io/v1/httpproxies", "/apis/traefik.io/v1alpha1/ingressroutes"))

		By("removing those of one")
		Expect(testEnv.RemoveCRDs(ctx, crds.Traefik)).To(Succeed())
		becomes(ctx, traefikClass, v1alpha1.ConditionAccepted, "False VendorNotServed")
		becomes(ctx, traefikMI, v1alpha1.ConditionAccepted, "False VendorNotServed")
		eventually(ctx, ofVendors).Should(ConsistOf("/apis/projectcontour.io/v1/httpproxies"))
		staysCalm(ctx)
		change(ctx, contourMI, func(mi *v1alpha1.MeshIngress) { mi.Spec.Rules[0].Host = "other.example.com" })
		eventually(ctx, func() (any, error) {
			proxy, err := route(ctx, contourMI, "HTTPProxy")
			if err != nil {
				return nil, err
			}
			return proxy.Object["spec"], nil
		}).Should(HaveKeyWithValue("virtualhost", HaveKeyWithValue("fqdn", "other.example.com")))
		isProgrammed(ctx, nginxMI)

		By("installing them again")
		Expect(testEnv.InstallCRDs(ctx, crds.Traefik)).To(Succeed())
		eventually(ctx, generatedNames, traefikMI).Should(ConsistOf(oursIn("ingressroutes.traefik.io", namespace)))
		isProgrammed(ctx, traefikMI)
		ours, err := route(ctx, traefikMI, "IngressRoute")
		Expect(err).NotTo(HaveOccurred())
		expect.ExpectDeleted(ctx, user, ours)
		eventually(ctx, generatedNames, traefikMI).Should(ConsistOf(oursIn("ingressroutes.traefik.io", namespace)))
	})

	It("do not hold up a deletion when they are gone", func(ctx SpecContext) {
		Expect(testEnv.InstallCRDs(ctx, crds.Traefik)).To(Succeed())
		isProgrammed(ctx, traefikMI)
		Expect(testEnv.RemoveCRDs(ctx, crds.Traefik)).To(Succeed())
		becomes(ctx, traefikMI, v1alpha1.ConditionAccepted, "False VendorNotServed")
		expect.ExpectDeleted(ctx, user, traefikMI, traefikClass)
		isGone(ctx, traefikMI)
		isGone(ctx, traefikClass)
	})
})

// calm is how many requests in a few seconds are no hot loop.
const calm = 10

func total(requests map[string]int) int {
	sum := 0
	for _, n := range requests {
		sum += n
	}
	return sum
}

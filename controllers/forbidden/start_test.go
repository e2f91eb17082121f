// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package forbidden_test

import (
	"io"
	"net/http"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/permissions"
	"github.com/meshingress/meshingress/test/fixtures"
)

// Without its own kinds it can write no status: there is nothing to write one into.
var _ = Describe("A manager that may not follow its own kinds when it starts", func() {
	DescribeTable("stays up, says so in its readiness and once in its log, and begins once it may",
		func(ctx SpecContext, user, resource string) {
			install(ctx, load(fixtures.Contour))
			DeferCleanup(remove, load(fixtures.Contour))
			all := slices.Concat(permissions.Base().All(), permissions.Vendor(describe(v1alpha1.VendorContour)).All())
			rules := all
			for _, verb := range []string{"list", "watch"} {
				rules = without(rules, permissions.Permission{Verb: verb, Group: v1alpha1.GroupName, Resource: resource})
			}
			grant(ctx, map[string][]rbacv1.PolicyRule{user: rules})
			told := gbytes.NewBuffer()
			GinkgoWriter.TeeTo(told)
			DeferCleanup(GinkgoWriter.ClearTeeWriters)

			m := startManager(ctx, user)
			Eventually(m.readiness).WithTimeout(noticeTimeout).Should(And(
				ContainSubstring(`cannot list resource "`+resource+`"`), ContainSubstring("the role meshingress-base grants it")))
			m.counter.Reset()
			Eventually(func() int { return m.counter.Requests()[http.MethodGet] }).WithTimeout(noticeTimeout).
				Should(BeNumerically(">", 1), "it does not try again")
			Expect(strings.Count(string(told.Contents()), `cannot list resource \"`+resource)).To(Equal(1))

			_, mi := createPair(ctx, "contour", v1alpha1.VendorContour)
			allow(ctx, user, all)
			Eventually(func() []string { return conditionsOf(ctx, mi) }).WithTimeout(noticeTimeout).
				Should(ContainElement("Programmed=True"))
			Eventually(m.ready).WithTimeout(noticeTimeout).Should(Equal(http.StatusOK))
		},
		Entry("MeshIngresses", "no-meshingresses", "meshingresses"),
		Entry("MeshIngressClasses", "no-classes", "meshingressclasses"),
	)
})

// readiness is what the readiness check of permissions answers.
func (m *running) readiness() (string, error) {
	response, err := http.Get("http://" + m.probes + "/readyz/permissions")
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}

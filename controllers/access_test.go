// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	authorizationv1 "k8s.io/api/authorization/v1"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/internal/permissions"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/expect"
	"github.com/meshingress/meshingress/test/fixtures"
	"github.com/meshingress/meshingress/test/operator"
)

var _ = Describe("What a vendor's provider says that it works on", func() {
	It("is watched as soon as it is used, and no sooner", func(ctx SpecContext) {
		install(ctx, fixtures.Linkerd, fixtures.IngressNginx)
		namespace := createNamespace(ctx, "emojivoto-", nil)
		op := start(ctx)
		all := written(v1alpha1.VendorIngressNginx, v1alpha1.VendorTraefik, v1alpha1.VendorContour)
		unwatched := func() []string {
			return slices.DeleteFunc(slices.Clone(all), func(path string) bool { return slices.Contains(op.Watches.Open(), path) })
		}
		Expect(unwatched()).To(ConsistOf(all))

		nginx := ingressNginx().class(builders.WithRouting(v1alpha1.RoutingHeader), withConfigMap())
		for _, class := range []*v1alpha1.MeshIngressClass{
			nginx, contour().class(), traefik().class(builders.WithRouting(v1alpha1.RoutingHeader)),
		} {
			mi := web(namespace, class)
			mi.Name = class.Name
			expect.ExpectApplied(ctx, user, class, mi)
			isProgrammed(ctx, mi)
		}
		// It is for where Traefik's present group is not served.
		eventually(ctx, unwatched).Should(ConsistOf("/apis/traefik.containo.us/v1alpha1/middlewares"))
	})

	It("is granted", func(ctx SpecContext) {
		connectOperator(ctx)
		for _, p := range registry.All() {
			d := p.Describe()
			for verbs, kinds := range map[string][]providers.Kind{
				"list watch":                         d.Kinds(),
				"get list watch patch":               slices.Concat(d.Patches, d.DataPlane.Kinds),
				"get list watch create patch delete": d.Writes,
			} {
				for _, k := range kinds {
					for _, verb := range strings.Fields(verbs) {
						Expect(may(ctx, verb, k.Group, k.Resource, "emojivoto", "")).To(BeTrue(), "%s: %s %s", d.Vendor, verb, k.CRDName())
					}
				}
			}
		}
	})
})

var _ = Describe("The operator's permissions", func() {
	const mine = v1alpha1.GroupName
	everything := []string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"}
	writing := everything[3:]
	notPatched := []string{"create", "update", "delete", "deletecollection"}

	DescribeTable("do not allow",
		func(ctx SpecContext, group, resource string, verbs []string) {
			connectOperator(ctx)
			for _, verb := range verbs {
				Expect(may(ctx, verb, group, resource, "emojivoto", "any")).To(BeFalse(), "%s %s", verb, resource)
			}
		},
		Entry("anything with Secrets", "", "secrets", everything),
		Entry("more than patching Services", "", "services", notPatched),
		Entry("more than patching Namespaces", "", "namespaces", notPatched),
		Entry("writing pods", "", "pods", writing),
		Entry("running commands in pods", "", "pods/exec", everything),
		Entry("evicting pods", "", "pods/eviction", everything),
		Entry("updating ServiceAccounts", "", "serviceaccounts", []string{"update", "deletecollection"}),
		Entry("tokens", "", "serviceaccounts/token", everything),
		Entry("making MeshIngresses", mine, "meshingresses", notPatched),
		Entry("making classes", mine, "meshingressclasses", notPatched),
		Entry("more than patching a MeshIngress's status", mine, "meshingresses/status", notPatched),
		Entry("more than patching a class's status", mine, "meshingressclasses/status", notPatched),
		Entry("more than patching Deployments", "apps", "deployments", notPatched),
		Entry("more than patching DaemonSets", "apps", "daemonsets", notPatched),
		Entry("more than patching StatefulSets", "apps", "statefulsets", notPatched),
		Entry("scaling", "apps", "deployments/scale", everything),
		Entry("writing CRDs", "apiextensions.k8s.io", "customresourcedefinitions", writing),
		Entry("writing webhooks", "admissionregistration.k8s.io", "mutatingwebhookconfigurations", writing),
		Entry("writing webhooks that validate", "admissionregistration.k8s.io", "validatingwebhookconfigurations", writing),
		Entry("updating Ingresses", "networking.k8s.io", "ingresses", []string{"update", "deletecollection"}),
		Entry("writing the status of Ingresses", "networking.k8s.io", "ingresses/status", everything),
		Entry("writing the status of HTTPProxies", "projectcontour.io", "httpproxies/status", everything),
		Entry("writing IngressClasses", "networking.k8s.io", "ingressclasses", writing),
		Entry("updating ConfigMaps", "", "configmaps", []string{"update", "deletecollection"}),
		Entry("granting permissions", "rbac.authorization.k8s.io", "clusterroles", everything),
		Entry("binding permissions", "rbac.authorization.k8s.io", "clusterrolebindings", everything),
		Entry("becoming somebody else", "", "users", []string{"impersonate"}),
		Entry("leases of other namespaces", "coordination.k8s.io", "leases", everything),
	)

	It("allow Linkerd's own ConfigMap to be read, by name", func(ctx SpecContext) {
		connectOperator(ctx)
		for _, verb := range []string{"list", "watch"} {
			Expect(may(ctx, verb, "", "configmaps", linkerd.DefaultNamespace, linkerd.ConfigMapName)).To(BeTrue(), verb)
		}
	})

	It("allow the operator's own lease, and that of nobody else", func(ctx SpecContext) {
		connectOperator(ctx)
		const group, resource = "coordination.k8s.io", "leases"
		Expect(may(ctx, "create", group, resource, operator.Namespace, "")).To(BeTrue(), "create")
		for _, verb := range []string{"get", "update"} {
			Expect(may(ctx, verb, group, resource, operator.Namespace, permissions.LeaseName)).To(BeTrue(), verb)
			Expect(may(ctx, verb, group, resource, operator.Namespace, "any")).To(BeFalse(), verb)
		}
	})
})

// connectOperator sees to it that the operator's roles hold.
func connectOperator(ctx context.Context) {
	GinkgoHelper()
	_, err := operator.Connect(ctx, testEnv)
	Expect(err).NotTo(HaveOccurred())
}

// may asks whether the operator may do something with "<resource>[/<subresource>]".
func may(ctx context.Context, verb, group, resource, namespace, name string) bool {
	GinkgoHelper()
	resource, subresource, _ := strings.Cut(resource, "/")
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: operator.User,
		Groups: []string{
			"system:authenticated", "system:serviceaccounts", "system:serviceaccounts:" + operator.Namespace,
		},
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Verb: verb, Group: group, Resource: resource, Subresource: subresource, Namespace: namespace, Name: name,
		},
	}}
	Expect(user.Create(ctx, review)).To(Succeed())
	return review.Status.Allowed
}

// written are the paths of the watches on all kinds that some vendors' providers write
// or set fields on.
func written(vendors ...v1alpha1.Vendor) []string {
	GinkgoHelper()
	var paths []string
	for _, vendor := range vendors {
		p, ok := registry.Get(vendor)
		Expect(ok).To(BeTrue(), "there is a provider for %s", vendor)
		for _, k := range slices.Concat(p.Describe().Writes, p.Describe().Patches) {
			if path := watchPath(k); !slices.Contains(paths, path) {
				paths = append(paths, path)
			}
		}
	}
	return paths
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle_test

import (
	"context"
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/translate"
	"github.com/meshingress/meshingress/providers/all"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/crds"
	"github.com/meshingress/meshingress/test/fixtures"
)

// scenario is one vendor and one way of its to route.
type scenario struct {
	vendor  v1alpha1.Vendor
	fixture string

	// crds are the vendor's of test/crds, and group those of them that are
	// installed; empty for a vendor without.
	crds, group string

	// routing and opts of the class.
	routing v1alpha1.Routing
	opts    []builders.ClassOption

	// strategy that comes of it.
	strategy v1alpha1.Strategy

	// workload, service and config are the fixture's objects that users edit; the
	// last may be missing.
	workload, service, config *unstructured.Unstructured
}

func traefik(routing v1alpha1.Routing, strategy v1alpha1.Strategy, group string) scenario {
	return scenario{
		vendor: v1alpha1.VendorTraefik, fixture: fixtures.Traefik, crds: crds.Traefik, group: group,
		routing: routing, strategy: strategy,
		workload: named("apps/v1", "Deployment", "traefik", "traefik"), service: named("v1", "Service", "traefik", "traefik"),
	}
}

func ingressNginx(routing v1alpha1.Routing, strategy v1alpha1.Strategy) scenario {
	const ns, name = "ingress-nginx", "ingress-nginx-controller"
	return scenario{
		vendor: v1alpha1.VendorIngressNginx, fixture: fixtures.IngressNginx, routing: routing, strategy: strategy,
		opts: []builders.ClassOption{func(class *v1alpha1.MeshIngressClass) {
			class.Spec.IngressNginx = &v1alpha1.IngressNginxOptions{ConfigMapRef: &v1alpha1.ObjectKey{Namespace: ns, Name: name}}
		}},
		workload: named("apps/v1", "Deployment", ns, name), service: named("v1", "Service", ns, name),
		config: named("v1", "ConfigMap", ns, name),
	}
}

func contour() scenario {
	const ns = "projectcontour"
	return scenario{
		vendor: v1alpha1.VendorContour, fixture: fixtures.Contour, crds: crds.Contour, group: "projectcontour.io",
		routing: v1alpha1.RoutingAuto, strategy: v1alpha1.StrategyHeader,
		workload: named("apps/v1", "DaemonSet", ns, "envoy"), service: named("v1", "Service", ns, "envoy"),
	}
}

// forEachStrategy makes one spec for each way of each vendor.
func forEachStrategy(text string, body func(ctx SpecContext, s scenario)) {
	GinkgoHelper()
	const io, containous = "traefik.io", "traefik.containo.us"
	DescribeTable(text, body,
		Entry("Traefik, ClusterIP", traefik(v1alpha1.RoutingAuto, v1alpha1.StrategyClusterIP, io)),
		Entry("Traefik, header", traefik(v1alpha1.RoutingHeader, v1alpha1.StrategyHeader, io)),
		Entry("Traefik before 2.10, header", traefik(v1alpha1.RoutingAuto, v1alpha1.StrategyHeader, containous)),
		Entry("IngressNginx, ClusterIP", ingressNginx(v1alpha1.RoutingAuto, v1alpha1.StrategyClusterIP)),
		Entry("IngressNginx, header", ingressNginx(v1alpha1.RoutingHeader, v1alpha1.StrategyHeader)),
		Entry("Contour, header", contour()),
	)
}

// install puts everything into the cluster but what is the operator's.
func (s scenario) install(ctx context.Context) {
	GinkgoHelper()
	if s.crds != "" {
		s.installCRDs(ctx)
	}
	install(ctx, fixtures.Linkerd, fixtures.LinkerdInjector, fixtures.Emojivoto, s.fixture)
}

// installCRDs installs one group of a vendor's.
func (s scenario) installCRDs(ctx context.Context) {
	GinkgoHelper()
	definitions, err := crds.Load(s.crds)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func(ctx SpecContext) { Expect(testEnv.RemoveCRDs(ctx, s.crds)).To(Succeed()) })
	for _, crd := range definitions {
		if crd.Spec.Group != s.group {
			continue
		}
		Expect(user.Create(ctx, crd)).To(Succeed())
		eventually(ctx, func() (bool, error) {
			err := user.Get(ctx, client.ObjectKeyFromObject(crd), crd)
			return isEstablished(crd), err
		}).Should(BeTrue())
	}
}

func isEstablished(crd *apiextensionsv1.CustomResourceDefinition) bool {
	for _, c := range crd.Status.Conditions {
		if c.Type == apiextensionsv1.Established {
			return c.Status == apiextensionsv1.ConditionTrue
		}
	}
	return false
}

func (s scenario) class() *v1alpha1.MeshIngressClass {
	return builders.Class("public", s.vendor, append(s.opts, builders.WithRouting(s.routing))...)
}

func (s scenario) meshIngress(opts ...builders.MeshIngressOption) *v1alpha1.MeshIngress {
	return builders.MeshIngress("web", "emojivoto", append(opts, builders.WithClass("public"),
		builders.WithRule("example.com", "/", "web-svc", "http"))...)
}

// annotations are those of Linkerd that the operator has set on the workload.
func (s scenario) annotations(ctx context.Context) (map[string]string, error) {
	live := s.workload.DeepCopy()
	if err := user.Get(ctx, client.ObjectKeyFromObject(live), live); err != nil {
		return nil, err
	}
	all, _, err := unstructured.NestedStringMap(live.Object, "spec", "template", "metadata", "annotations")
	found := map[string]string{}
	for _, key := range []string{"linkerd.io/inject", "config.linkerd.io/skip-inbound-ports"} {
		if value, ok := all[key]; ok {
			found[key] = value
		}
	}
	return found, err
}

// mode is the value of linkerd.io/inject that the strategy needs.
func (s scenario) mode() string {
	if s.strategy == v1alpha1.StrategyHeader {
		return "ingress"
	}
	return "enabled"
}

// generated lists what is made for a MeshIngress.
func generated(ctx context.Context, mi *v1alpha1.MeshIngress) []*unstructured.Unstructured {
	GinkgoHelper()
	registry, err := all.New()
	Expect(err).NotTo(HaveOccurred())
	var found []*unstructured.Unstructured
	for _, k := range registry.Kinds() {
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(k.GroupVersionKind)
		err := user.List(ctx, list, client.MatchingLabels{v1alpha1.OwnerLabel: translate.OwnerOf(mi).Hash()})
		if client.IgnoreNotFound(err) != nil {
			Expect(err).To(Satisfy(isNoMatch))
		}
		for i := range list.Items {
			found = append(found, &list.Items[i])
		}
	}
	return found
}

func named(apiVersion, kind, namespace, name string) *unstructured.Unstructured {
	o := &unstructured.Unstructured{}
	o.SetAPIVersion(apiVersion)
	o.SetKind(kind)
	o.SetNamespace(namespace)
	o.SetName(name)
	return o
}

// The edits of users, and how each is taken back.

// edit makes every edit of users.
func (s scenario) edit(ctx context.Context) { s.applyEdits(ctx, `"yes"`, int64(3)) }

// undo takes them back.
func (s scenario) undo(ctx context.Context) { s.applyEdits(ctx, "null", nil) }

func (s scenario) applyEdits(ctx context.Context, value string, historyLimit any) {
	GinkgoHelper()
	annotate(ctx, s.service, fmt.Sprintf(`{"metadata":{"annotations":{"example.com/edited":%s}}}`, value))
	annotate(ctx, s.workload, fmt.Sprintf(
		`{"metadata":{"annotations":{"example.com/edited":%[1]s}},
		  "spec":{"template":{"metadata":{"annotations":{"example.com/edited":%[1]s}}}}}`, value))
	if s.config != nil {
		annotate(ctx, s.config, fmt.Sprintf(`{"data":{"use-gzip":%s}}`, value))
	}
	s.upgrade(ctx, historyLimit)
}

// annotate is a merge patch, as of kubectl annotate and kubectl patch.
func annotate(ctx context.Context, o *unstructured.Unstructured, patch string) {
	GinkgoHelper()
	Expect(user.Patch(ctx, o.DeepCopy(), client.RawPatch(types.MergePatchType, []byte(patch)),
		client.FieldOwner("kubectl-annotate"))).To(Succeed())
}

// upgrade applies the fixture's workload again, with another value, as Helm does.
func (s scenario) upgrade(ctx context.Context, historyLimit any) {
	GinkgoHelper()
	objects, err := fixtures.Objects(s.fixture)
	Expect(err).NotTo(HaveOccurred())
	for _, o := range objects {
		if o.GetKind() != s.workload.GetKind() || o.GetName() != s.workload.GetName() {
			continue
		}
		if historyLimit != nil {
			Expect(unstructured.SetNestedField(o.Object, historyLimit, "spec", "revisionHistoryLimit")).To(Succeed())
		}
		applyAs(ctx, helm, o)
		return
	}
	Fail("the fixture has no workload " + s.workload.GetName())
}

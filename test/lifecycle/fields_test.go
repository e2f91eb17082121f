// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle_test

import (
	"context"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/test/operator"
)

// claim is a field that the operator sets on an object of others.
type claim struct {
	place

	// ours is what the operator sets, and theirs what somebody else would have there.
	ours   types.GomegaMatcher
	theirs any

	// byMeshIngress is true where a MeshIngress claims the field, and not its class.
	byMeshIngress bool
}

var _ = Describe("A field of an object of others", func() {
	DescribeTable("is set, left to whoever wants it otherwise, and put back", liveWithRival,
		Entry("ConfigMap", ingressNginx("header", askedHeader), claim{
			place: place{nginxConfigMap(), []string{"data", "proxy-set-headers"}},
			ours:  ContainSubstring("meshingress"), theirs: "infra/headers",
		}),
		Entry("Service, of Kong", kong("ClusterIP", toClusterIP),
			onBackend("ingress.kubernetes.io/service-upstream", Equal("true"), "false")),
		Entry("Service, of GCE", gce(),
			onBackend("cloud.google.com/backend-config", ContainSubstring(`"ports":{"80":`), `{"default":"theirs"}`)),
		Entry("Settings", gloo("Settings", v1alpha1.GlooSettings),
			claim{place: place{glooSettings(), []string{"spec", "linkerd"}}, ours: Equal(true), theirs: false}),
		Entry("EnvoyProxy", envoyGateway("", toClusterIP), claim{
			place: place{envoyProxy(), []string{"spec", "routingType"}}, ours: Equal("Service"), theirs: "Endpoint",
		}),
		Entry("EnvoyProxy, for the injector", injection(envoyGateway("", toClusterIP).injectedByProxy())...),
		Entry("Namespace", injection(envoyGateway("", toClusterIP))...),
		Entry("Gateway, of Envoy Gateway", injection(envoyGateway("", toClusterIP).injectedByGateway())...),
		Entry("Gateway, of another implementation", injection(gatewayAPI())...),
	)
})

// onBackend is an annotation of the Service that a MeshIngress routes to.
func onBackend(key string, ours types.GomegaMatcher, theirs string) claim {
	return claim{place{service("emojivoto", "web-svc"), []string{"metadata", "annotations", key}}, ours, theirs, true}
}

// injection is what tells the injector about the data plane of a scenario.
func injection(s scenario) []any {
	return []any{s, claim{
		place: place{s.target.object, append(slices.Clone(s.target.path), linkerd.InjectAnnotation)},
		ours:  Equal(s.injected()[linkerd.InjectAnnotation]), theirs: "disabled",
	}}
}

func liveWithRival(ctx SpecContext, s scenario, c claim) {
	rival := setting(c.object, c.theirs, c.path...)
	s.edits = append(slices.Clone(s.edits), rival)
	w := s.begin(ctx)
	w.sets(ctx, c)
	By("leaving when nobody else has changed anything")
	remove(ctx, w.mi, w.class)
	expectEqual(w.before, snapshot(ctx))

	By("users' changes of other fields, and a rival's of this one")
	w.create(ctx)
	w.sets(ctx, c)
	s.edit(ctx)
	w.yields(ctx, c)
	By("the rival's giving in")
	rival.undo(ctx)
	w.sets(ctx, c)
	By("the rival's changing its mind")
	rival.do(ctx)
	w.yields(ctx, c)
	remove(ctx, w.mi, w.class)
	w.isAsExpected(ctx)
}

// sets waits until the field is set, and nothing is said about it.
func (w *world) sets(ctx context.Context, c claim) {
	GinkgoHelper()
	w.programmed(ctx)
	eventually(ctx, c.value).Should(c.ours)
	object, condition := w.reportOn(c)
	eventually(ctx, operator.Condition, client.Reader(user), object, condition).ShouldNot(Equal(conflict))
}

// yields waits until the operator says that somebody else has set the field, and
// expects that it has let them.
func (w *world) yields(ctx context.Context, c claim) {
	GinkgoHelper()
	object, condition := w.reportOn(c)
	becomes(ctx, object, condition, conflict)
	Expect(c.value(ctx)).To(Equal(c.theirs))
}

const conflict = "False " + v1alpha1.ReasonFieldConflict

// reportOn is the object and the condition that tell about a field.
func (w *world) reportOn(c claim) (client.Object, string) {
	if c.byMeshIngress {
		return w.mi, v1alpha1.ConditionProgrammed
	}
	return w.class, v1alpha1.ConditionMeshed
}

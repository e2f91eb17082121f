// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package forbidden_test

import (
	"context"
	"net"
	"net/http"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/recorder"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/internal/permissions"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/env"
	"github.com/meshingress/meshingress/test/fixtures"
)

const (
	// noticeTimeout is far above the seconds that a cache waits before it tries again.
	noticeTimeout = 2 * time.Minute

	// quiet is how long it is watched that a manager without permissions does little, and
	// maxTries how many requests it may send in that time.
	quiet    = 5 * time.Second
	maxTries = 60
)

var _ = Describe("A manager", func() {
	BeforeEach(func(ctx SpecContext) {
		for _, s := range []scenario{of("", v1alpha1.VendorContour, fixtures.Contour), nginxHeader()} {
			s.install(ctx)
			DeferCleanup(s.uninstall)
		}
	})

	DescribeTable("that may not follow what every reconcile reads stays up, says so, and goes on once it may",
		func(ctx SpecContext, user string, missing ...permissions.Permission) {
			rules := contour()
			for _, p := range missing {
				rules = without(rules, p)
			}
			grant(ctx, map[string][]rbacv1.PolicyRule{user: rules})
			m := startManager(ctx, user)
			class, mi := createPair(ctx, "contour", v1alpha1.VendorContour)
			for kind, obj := range map[string]client.Object{v1alpha1.ConditionMeshed: class, v1alpha1.ConditionProgrammed: mi} {
				for _, kind := range []string{kind, v1alpha1.ConditionReady} {
					saysForbidden(ctx, obj, kind, refusal(missing[0]), "the role meshingress-base grants it")
				}
			}
			Expect(m.ready()).To(Equal(http.StatusInternalServerError))
			m.isQuiet()

			allow(ctx, user, contour())
			Eventually(func() []string { return conditionsOf(ctx, mi) }).WithTimeout(noticeTimeout).
				Should(ContainElement("Programmed=True"))
			Eventually(m.ready).WithTimeout(noticeTimeout).Should(Equal(http.StatusOK))
		},
		Entry("nor list it", "blind", permission("list", "pods"), permission("watch", "pods")),
		Entry("although it may list it", "deaf", permission("watch", "pods")),
	)

	It("with the role of one vendor serves that one, and says which role the others lack", func(ctx SpecContext) {
		grant(ctx, map[string][]rbacv1.PolicyRule{"contour-only": contour()})
		m := startManager(ctx, "contour-only")
		_, mine := createPair(ctx, "contour", v1alpha1.VendorContour)
		class, mi := createPair(ctx, "nginx", v1alpha1.VendorIngressNginx, nginxHeader().class...)
		Eventually(func() []string { return conditionsOf(ctx, mine) }).WithTimeout(noticeTimeout).
			Should(ContainElement("Programmed=True"))
		saysForbidden(ctx, mi, v1alpha1.ConditionProgrammed, `resource "ingresses"`, "the role meshingress-vendor-ingressnginx grants it")
		saysForbidden(ctx, class, v1alpha1.ConditionMeshed, `resource "configmaps"`, "the role meshingress-vendor-ingressnginx-optin grants it")
		Expect(m.ready()).To(Equal(http.StatusOK))
		m.isQuiet()
	})
})

// contour are the rules of an operator that serves Contour only.
func contour() []rbacv1.PolicyRule {
	return slices.Concat(permissions.Base().All(), permissions.Vendor(describe(v1alpha1.VendorContour)).All())
}

// permission is one for a resource of the core group.
func permission(verb, resource string) permissions.Permission {
	return permissions.Permission{Verb: verb, Resource: resource}
}

// running is a manager that runs for the rest of a spec.
type running struct {
	probes  string
	counter *env.Counter
	events  recorder.EventRecorder
	elected <-chan struct{}
	ended   chan error
	isOver  bool // it has ended, and that was expected
	cancel  context.CancelFunc
}

// startManager runs the operator as a user.
func startManager(ctx context.Context, user string, opts ...func(*ctrl.Options)) *running {
	GinkgoHelper()
	cfg := rest.CopyConfig(testEnv.Config)
	cfg.Impersonate = rest.ImpersonationConfig{UserName: user}
	m := &running{probes: freeAddress(ctx), counter: env.CountWrites(cfg), ended: make(chan error, 1)}
	var running context.Context
	running, m.cancel = context.WithCancel(context.WithoutCancel(ctx))
	mgr, err := controllers.NewManager(running, cfg, controllers.Options{
		Registry: registry, LinkerdNamespace: linkerd.DefaultNamespace, Metrics: prometheus.NewRegistry(),
	}, slices.Insert(opts, 0, m.serve)...)
	Expect(err).NotTo(HaveOccurred())
	m.events, m.elected = mgr.GetEventRecorder("meshingress"), mgr.Elected()
	go func() { m.ended <- mgr.Start(running) }()
	DeferCleanup(m.stop)
	return m
}

// serve lets a process have several managers, each with its readiness check.
func (m *running) serve(o *ctrl.Options) {
	o.HealthProbeBindAddress = m.probes
	o.Metrics = metricsserver.Options{BindAddress: "0"}
	o.Controller.SkipNameValidation = ptr.To(true)
}

// stop ends the manager, unless it is over.
func (m *running) stop() {
	GinkgoHelper()
	m.cancel()
	if m.isOver {
		return
	}
	m.isOver = true
	Eventually(m.ended).WithTimeout(noticeTimeout).Should(Receive(BeNil()), "the manager has ended by itself")
}

func freeAddress(ctx context.Context) string {
	GinkgoHelper()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	Expect(listener.Close()).To(Succeed())
	return listener.Addr().String()
}

// ready is the answer of the readiness check.
func (m *running) ready() (int, error) {
	response, err := http.Get("http://" + m.probes + "/readyz/permissions")
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}

// isQuiet expects that the manager does not ask again and again.
func (m *running) isQuiet() {
	GinkgoHelper()
	m.counter.Reset()
	Consistently(func() int {
		sum := 0
		for _, n := range m.counter.Requests() {
			sum += n
		}
		return sum
	}).WithTimeout(quiet).Should(BeNumerically("<", maxTries))
}

// createPair makes a class, and a MeshIngress of it, for the rest of a spec.
func createPair(
	ctx context.Context, name string, vendor v1alpha1.Vendor, opts ...builders.ClassOption,
) (*v1alpha1.MeshIngressClass, *v1alpha1.MeshIngress) {
	GinkgoHelper()
	class := builders.Class(name, vendor, opts...)
	mi := builders.MeshIngress(name, "emojivoto", builders.WithClass(name), builders.WithRule(name+".example.com", "/", "web-svc", "http"))
	for _, obj := range []client.Object{class, mi} {
		Expect(admin.Create(ctx, obj)).To(Succeed())
		DeferCleanup(letGo, obj)
	}
	return class, mi
}

// allow gives a user other rules.
func allow(ctx context.Context, user string, rules []rbacv1.PolicyRule) {
	GinkgoHelper()
	role := &rbacv1.ClusterRole{}
	Expect(admin.Get(ctx, client.ObjectKey{Name: user}, role)).To(Succeed())
	role.Rules = rules
	Expect(admin.Update(ctx, role)).To(Succeed())
}

// saysForbidden waits until a condition does not hold, or is not known, for want of a
// permission.
func saysForbidden(ctx context.Context, obj client.Object, kind string, texts ...string) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		current := obj.DeepCopyObject().(client.Object)
		g.Expect(admin.Get(ctx, client.ObjectKeyFromObject(obj), current)).To(Succeed())
		c := meta.FindStatusCondition(statusOf(current), kind)
		g.Expect(c).NotTo(BeNil())
		g.Expect(c.Status).NotTo(Equal(metav1.ConditionTrue))
		g.Expect(c.Reason).To(Equal(v1alpha1.ReasonForbidden), c.Message)
		for _, text := range texts {
			g.Expect(c.Message).To(ContainSubstring(text))
		}
	}).WithTimeout(noticeTimeout).Should(Succeed(), "%s of %T", kind, obj)
}

// conditionsOf lists the conditions of an object as "<type>=<status>".
func conditionsOf(ctx context.Context, obj client.Object) []string {
	current := obj.DeepCopyObject().(client.Object)
	if err := admin.Get(ctx, client.ObjectKeyFromObject(obj), current); err != nil {
		return []string{err.Error()}
	}
	var all []string
	for _, c := range statusOf(current) {
		all = append(all, c.Type+"="+string(c.Status))
	}
	return all
}

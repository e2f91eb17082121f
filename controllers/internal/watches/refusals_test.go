// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package watches_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/meshingress/meshingress/controllers/internal/watches"
	"github.com/meshingress/meshingress/test/crds"
)

var _ = Describe("A watch that is refused", func() {
	var account *corev1.ServiceAccount
	var limited *rest.Config

	BeforeEach(func(ctx SpecContext) {
		account = &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "default", GenerateName: "limited-"}}
		Expect(testEnv.Client.Create(ctx, account)).To(Succeed())
		var err error
		limited, err = testEnv.ServiceAccountConfig(ctx, account.Namespace, account.Name)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(deleteProxies)
	})

	It("does not block but says so, and begins once it is allowed", func(ctx SpecContext) {
		w := start(limited)
		answered := make(chan error, 1)
		go func() {
			_, err := w.Ensure(ctx, httpProxy)
			answered <- err
		}()
		Eventually(answered).WithTimeout(promptly).Should(Receive(Satisfy(apierrors.IsForbidden)))

		allow(ctx, account, httpProxies("list", "watch"))
		newProxy(ctx, "allowed")
		w.expectSynced(ctx)
		w.expectHeard("allowed")
		Expect(w.Refusals().None()).To(BeTrue())
	})

	It("is refused until the cache has what it missed, although it was filled before", func(ctx SpecContext) {
		lists := allow(ctx, account, httpProxies("list"))
		held := holdWatches(limited)
		w := start(limited)
		Eventually(w.refusal).WithArguments(ctx).WithTimeout(eventTimeout).Should(ContainSubstring("cannot watch"))
		newProxy(ctx, "missed")

		lists.Rules[0] = httpProxies("list", "watch")
		Expect(testEnv.Client.Update(ctx, lists)).To(Succeed())
		Eventually(held.opened).WithTimeout(eventTimeout).Should(BeTrue())
		Consistently(w.refusal).WithArguments(ctx).WithTimeout(soon).Should(ContainSubstring("cannot watch"))

		held.release()
		w.expectSynced(ctx)
		w.expectHeard("missed")
	})

	It("does not keep a manager from ending that waits for it", func(ctx SpecContext) {
		refusals := watches.NewRefusals()
		running, cancel := context.WithCancel(ctx)
		mgr, err := ctrl.NewManager(limited, ctrl.Options{
			Scheme: testEnv.Scheme(), Metrics: server.Options{BindAddress: "0"}, NewCache: watches.NewCache(running),
			Cache: cache.Options{DefaultWatchErrorHandler: refusals.Handle, NewInformer: refusals.NewInformer},
		})
		Expect(err).NotTo(HaveOccurred())
		_, err = mgr.GetCache().GetInformer(ctx, watched(httpProxy), cache.BlockUntilSynced(false))
		Expect(err).NotTo(HaveOccurred())
		done := make(chan error, 1)
		go func() { done <- mgr.Start(running) }()
		Eventually(refusals.None).WithTimeout(eventTimeout).Should(BeFalse())
		Expect(mgr.Elected()).NotTo(BeClosed(), "it does not wait")
		cancel()
		Eventually(done).WithTimeout(promptly).Should(Receive(BeNil()))
	})

	It("is forgotten when it is stopped, because nobody asks any more", func(ctx SpecContext) {
		w := start(limited)
		Eventually(w.refusal).WithArguments(ctx).WithTimeout(eventTimeout).Should(ContainSubstring("cannot list"))
		DeferCleanup(func(ctx SpecContext) { Expect(testEnv.InstallCRDs(ctx, crds.Contour)).To(Succeed()) })
		Expect(testEnv.RemoveCRDs(ctx, crds.Contour)).To(Succeed())
		Expect(w.Stop(ctx, httpProxy)).To(Succeed())
		Expect(w.Refusals().None()).To(BeTrue())
		stopped := w.requestsSoFar()
		Consistently(w.requestsSoFar).WithTimeout(quietFor).Should(BeNumerically("<=", stopped+1),
			"one may have been on its way")
		Expect(w.Refusals().None()).To(BeTrue())
	})

	It("is refused as a whole where one of several namespaces refuses it, which is named", func(ctx SpecContext) {
		teamA, teamB := newNamespace(ctx), newNamespace(ctx)
		allowIn(ctx, account, teamA)
		w := start(limited, teamA, teamB)
		Eventually(w.refusal).WithArguments(ctx).WithTimeout(eventTimeout).Should(ContainSubstring(`in the namespace "` + teamB + `"`))
		Expect(w.refusal(ctx)).NotTo(ContainSubstring(teamA))

		allowIn(ctx, account, teamB)
		newProxyIn(ctx, teamB, "allowed")
		w.expectSynced(ctx)
		w.expectHeard("allowed")
		Expect(w.Refusals().None()).To(BeTrue())
	})

	It("does not count in a namespace that does not exist, until it does", func(ctx SpecContext) {
		const late = "team-that-is-late"
		allow(ctx, account, rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"namespaces"}, Verbs: []string{"get"}})
		team := newNamespace(ctx)
		allowIn(ctx, account, team)
		w := start(limited, team, late)
		newProxyIn(ctx, team, "early")
		w.expectSynced(ctx)
		w.expectHeard("early")
		Expect(w.Refusals().None()).To(BeTrue())

		createForSpec(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: late}})
		Eventually(w.refusal).WithArguments(ctx).WithTimeout(eventTimeout).Should(ContainSubstring(`in the namespace "` + late + `"`))
		allowIn(ctx, account, late)
		newProxyIn(ctx, late, "late")
		w.expectSynced(ctx)
		w.expectHeard("late")
	})
})

// refusal is what keeps HTTPProxies from being watched; empty where nothing does.
func (w *watching) refusal(ctx SpecContext) string {
	if _, err := w.Ensure(ctx, httpProxy); err != nil {
		return err.Error()
	}
	return ""
}

// heldWatches bring nothing before they are released.
type heldWatches struct {
	opens, released chan struct{}
	open, release   func()
}

// holdWatches holds the watches on HTTPProxies of a user until the end of a spec.
func holdWatches(user *rest.Config) *heldWatches {
	h := &heldWatches{opens: make(chan struct{}), released: make(chan struct{})}
	h.open = sync.OnceFunc(func() { close(h.opens) })
	h.release = sync.OnceFunc(func() { close(h.released) })
	DeferCleanup(h.release)
	user.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			response, err := next.RoundTrip(r)
			if err == nil && response.StatusCode == http.StatusOK && r.URL.Query().Get("watch") == "true" &&
				strings.HasSuffix(r.URL.Path, "/httpproxies") {
				response.Body = heldBody{response.Body, h}
				h.open()
			}
			return response, err
		})
	})
	return h
}

// opened reports whether there is a watch.
func (h *heldWatches) opened() bool {
	select {
	case <-h.opens:
		return true
	default:
		return false
	}
}

type heldBody struct {
	io.ReadCloser
	held *heldWatches
}

// Read implements io.Reader.
func (b heldBody) Read(p []byte) (int, error) {
	<-b.held.released
	return b.ReadCloser.Read(p)
}

func newNamespace(ctx SpecContext) string {
	GinkgoHelper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "team-"}}
	Expect(testEnv.Client.Create(ctx, namespace)).To(Succeed())
	return namespace.Name
}

// httpProxies may be had with some verbs.
func httpProxies(verbs ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{httpProxy.Group}, Resources: []string{"httpproxies"}, Verbs: verbs}
}

// newRole makes a role for one spec.
func newRole(ctx SpecContext, rule rbacv1.PolicyRule) *rbacv1.ClusterRole {
	GinkgoHelper()
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{GenerateName: "limited-"}, Rules: []rbacv1.PolicyRule{rule}}
	createForSpec(ctx, role)
	return role
}

// allow gives a ServiceAccount a role in all namespaces.
func allow(ctx SpecContext, account *corev1.ServiceAccount, rule rbacv1.PolicyRule) *rbacv1.ClusterRole {
	GinkgoHelper()
	role := newRole(ctx, rule)
	createForSpec(ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: role.Name}, RoleRef: refTo(role), Subjects: subjects(account),
	})
	return role
}

// allowIn lets a ServiceAccount follow the HTTPProxies of one namespace.
func allowIn(ctx SpecContext, account *corev1.ServiceAccount, namespace string) {
	GinkgoHelper()
	role := newRole(ctx, httpProxies("list", "watch"))
	createForSpec(ctx, &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: role.Name}, RoleRef: refTo(role), Subjects: subjects(account),
	})
}

func refTo(role *rbacv1.ClusterRole) rbacv1.RoleRef {
	return rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role.Name}
}

func subjects(account *corev1.ServiceAccount) []rbacv1.Subject {
	return []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: account.Namespace, Name: account.Name}}
}

func createForSpec(ctx SpecContext, obj client.Object) {
	GinkgoHelper()
	Expect(testEnv.Client.Create(ctx, obj)).To(Succeed())
	DeferCleanup(func(ctx SpecContext) { Expect(testEnv.Client.Delete(ctx, obj)).To(Succeed()) })
}

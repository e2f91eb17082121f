// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package watches_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/meshingress/meshingress/controllers/internal/watches"
	"github.com/meshingress/meshingress/internal/translate"
	"github.com/meshingress/meshingress/test/crds"
	"github.com/meshingress/meshingress/test/env"
)

const (
	// eventTimeout is far above what a watch needs to sync or to tell of a change,
	// even after it was refused and waits before it tries again, a minute at most.
	eventTimeout = 2 * time.Minute

	// quietFor is several times what a watch on a kind that is gone waits before
	// it asks again at first.
	quietFor = 3 * time.Second

	// promptly is far above what a call takes that waits for nothing.
	promptly = 10 * time.Second

	// soon is many times what an answer of the API server takes to reach who waits for it.
	soon = time.Second
)

func TestWatches(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Watches")
}

var testEnv *env.Environment

var _ = BeforeSuite(func(ctx SpecContext) {
	log.SetLogger(GinkgoLogr)
	var err error
	testEnv, err = env.Start(ctx, env.WithVendorCRDs(crds.Contour))
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() error { return testEnv.Stop() })
})

var httpProxy = schema.GroupVersionKind{Group: "projectcontour.io", Version: "v1", Kind: "HTTPProxy"}

// watching is a manager with two controllers that subscribed, and what they heard.
type watching struct {
	*watches.Manager
	cache cache.Cache

	mu       sync.Mutex
	heard    []map[string]int
	requests int
}

// start starts a manager as the user of a configuration, for one spec. It works in some
// namespaces; none means all.
func start(user *rest.Config, namespaces ...string) *watching {
	GinkgoHelper()
	w := &watching{heard: []map[string]int{{}, {}}}
	counted, refusals := rest.CopyConfig(user), watches.NewRefusals()
	counted.Wrap(w.count)
	cached := cache.Options{DefaultWatchErrorHandler: refusals.Handle, NewInformer: refusals.NewInformer}
	if len(namespaces) > 0 {
		cached.DefaultNamespaces = map[string]cache.Config{}
	}
	for _, name := range namespaces {
		cached.DefaultNamespaces[name] = cache.Config{}
	}
	mgr, err := ctrl.NewManager(counted, ctrl.Options{
		Scheme: testEnv.Scheme(), Metrics: server.Options{BindAddress: "0"},
		Controller: ctrlConfig(), Client: client.Options{Cache: &client.CacheOptions{Unstructured: true}},
		Cache: cached,
	})
	Expect(err).NotTo(HaveOccurred())
	refusals.LookForNamespaces(mgr.GetAPIReader())
	w.Manager, w.cache = watches.New(mgr.GetCache(), mgr.GetRESTMapper(), refusals), mgr.GetCache()
	for i := range w.heard {
		c, err := controller.New("subscriber", mgr, controller.Options{Reconciler: w.subscriber(i)})
		Expect(err).NotTo(HaveOccurred())
		w.Subscribe(c, &handler.EnqueueRequestForObject{})
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- mgr.Start(ctx) }()
	DeferCleanup(func() {
		cancel()
		Eventually(done).WithTimeout(eventTimeout).Should(Receive(BeNil()))
	})
	// A manager ends only once it waits for its caches no more.
	Eventually(mgr.Elected()).WithTimeout(eventTimeout).Should(BeClosed())
	return w
}

func (w *watching) subscriber(i int) reconcile.Reconciler {
	return reconcile.Func(func(_ context.Context, r reconcile.Request) (reconcile.Result, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.heard[i][r.Name]++
		return reconcile.Result{}, nil
	})
}

// count counts the requests for HTTPProxies.
func (w *watching) count(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		if strings.Contains(r.URL.Path, "httpproxies") {
			w.mu.Lock()
			w.requests++
			w.mu.Unlock()
		}
		return next.RoundTrip(r)
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func (w *watching) requestsSoFar() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.requests
}

// times is how often each subscriber has heard of an object.
func (w *watching) times(name string) []int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return []int{w.heard[0][name], w.heard[1][name]}
}

func (w *watching) expectSynced(ctx context.Context) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		synced, err := w.Ensure(ctx, httpProxy)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(synced).To(BeTrue())
	}).WithTimeout(eventTimeout).Should(Succeed())
}

func (w *watching) expectHeard(name string) {
	GinkgoHelper()
	Eventually(w.times).WithArguments(name).WithTimeout(eventTimeout).Should(HaveEach(BeNumerically(">", 0)))
}

func watched(kind schema.GroupVersionKind) *unstructured.Unstructured {
	o := &unstructured.Unstructured{}
	o.SetGroupVersionKind(kind)
	return o
}

func newProxy(ctx context.Context, name string) *unstructured.Unstructured {
	GinkgoHelper()
	return newProxyIn(ctx, "default", name)
}

func newProxyIn(ctx context.Context, namespace, name string) *unstructured.Unstructured {
	GinkgoHelper()
	proxy := watched(httpProxy)
	proxy.SetNamespace(namespace)
	proxy.SetName(name)
	proxy.Object["spec"] = map[string]any{}
	Expect(testEnv.Client.Create(ctx, proxy)).To(Succeed())
	return proxy
}

func deleteProxies(ctx SpecContext) {
	Expect(testEnv.Client.DeleteAllOf(ctx, watched(httpProxy), client.InNamespace("default"))).To(Succeed())
}

var _ = Describe("The watch on a vendor's kind", func() {
	AfterEach(deleteProxies)

	It("begins when it is first needed, and every subscriber hears", func(ctx SpecContext) {
		newProxy(ctx, "before")
		w := start(testEnv.Config)
		Expect(w.Watched(httpProxy)).To(BeFalse())
		Expect(w.requestsSoFar()).To(BeZero())

		w.expectSynced(ctx)
		Expect(w.Watched(httpProxy)).To(BeTrue())
		w.expectHeard("before")
		newProxy(ctx, "after")
		w.expectHeard("after")

		By("it is needed again, which asks for nothing")
		before := w.requestsSoFar()
		w.expectSynced(ctx)
		Expect(w.requestsSoFar()).To(Equal(before))
	})

	It("passes over what nobody reads: the status of a stranger's object", func(ctx SpecContext) {
		w := start(testEnv.Config)
		w.expectSynced(ctx)
		theirs := newProxy(ctx, "theirs")
		w.expectHeard("theirs")
		heard := w.times("theirs")

		By("a stranger's status, then an object that comes after it")
		Expect(unstructured.SetNestedField(theirs.Object, "valid", "status", "currentStatus")).To(Succeed())
		Expect(testEnv.Client.Status().Update(ctx, theirs)).To(Succeed())
		newProxy(ctx, "next")
		w.expectHeard("next")
		Expect(w.times("theirs")).To(Equal(heard))

		for name, change := range map[string]func(*unstructured.Unstructured){
			"annotation": func(o *unstructured.Unstructured) { o.SetAnnotations(map[string]string{"a": "b"}) },
			"label":      func(o *unstructured.Unstructured) { o.SetLabels(map[string]string{"a": "b"}) },
			"spec":       func(o *unstructured.Unstructured) { o.Object["spec"] = map[string]any{"ingressClassName": "a"} },
		} {
			By("but not over a change of its " + name)
			heard = w.times("theirs")
			change(theirs)
			Expect(testEnv.Client.Update(ctx, theirs)).To(Succeed())
			Eventually(w.times).WithArguments("theirs").WithTimeout(eventTimeout).Should(HaveExactElements(
				BeNumerically(">", heard[0]), BeNumerically(">", heard[1])))
		}
	})

	It("tells of every change of ours, and of one that ceases to be", func(ctx SpecContext) {
		w := start(testEnv.Config)
		w.expectSynced(ctx)
		ours := newProxy(ctx, "ours")
		translate.Owner{Kind: "MeshIngress", Namespace: "default", Name: "web"}.Mark([]*unstructured.Unstructured{ours})
		Expect(testEnv.Client.Update(ctx, ours)).To(Succeed())
		w.expectHeard("ours")
		for _, change := range []func() error{
			func() error {
				Expect(unstructured.SetNestedField(ours.Object, "valid", "status", "currentStatus")).To(Succeed())
				return testEnv.Client.Status().Update(ctx, ours)
			},
			func() error {
				ours.SetAnnotations(nil)
				return testEnv.Client.Update(ctx, ours)
			},
		} {
			// Both were told of the marks before, so that nothing else is on its way.
			newProxy(ctx, "fence-"+ours.GetResourceVersion())
			w.expectHeard("fence-" + ours.GetResourceVersion())
			heard := w.times("ours")
			Expect(change()).To(Succeed())
			Eventually(w.times).WithArguments("ours").WithTimeout(eventTimeout).Should(HaveExactElements(
				BeNumerically(">", heard[0]), BeNumerically(">", heard[1])))
		}
	})

	It("on a kind that is not served is an error at once", func(ctx SpecContext) {
		w := start(testEnv.Config)
		missing := schema.GroupVersionKind{Group: "gone.example.com", Version: "v1", Kind: "Route"}
		synced, err := w.Ensure(ctx, missing)
		Expect(synced).To(BeFalse())
		Expect(meta.IsNoMatchError(err)).To(BeTrue(), "%v", err)
		Expect(w.Watched(missing)).To(BeFalse())

		By("which does not keep the next kind from being watched")
		w.expectSynced(ctx)
	}, SpecTimeout(eventTimeout))

	It("ends when it is stopped, and goes on when the kind is back", func(ctx SpecContext) {
		w := start(testEnv.Config)
		w.expectSynced(ctx)
		newProxy(ctx, "first")
		w.expectHeard("first")

		Expect(testEnv.RemoveCRDs(ctx, crds.Contour)).To(Succeed())
		Expect(w.Stop(ctx, httpProxy)).To(Succeed())
		Expect(w.Stop(ctx, httpProxy)).To(Succeed(), "there is nothing to stop")
		Expect(w.Watched(httpProxy)).To(BeFalse())
		stopped := w.requestsSoFar()
		Consistently(w.requestsSoFar).WithTimeout(quietFor).Should(BeNumerically("<=", stopped+1),
			"one may have been on its way")

		Expect(testEnv.InstallCRDs(ctx, crds.Contour)).To(Succeed())
		w.expectSynced(ctx)
		newProxy(ctx, "second")
		w.expectHeard("second")
	})

	It("that ended before a controller started does not keep it from starting", func(ctx SpecContext) {
		w := start(testEnv.Config)
		late, err := controller.NewUnmanaged("late", controller.Options{
			Reconciler: w.subscriber(0), SkipNameValidation: ptr.To(true), CacheSyncTimeout: eventTimeout,
		})
		Expect(err).NotTo(HaveOccurred())
		w.Subscribe(late, &handler.EnqueueRequestForObject{})
		w.expectSynced(ctx)
		first, err := w.cache.GetInformer(ctx, watched(httpProxy))
		Expect(err).NotTo(HaveOccurred())
		Expect(w.Stop(ctx, httpProxy)).To(Succeed())
		Eventually(first.IsStopped).WithTimeout(eventTimeout).Should(BeTrue())

		running, cancel := context.WithCancel(ctx)
		done := make(chan error, 1)
		go func() { done <- late.Start(running) }()
		w.expectSynced(ctx)
		newProxy(ctx, "later")
		w.expectHeard("later")
		cancel()
		Eventually(done).WithTimeout(eventTimeout).Should(Receive(BeNil()))
	})

	It("may be asked for and ended by several at a time", func(ctx SpecContext) {
		w := start(testEnv.Config)
		var group sync.WaitGroup
		for i := range 8 {
			group.Go(func() {
				defer GinkgoRecover()
				for range 10 {
					_, err := w.Ensure(ctx, httpProxy)
					Expect(err).NotTo(HaveOccurred())
					w.Watched(httpProxy)
					if i == 0 {
						Expect(w.Stop(ctx, httpProxy)).To(Succeed())
					}
				}
			})
		}
		group.Wait()
		w.expectSynced(ctx)
		newProxy(ctx, "after-all")
		w.expectHeard("after-all")
	})
})

// ctrlConfig lets every spec have controllers of the same name.
func ctrlConfig() config.Controller { return config.Controller{SkipNameValidation: ptr.To(true)} }

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package forbidden_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	testingclock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/dataplane"
	"github.com/meshingress/meshingress/controllers/internal/apply"
	"github.com/meshingress/meshingress/controllers/internal/base"
	"github.com/meshingress/meshingress/controllers/internal/controllertest"
	"github.com/meshingress/meshingress/controllers/internal/observe"
	"github.com/meshingress/meshingress/controllers/meshingress"
	"github.com/meshingress/meshingress/internal/authorization"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/internal/metrics"
	"github.com/meshingress/meshingress/internal/permissions"
)

// operator is both reconcilers, without a manager, as whoever the identity says.
type operator struct {
	*identity
	watches *asking
	events  *controllertest.Events
	clock   *testingclock.FakePassiveClock
	classes *dataplane.Reconciler
	routes  *meshingress.Reconciler
}

func newOperator() *operator {
	cfg := rest.CopyConfig(testEnv.Config)
	o := &operator{identity: newIdentity(cfg), events: &controllertest.Events{}}
	o.clock = testingclock.NewFakePassiveClock(time.Date(2026, time.January, 1, 12, 0, 0, 0, time.UTC))
	kinds := append(registry.Served(), authorization.Needs()...)
	cached, err := controllertest.NewClientFor(cfg, testEnv, kinds)
	Expect(err).NotTo(HaveOccurred())
	cached = interceptor.NewClient(cached, interceptor.Funcs{Get: getOwn})
	live, err := client.New(cfg, client.Options{Scheme: testEnv.Scheme()})
	Expect(err).NotTo(HaveOccurred())
	counters, err := metrics.New(prometheus.NewRegistry(), metrics.Options{Reader: cached})
	Expect(err).NotTo(HaveOccurred())
	o.watches = &asking{client: cached, as: o.identity, required: requiredKinds()}
	common := base.Reconciler{
		Client: cached, Live: live, Registry: registry, Metrics: counters, Events: o.events,
		Linkerd: observe.Linkerd{Reader: cached, Namespace: linkerd.DefaultNamespace},
		Watches: o.watches,
		Denials: apply.NewDenials(base.RetryDenied, o.clock),
	}
	o.classes = &dataplane.Reconciler{Reconciler: common, Clock: o.clock}
	o.routes = &meshingress.Reconciler{Reconciler: common}
	return o
}

// getOwn reads what is reconciled although it may not be listed any more: it is in the
// cache, or else there would be nothing to reconcile.
func getOwn(
	ctx context.Context, c client.WithWatch, key client.ObjectKey, obj client.Object, opts ...client.GetOption,
) error {
	switch obj.(type) {
	case *v1alpha1.MeshIngress, *v1alpha1.MeshIngressClass:
		return admin.Get(ctx, key, obj)
	default:
		return c.Get(ctx, key, obj, opts...)
	}
}

// asking stands in for watches.Manager: it asks the API server for the list and for the
// watch of each kind, once for each user, and forwards what that refuses.
type asking struct {
	client   client.WithWatch
	as       *identity
	required []watched

	mu      sync.Mutex
	allowed map[string]bool
}

// watched is a kind, or one object of it.
type watched struct {
	schema.GroupVersionKind
	name string
}

// Ensure implements watches.Kinds.
func (a *asking) Ensure(ctx context.Context, kinds ...schema.GroupVersionKind) (bool, error) {
	for _, k := range kinds {
		if err := a.ask(ctx, watched{GroupVersionKind: k}); err != nil {
			return false, err
		}
	}
	return true, nil
}

// Required implements watches.Kinds.
func (a *asking) Required(ctx context.Context) (bool, error) {
	for _, k := range a.required {
		if err := a.ask(ctx, k); err != nil {
			return false, err
		}
	}
	return true, nil
}

// again makes it ask for everything again.
func (a *asking) again() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.allowed = nil
}

func (a *asking) ask(ctx context.Context, k watched) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	key := a.as.current() + " " + k.String() + " " + k.name
	if a.allowed[key] {
		return nil
	}
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(k.GroupVersionKind)
	opts := []client.ListOption{client.Limit(1)}
	if k.name != "" {
		opts = append(opts, client.MatchingFields{"metadata.name": k.name}, client.InNamespace(linkerd.DefaultNamespace))
	}
	if err := a.client.List(ctx, list, opts...); err != nil {
		return fmt.Errorf("watching %s: %w", k.Kind, err)
	}
	// From there on, or the API server would send all objects there are.
	since := &client.ListOptions{Raw: &metav1.ListOptions{ResourceVersion: list.GetResourceVersion()}}
	w, err := a.client.Watch(ctx, list, append([]client.ListOption{since}, opts...)...)
	if err != nil {
		return fmt.Errorf("watching %s: %w", k.Kind, err)
	}
	w.Stop()
	if a.allowed == nil {
		a.allowed = map[string]bool{}
	}
	a.allowed[key] = true
	return nil
}

// requiredKinds are those of the base role that are followed always. Those that tell of
// hazards are followed where there may be one.
func requiredKinds() []watched {
	var kinds []watched
	for _, p := range permissions.Split(permissions.Base().All()) {
		if p.Verb != "watch" || p.Group == "batch" || p.Group == authorization.Group {
			continue
		}
		gvk, err := admin.RESTMapper().KindFor(schema.GroupVersionResource{Group: p.Group, Resource: p.Resource})
		Expect(err).NotTo(HaveOccurred())
		kinds = append(kinds, watched{gvk, p.Name})
	}
	return kinds
}

// grant makes users with rules, by their names, and returns once they may use them.
func grant(ctx context.Context, rules map[string][]rbacv1.PolicyRule) {
	names := make([]string, 0, len(rules))
	for name := range rules {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		role := &rbacv1.ClusterRole{Rules: rules[name]}
		role.Name = name
		Expect(admin.Create(ctx, role)).To(Succeed())
	}
	for _, name := range names {
		binding := &rbacv1.ClusterRoleBinding{
			RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name},
			Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: name}},
		}
		binding.Name = name
		Expect(admin.Create(ctx, binding)).To(Succeed())
	}
	last := names[len(names)-1]
	p := permissions.Split(rules[last])[0]
	Eventually(func() (bool, error) { return may(ctx, last, p) }).WithTimeout(propagation).Should(BeTrue())
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/internal/permissions"
	"github.com/meshingress/meshingress/providers/all"
	"github.com/meshingress/meshingress/test/env"
)

// The operator's ServiceAccount, as config/rbac has it.
const (
	Namespace      = "meshingress-system"
	ServiceAccount = "meshingress-controller-manager"
)

// User is the operator's name in a SubjectAccessReview.
const User = "system:serviceaccount:" + Namespace + ":" + ServiceAccount

// The limits on waiting, far above what an idle machine needs.
const (
	startTimeout = time.Minute
	stopTimeout  = time.Minute
	pollInterval = 20 * time.Millisecond
)

// Operator is a manager that runs. Its fields may be read from several goroutines.
type Operator struct {
	// Counter counts the manager's requests since it was made.
	Counter *env.Counter

	// Watches are the manager's open watches.
	Watches *Watches

	// Metrics gathers what the controllers count, beside controller-runtime's own
	// metrics, which are in its registry and which all Operators of a process share.
	Metrics prometheus.Gatherer

	cancel context.CancelFunc
	ended  chan error
}

// Option changes how a manager is started.
type Option = func(*ctrl.Options)

// WithLeaderElection starts one of several replicas: its controllers run once it leads,
// which Start does not wait for.
func WithLeaderElection() Option {
	return func(o *ctrl.Options) {
		o.LeaderElection = true
		o.LeaderElectionID = permissions.LeaseName
		o.LeaderElectionNamespace = Namespace
		o.LeaderElectionReleaseOnCancel = true
	}
}

// Start installs the operator's RBAC, starts a manager without servers and, unless an
// option says otherwise, without leader election, and returns once its caches are
// filled. ctx limits the start; the caller must call Stop. After Stop the operator can
// be started again.
func Start(ctx context.Context, e *env.Environment, opts ...Option) (*Operator, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	cfg, err := Connect(ctx, e)
	if err != nil {
		return nil, err
	}
	return start(ctx, cfg, nil, opts...)
}

// StartLimited starts a manager that works in some namespaces, with the permissions for
// that in those that exist. Afterwards e.RemoveLimitedRBAC takes them back.
func StartLimited(ctx context.Context, e *env.Environment, namespaces ...string) (*Operator, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	existing, err := thatExist(ctx, e, namespaces)
	if err != nil {
		return nil, err
	}
	if err := e.InstallLimitedRBAC(ctx, existing...); err != nil {
		return nil, fmt.Errorf("installing the operator's RBAC: %w", err)
	}
	cfg, err := connect(ctx, e, existing...)
	if err != nil {
		return nil, err
	}
	return start(ctx, cfg, namespaces)
}

func thatExist(ctx context.Context, e *env.Environment, namespaces []string) ([]string, error) {
	var existing []string
	for _, name := range namespaces {
		err := e.Client.Get(ctx, client.ObjectKey{Name: name}, &corev1.Namespace{})
		if client.IgnoreNotFound(err) != nil {
			return nil, fmt.Errorf("looking for namespace %s: %w", name, err)
		}
		if err == nil {
			existing = append(existing, name)
		}
	}
	return existing, nil
}

func start(
	ctx context.Context, cfg *rest.Config, namespaces controllers.Namespaces, opts ...Option,
) (*Operator, error) {
	registry := prometheus.NewRegistry()
	o := &Operator{Counter: env.CountWrites(cfg), Watches: followWatches(cfg), Metrics: registry}
	var running context.Context
	running, o.cancel = context.WithCancel(context.WithoutCancel(ctx))
	mgr, err := newManager(running, cfg, registry, namespaces, opts)
	if err != nil {
		o.cancel()
		return nil, err
	}
	return o, o.run(ctx, running, mgr)
}

// Connect installs the operator's RBAC, and returns the configuration of its
// ServiceAccount once that may do what it grants: the API server learns of a new
// role a little later. Start does it, too.
func Connect(ctx context.Context, e *env.Environment) (*rest.Config, error) {
	if err := e.InstallRBAC(ctx); err != nil {
		return nil, fmt.Errorf("installing the operator's RBAC: %w", err)
	}
	return connect(ctx, e, metav1.NamespaceAll)
}

// connect waits until the operator may write MeshIngresses in all of some namespaces.
func connect(ctx context.Context, e *env.Environment, namespaces ...string) (*rest.Config, error) {
	cfg, err := e.ServiceAccountConfig(ctx, Namespace, ServiceAccount)
	if err != nil {
		return nil, err
	}
	for _, namespace := range namespaces {
		if err := waitUntilAllowed(ctx, e, namespace); err != nil {
			return nil, fmt.Errorf("waiting until the operator's roles hold: %w", err)
		}
	}
	return cfg, nil
}

func waitUntilAllowed(ctx context.Context, e *env.Environment, namespace string) error {
	return wait.PollUntilContextCancel(ctx, pollInterval, true, func(ctx context.Context) (bool, error) {
		review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
			User: User, ResourceAttributes: &authorizationv1.ResourceAttributes{
				Namespace: namespace, Verb: "patch", Group: v1alpha1.GroupName, Resource: "meshingresses", Subresource: "status",
			},
		}}
		err := e.Client.Create(ctx, review)
		return review.Status.Allowed, err
	})
}

func newManager(
	ctx context.Context, cfg *rest.Config, registry *prometheus.Registry, namespaces controllers.Namespaces, opts []Option,
) (ctrl.Manager, error) {
	vendors, err := all.New()
	if err != nil {
		return nil, err
	}
	return controllers.NewManager(ctx, cfg, controllers.Options{
		Registry: vendors, LinkerdNamespace: linkerd.DefaultNamespace, Metrics: registry, Namespaces: namespaces,
	}, slices.Insert(opts, 0, withoutServers)...)
}

// withoutServers lets a process have several managers.
func withoutServers(o *ctrl.Options) {
	o.Metrics = metricsserver.Options{BindAddress: "0"}
	o.Controller.SkipNameValidation = ptr.To(true)
}

// run starts the manager, to go on until running ends; ctx limits the start.
func (o *Operator) run(ctx, running context.Context, mgr ctrl.Manager) error {
	o.ended = make(chan error, 1)
	go func() { o.ended <- mgr.Start(running) }()
	synced := make(chan bool, 1)
	go func() { synced <- mgr.GetCache().WaitForCacheSync(ctx) }()
	select {
	case <-synced:
	case err := <-o.ended:
		o.cancel()
		return fmt.Errorf("starting the manager: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return errors.Join(fmt.Errorf("waiting for the manager's cache: %w", err), o.Stop())
	}
	return nil
}

// Stop ends the manager, and returns when nothing of it runs any more. It may be
// called again.
func (o *Operator) Stop() error {
	if o.cancel == nil {
		return nil
	}
	o.cancel()
	o.cancel = nil
	select {
	case err := <-o.ended:
		return err
	case <-time.After(stopTimeout):
		return fmt.Errorf("the manager did not stop within %s", stopTimeout)
	}
}

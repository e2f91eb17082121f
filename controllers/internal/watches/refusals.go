// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package watches

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	authorizationclient "k8s.io/client-go/kubernetes/typed/authorization/v1"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/permissions"
)

// reviewEvery is how soon the API server is asked again whether a permission is still
// missing. It is not asked while none is.
const reviewEvery = 5 * time.Second

// Refusals are the permissions to list or to watch that the API server says are
// missing. Caches try for ever and tell nobody; and where only the watch is refused they
// even look filled. Its methods may be called from several goroutines.
type Refusals struct {
	mu      sync.Mutex
	known   map[permissions.Permission]error
	changed []chan event.GenericEvent
}

// NewRefusals returns Refusals that know of none.
func NewRefusals() *Refusals {
	return &Refusals{known: map[permissions.Permission]error{}}
}

// Handle is a cache's handler of errors. It is told again at every try, and logs a
// refusal once.
func (r *Refusals) Handle(ctx context.Context, reflector *toolscache.Reflector, err error) {
	p, missing := permissions.Missing(err)
	if !missing {
		toolscache.DefaultWatchErrorHandler(ctx, reflector, err)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known[p] == nil {
		log.FromContext(ctx).Error(err, "A permission is missing", "permission", p.String())
		r.known[p] = err
		r.tell()
	}
}

// None reports whether there is no refusal.
func (r *Refusals) None() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.known) == 0
}

// Of is a refusal that concerns all objects of a resource, or one by its name; nil where
// there is none. Whoever may follow one object may be refused the others.
func (r *Refusals) Of(resource schema.GroupResource, name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.sorted() {
		if p.Group == resource.Group && p.Resource == resource.Resource && p.Name == name {
			return r.known[p]
		}
	}
	return nil
}

// Changes tells a handler, with no object in particular, that there is a refusal more or
// less. It is called before the manager starts.
func (r *Refusals) Changes(h handler.EventHandler) source.Source {
	r.mu.Lock()
	defer r.mu.Unlock()
	changed := make(chan event.GenericEvent, 1)
	r.changed = append(r.changed, changed)
	return source.Channel(changed, h)
}

// tell holds one event at most for whoever has not yet taken the last.
func (r *Refusals) tell() {
	for _, changed := range r.changed {
		select {
		case changed <- event.GenericEvent{Object: &v1alpha1.MeshIngressClass{}}:
		default:
		}
	}
}

// Reviewer asks the API server from time to time about the refusals there are, and
// forgets those that hold no longer.
func (r *Refusals) Reviewer(reviews authorizationclient.SelfSubjectAccessReviewInterface) manager.Runnable {
	return reviewer{r, reviews}
}

type reviewer struct {
	refusals *Refusals
	reviews  authorizationclient.SelfSubjectAccessReviewInterface
}

// NeedLeaderElection is false: every replica has caches.
func (r reviewer) NeedLeaderElection() bool { return false }

// Start implements manager.Runnable.
func (r reviewer) Start(ctx context.Context) error {
	wait.UntilWithContext(ctx, r.review, reviewEvery)
	return nil
}

func (r reviewer) review(ctx context.Context) {
	for _, p := range r.refusals.list() {
		allowed, err := r.allows(ctx, p)
		if err != nil {
			log.FromContext(ctx).Error(err, "Asking for a permission", "permission", p.String())
		}
		if allowed {
			log.FromContext(ctx).Info("A permission is there again", "permission", p.String())
			r.refusals.forget(p)
		}
	}
}

func (r reviewer) allows(ctx context.Context, p permissions.Permission) (bool, error) {
	review, err := r.reviews.Create(ctx, &authorizationv1.SelfSubjectAccessReview{
		Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{
			Verb: p.Verb, Group: p.Group, Resource: p.Resource, Subresource: p.Subresource, Namespace: p.Namespace, Name: p.Name,
		}},
	}, metav1.CreateOptions{})
	if err != nil {
		return false, err
	}
	return review.Status.Allowed, nil
}

func (r *Refusals) list() []permissions.Permission {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sorted()
}

func (r *Refusals) sorted() []permissions.Permission {
	return slices.SortedFunc(maps.Keys(r.known), func(a, b permissions.Permission) int {
		return cmp.Or(cmp.Compare(a.String(), b.String()), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
}

func (r *Refusals) forget(p permissions.Permission) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.known, p)
	r.tell()
}

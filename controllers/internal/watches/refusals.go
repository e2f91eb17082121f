// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package watches

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/permissions"
	"github.com/meshingress/meshingress/providers"
)

// Refusals are the permissions to list or to watch that the API server says are missing
// to the informers of NewInformer. Caches try for ever and tell nobody; and where only the
// watch is refused they even look filled. A refusal holds until the informer has what it
// missed, and not only until the permission is there: what is in the cache may be old.
// Its methods may be called from several goroutines.
type Refusals struct {
	namespaces client.Reader // nil where it is not looked which exist

	mu      sync.Mutex
	asking  map[*follower]bool // those whose informers have not ended
	known   map[refusal]error
	absent  map[string]bool // the namespaces that were told not to exist
	changed []chan event.GenericEvent
}

// refusal is what one informer was refused.
type refusal struct {
	permissions.Permission
	by *follower
}

// NewRefusals returns Refusals that know of none.
func NewRefusals() *Refusals {
	return &Refusals{asking: map[*follower]bool{}, known: map[refusal]error{}, absent: map[string]bool{}}
}

// LookForNamespaces makes what is refused in a namespace that does not exist no refusal:
// nobody can grant anything there, and what is in it is known, nothing. Once the namespace
// is there, whatever is refused in it is refused. It is called before the manager starts,
// with a reader that asks the API server.
func (r *Refusals) LookForNamespaces(live client.Reader) { r.namespaces = live }

// Handle is a cache's handler of errors, beside NewInformer. It is told again at every
// try, and says nothing of a permission that is missing.
func (r *Refusals) Handle(ctx context.Context, reflector *toolscache.Reflector, err error) {
	if _, missing := permissions.Missing(err); !missing {
		toolscache.DefaultWatchErrorHandler(ctx, reflector, err)
	}
}

// None reports whether there is no refusal.
func (r *Refusals) None() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.known) == 0
}

// Of is a refusal that concerns all objects of a resource, in any namespace, or one by
// its name; nil where there is none. Whoever may follow one object may be refused the
// others.
func (r *Refusals) Of(resource schema.GroupResource, name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, known := range r.sorted() {
		if known.Group == resource.Group && known.Resource == resource.Resource && known.Name == name {
			return r.known[known]
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

func (r *Refusals) sorted() []refusal {
	return slices.SortedFunc(maps.Keys(r.known), func(a, b refusal) int {
		return cmp.Or(cmp.Compare(a.String(), b.String()), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
}

// note keeps a refusal, and logs it once. Other errors are none of its business.
func (r *Refusals) note(ctx context.Context, by *follower, err error) {
	p, missing := permissions.Missing(err)
	if !missing {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.asking[by] || r.known[refusal{p, by}] != nil {
		return
	}
	r.known[refusal{p, by}] = err
	// The roles of vendors are in the conditions: several may have this kind.
	log.FromContext(ctx).Error(permissions.Explain(err, providers.Description{}), "A permission is missing",
		"permission", p.String(), "namespace", p.Namespace)
	r.tell()
}

// inAbsentNamespace reports whether a request was refused in a namespace that does not
// exist, which it logs once.
func (r *Refusals) inAbsentNamespace(ctx context.Context, err error) bool {
	p, missing := permissions.Missing(err)
	if !missing || p.Namespace == "" || r.namespaces == nil {
		return false
	}
	absent := apierrors.IsNotFound(r.namespaces.Get(ctx, client.ObjectKey{Name: p.Namespace}, &corev1.Namespace{}))
	r.mu.Lock()
	defer r.mu.Unlock()
	if absent && !r.absent[p.Namespace] {
		log.FromContext(ctx).Info("A namespace to watch does not exist", "namespace", p.Namespace)
	}
	r.absent[p.Namespace] = absent
	return absent
}

// forget drops what an informer was refused with some verbs.
func (r *Refusals) forget(ctx context.Context, by *follower, verbs ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, known := range r.sorted() {
		if known.by == by && slices.Contains(verbs, known.Verb) {
			log.FromContext(ctx).Info("A permission is there again", "permission", known.String(), "namespace", known.Namespace)
			delete(r.known, known)
			r.tell()
		}
	}
}

// has reports whether an informer was refused anything.
func (r *Refusals) has(by *follower) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for known := range r.known {
		if known.by == by {
			return true
		}
	}
	return false
}

// drop forgets the informers of an unstructured kind, which have ended or are about to:
// what they were refused last is no concern of those that come later.
func (r *Refusals) drop(gvk schema.GroupVersionKind) {
	r.mu.Lock()
	defer r.mu.Unlock()
	maps.DeleteFunc(r.asking, func(f *follower, _ bool) bool { return f.gvk == gvk })
	maps.DeleteFunc(r.known, func(known refusal, _ error) bool { return known.by.gvk == gvk })
	r.tell()
}

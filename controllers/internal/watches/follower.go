// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package watches

import (
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	toolscache "k8s.io/client-go/tools/cache"
)

// NewInformer makes the informers of a cache, which tell what they are refused, and when
// that is over. An informer tries again by itself, less and less often, in the end after 30
// to 60 seconds (k8s.io/client-go v0.37.2 tools/cache/reflector.go), so nobody else needs
// to ask the API server.
func (r *Refusals) NewInformer(
	requests toolscache.ListerWatcher, obj runtime.Object, resync time.Duration, indexers toolscache.Indexers,
) toolscache.SharedIndexInformer {
	f := &follower{requests: toolscache.ToListerWatcherWithContext(requests), refusals: r}
	if u, ok := obj.(runtime.Unstructured); ok {
		f.gvk = u.GetObjectKind().GroupVersionKind()
	}
	r.mu.Lock()
	r.asking[f] = true
	r.mu.Unlock()
	followed := &toolscache.ListWatch{ListWithContextFunc: f.list, WatchFuncWithContext: f.watch}
	return toolscache.NewSharedIndexInformer(followed, obj, resync, indexers)
}

// follower sends the requests of one informer.
type follower struct {
	requests toolscache.ListerWatcherWithContext
	refusals *Refusals

	// gvk of an unstructured kind; empty for others, whose informers never end.
	gvk schema.GroupVersionKind

	// absent is true where the informer's namespace did not exist when it was listed last.
	absent bool
}

// list is empty where the namespace does not exist: nobody can grant anything there, and
// there is nothing to miss.
func (f *follower) list(ctx context.Context, opts metav1.ListOptions) (runtime.Object, error) {
	list, err := f.requests.ListWithContext(ctx, opts)
	if f.absent = f.refusals.inAbsentNamespace(ctx, err); f.absent {
		f.refusals.forget(ctx, f, "list", "watch")
		return &unstructured.UnstructuredList{}, nil
	}
	if err != nil {
		f.refusals.note(ctx, f, err)
		return list, err
	}
	f.refusals.forget(ctx, f, "list")
	return list, nil
}

// watch is what an informer begins when it has listed, or with what it brings in place of
// a list. Then it needs no permission to list.
func (f *follower) watch(ctx context.Context, opts metav1.ListOptions) (watch.Interface, error) {
	w, err := f.requests.WatchWithContext(ctx, opts)
	if err != nil {
		if !f.absent && !f.refusals.inAbsentNamespace(ctx, err) {
			f.refusals.note(ctx, f, err)
		}
		return w, err
	}
	if !f.refusals.has(f) {
		return w, nil
	}
	if opts.SendInitialEvents == nil || !*opts.SendInitialEvents {
		f.refusals.forget(ctx, f, "list", "watch")
		return w, nil
	}
	return watchInitial(w, func() { f.refusals.forget(ctx, f, "list", "watch") }), nil
}

// initialWatch passes a watch on. watch.Filter would do, but leaves a goroutine behind where
// it is stopped while nobody takes an event.
type initialWatch struct {
	watch.Interface
	events  chan watch.Event
	stopped chan struct{}
	stop    sync.Once
}

// watchInitial returns a watch that tells when it has handed over what there was when it
// began.
func watchInitial(w watch.Interface, tell func()) watch.Interface {
	i := &initialWatch{Interface: w, events: make(chan watch.Event), stopped: make(chan struct{})}
	go i.pass(tell)
	return i
}

// ResultChan implements watch.Interface.
func (i *initialWatch) ResultChan() <-chan watch.Event { return i.events }

// Stop implements watch.Interface.
func (i *initialWatch) Stop() {
	i.stop.Do(func() { close(i.stopped) })
	i.Interface.Stop()
}

func (i *initialWatch) pass(tell func()) {
	defer close(i.events)
	for e := range i.Interface.ResultChan() {
		select {
		case i.events <- e:
		case <-i.stopped:
			return
		}
		if isLastInitial(e) {
			tell()
		}
	}
}

// isLastInitial reports whether a watch has now brought what there was when it began.
func isLastInitial(e watch.Event) bool {
	if e.Type != watch.Bookmark {
		return false
	}
	obj, err := meta.Accessor(e.Object)
	return err == nil && obj.GetAnnotations()[metav1.InitialEventsAnnotationKey] == "true"
}

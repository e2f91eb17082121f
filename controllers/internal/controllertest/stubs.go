// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package controllertest

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/events"

	"github.com/meshingress/meshingress/controllers/internal/watches"
)

var (
	_ watches.Kinds        = &Watches{}
	_ events.EventRecorder = &Events{}
)

// Watches watches nothing and remembers what it was asked to watch. The zero value
// reports every kind as synced.
type Watches struct {
	// Waiting makes Ensure report that the cache holds nothing yet.
	Waiting bool

	// Err is what Ensure returns.
	Err error

	// RequiredErr is what Required returns.
	RequiredErr error

	mu    sync.Mutex
	kinds []schema.GroupVersionKind
}

// Ensure implements watches.Kinds.
func (w *Watches) Ensure(_ context.Context, kinds ...schema.GroupVersionKind) (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, k := range kinds {
		if !slices.Contains(w.kinds, k) {
			w.kinds = append(w.kinds, k)
		}
	}
	return !w.Waiting && w.Err == nil, w.Err
}

// Required implements watches.Kinds.
func (w *Watches) Required(context.Context) (bool, error) { return w.RequiredErr == nil, w.RequiredErr }

// Kinds lists what Ensure was asked for, each once, in order of appearance.
func (w *Watches) Kinds() []schema.GroupVersionKind {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.kinds)
}

// Events holds the events that were recorded. The zero value is ready.
type Events struct {
	mu     sync.Mutex
	events []string
}

// Eventf implements events.EventRecorder.
func (e *Events) Eventf(_, _ runtime.Object, eventType, reason, _, note string, args ...any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.events = append(e.events, eventType+" "+reason+": "+fmt.Sprintf(note, args...))
}

// Events lists the events as "<type> <reason>: <note>", in the order they came.
func (e *Events) Events() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.events)
}

// Forget forgets the events so far.
func (e *Events) Forget() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.events = nil
}

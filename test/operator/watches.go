// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"

	"k8s.io/client-go/rest"
)

// Watches follows the watches of a client, and can hold up what they bring, as a
// slow network does. Its methods may be called from several goroutines.
//
// A watch is named by its path: "/apis/apps/v1/deployments".
type Watches struct {
	mu   sync.Mutex
	open map[string]int
	held map[string]chan struct{}
}

// Open lists the watches that are open, each path once, sorted.
func (w *Watches) Open() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Sorted(maps.Keys(w.open))
}

// Hold keeps back what happens to the objects of a path from now on, until the
// function that it returns is called.
func (w *Watches) Hold(path string) (release func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	held := make(chan struct{})
	w.held[path] = held
	return sync.OnceFunc(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.held, path)
		close(held)
	})
}

// gate is nil where a path is not held, and else closed once it is released.
func (w *Watches) gate(path string) <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.held[path]
}

func (w *Watches) count(path string, change int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open[path] += change; w.open[path] == 0 {
		delete(w.open, path)
	}
}

// followWatches follows the clients that are made of cfg from now on.
func followWatches(cfg *rest.Config) *Watches {
	w := &Watches{open: map[string]int{}, held: map[string]chan struct{}{}}
	cfg.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			response, err := next.RoundTrip(r)
			if err != nil || response.StatusCode != http.StatusOK || r.URL.Query().Get("watch") != "true" {
				return response, err
			}
			w.count(r.URL.Path, 1)
			response.Body = &watchBody{ReadCloser: response.Body, watches: w, path: r.URL.Path, closed: make(chan struct{})}
			return response, nil
		})
	})
	return w
}

// watchBody is what a watch brings.
type watchBody struct {
	io.ReadCloser
	watches *Watches
	path    string
	once    sync.Once
	closed  chan struct{}
}

// Read implements io.Reader.
func (b *watchBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if gate := b.watches.gate(b.path); gate != nil {
		select {
		case <-gate:
		case <-b.closed:
		}
	}
	return n, err
}

// Close implements io.Closer.
func (b *watchBody) Close() error {
	b.once.Do(func() {
		close(b.closed)
		b.watches.count(b.path, -1)
	})
	return b.ReadCloser.Close()
}

type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package env

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"k8s.io/client-go/rest"
)

// Counter counts the requests of a client. Its methods may be called from several
// goroutines.
type Counter struct {
	mu       sync.Mutex
	requests map[string]int
	writes   []string
}

// CountWrites makes every client that is made of config from now on report its
// requests to the Counter. Give it a copy (rest.CopyConfig) to count one client
// apart from others.
func CountWrites(config *rest.Config) *Counter {
	c := &Counter{requests: map[string]int{}}
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			c.count(r)
			return next.RoundTrip(r)
		})
	})
	return c
}

// Requests is the number of requests so far, by HTTP method; a GET that watches
// counts as WATCH.
func (c *Counter) Requests() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.requests)
}

// Writes lists the requests that could change an object, in the order they were
// sent, as "<HTTP method> <path>": "PATCH /apis/apps/v1/namespaces/a/deployments/b".
// A dry run is none, and neither is a review (SubjectAccessReview, TokenReview).
func (c *Counter) Writes() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.writes)
}

// Reset forgets the requests so far.
func (c *Counter) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests, c.writes = map[string]int{}, nil
}

func (c *Counter) count(r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	verb := r.Method
	if verb == http.MethodGet && r.URL.Query().Get("watch") == "true" {
		verb = "WATCH"
	}
	c.requests[verb]++
	if isWrite(r) {
		c.writes = append(c.writes, verb+" "+r.URL.Path)
	}
}

func isWrite(r *http.Request) bool {
	switch r.Method {
	case http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
	default:
		return false
	}
	review := strings.HasPrefix(r.URL.Path, "/apis/authorization.k8s.io/") ||
		strings.HasPrefix(r.URL.Path, "/apis/authentication.k8s.io/")
	return !review && r.URL.Query().Get("dryRun") == ""
}

type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package controllertest

import (
	"errors"
	"net/http"
	"slices"
	"sync"

	"k8s.io/client-go/rest"
)

// ErrInjected is the error of a request that was made to fail. Clients wrap it.
var ErrInjected = errors.New("injected fault")

// Faults makes writing requests fail the way a broken connection does, so a spec
// can stop a reconcile between any two writes. Its methods may be called from
// several goroutines. It also knows which writes the API server took.
type Faults struct {
	mu    sync.Mutex
	left  int
	lost  bool
	taken []string
}

// FailWrite makes the n-th writing request from now on fail before it reaches the
// API server, once. The first is 1.
func (f *Faults) FailWrite(n int) { f.order(n, false) }

// LoseAnswer makes the n-th writing request from now on fail after the API server
// has done it, once: the write is made, and the caller does not know.
func (f *Faults) LoseAnswer(n int) { f.order(n, true) }

// Clear takes back the order.
func (f *Faults) Clear() { f.order(0, false) }

// Pending reports whether a fault is ordered and has not come yet.
func (f *Faults) Pending() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.left > 0
}

func (f *Faults) order(n int, lost bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left, f.lost = n, lost
}

// take records a write that the API server has done.
func (f *Faults) take(r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.taken = append(f.taken, r.Method+" "+r.URL.Path)
}

// done lists the writes that the API server has done, as env.Counter does.
func (f *Faults) done() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.taken)
}

// next counts a writing request and says what is to become of it.
func (f *Faults) next() (fail, lost bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.left == 0 {
		return false, false
	}
	f.left--
	return f.left == 0, f.left == 0 && f.lost
}

// InjectFaults makes every client that is made of config from now on ask the Faults
// before it writes.
func InjectFaults(config *rest.Config) *Faults {
	f := &Faults{}
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodGet {
				return next.RoundTrip(r)
			}
			fail, lost := f.next()
			if fail && !lost {
				return nil, errors.Join(ErrInjected, closeBody(r))
			}
			response, err := next.RoundTrip(r)
			if err == nil && response.StatusCode < http.StatusBadRequest {
				f.take(r)
			}
			if lost {
				return nil, lose(response, err)
			}
			return response, err
		})
	})
	return f
}

// closeBody does what a RoundTripper must, also where it sends nothing.
func closeBody(r *http.Request) error {
	if r.Body == nil {
		return nil
	}
	return r.Body.Close()
}

// lose drops an answer.
func lose(response *http.Response, err error) error {
	if err != nil {
		return err
	}
	return errors.Join(ErrInjected, response.Body.Close())
}

type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package controllertest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// ErrInjected is the error of a request that was made to fail. Clients wrap it.
var ErrInjected = errors.New("injected fault")

// Faults makes writing requests fail the way a broken connection or an API server does, so
// a spec can stop a reconcile between any two writes. Its methods may be called from
// several goroutines. It also knows which writes the API server took.
type Faults struct {
	mu    sync.Mutex
	left  int
	fault fault
	taken []string
}

// fault is what becomes of a request.
type fault func(next http.RoundTripper, r *http.Request) (*http.Response, error)

// FailWrite makes the n-th writing request from now on fail before it reaches the
// API server, once. The first is 1.
func (f *Faults) FailWrite(n int) {
	f.order(n, func(_ http.RoundTripper, r *http.Request) (*http.Response, error) {
		return nil, errors.Join(ErrInjected, closeBody(r))
	})
}

// LoseAnswer makes the n-th writing request from now on fail after the API server
// has done it, once: the write is made, and the caller does not know.
func (f *Faults) LoseAnswer(n int) {
	f.order(n, func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
		response, err := f.send(next, r)
		if err != nil {
			return nil, err
		}
		return nil, errors.Join(ErrInjected, response.Body.Close())
	})
}

// Refuse has the n-th writing request from now on answered with a refusal, once. It does
// not reach the API server.
func (f *Faults) Refuse(n int, status metav1.Status) {
	f.order(n, func(_ http.RoundTripper, r *http.Request) (*http.Response, error) {
		return refusal(r, status)
	})
}

// Before lets something else happen just before the n-th writing request from now on.
func (f *Faults) Before(n int, happens func()) {
	f.order(n, func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
		happens()
		return f.send(next, r)
	})
}

// Clear takes back the order.
func (f *Faults) Clear() { f.order(0, nil) }

// Pending reports whether a fault is ordered and has not come yet.
func (f *Faults) Pending() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.left > 0
}

func (f *Faults) order(n int, what fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left, f.fault = n, what
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
func (f *Faults) next() fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.left > 0 {
		if f.left--; f.left == 0 {
			return f.fault
		}
	}
	return f.send
}

// send sends a request, and records it where the API server has done it.
func (f *Faults) send(next http.RoundTripper, r *http.Request) (*http.Response, error) {
	response, err := next.RoundTrip(r)
	if err == nil && response.StatusCode < http.StatusBadRequest {
		f.take(r)
	}
	return response, err
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
			return f.next()(next, r)
		})
	})
	return f
}

// refusal is the answer of an API server that refuses a request.
func refusal(r *http.Request, status metav1.Status) (*http.Response, error) {
	status.TypeMeta = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}
	status.Status = metav1.StatusFailure
	body, err := json.Marshal(status)
	return &http.Response{
		Request: r, StatusCode: int(status.Code), Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(bytes.NewReader(body)),
	}, errors.Join(err, closeBody(r))
}

// closeBody does what a RoundTripper must, also where it sends nothing.
func closeBody(r *http.Request) error {
	if r.Body == nil {
		return nil
	}
	return r.Body.Close()
}

type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

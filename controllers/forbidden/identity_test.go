// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package forbidden_test

import (
	"net/http"
	"slices"
	"sync"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/client-go/rest"

	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/internal/permissions"
)

// identity is the user as whom clients act, and what they needed for what they did.
type identity struct {
	mu     sync.Mutex
	user   string
	needed map[permissions.Permission]bool
	wrote  int
}

// newIdentity makes the clients that are made of a configuration act as a user who can
// be changed.
func newIdentity(cfg *rest.Config) *identity {
	i := &identity{needed: map[permissions.Permission]bool{}}
	cfg.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			r = r.Clone(r.Context())
			r.Header.Set("Impersonate-User", i.current())
			response, err := next.RoundTrip(r)
			if err == nil {
				i.note(r, response.StatusCode)
			}
			return response, err
		})
	})
	return i
}

func (i *identity) current() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.user
}

// becomes makes clients act as a user from now on.
func (i *identity) becomes(user string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.user = user
}

// note keeps what a request needed that was allowed.
func (i *identity) note(r *http.Request, code int) {
	resolver := request.RequestInfoFactory{APIPrefixes: sets.NewString("api", "apis"), GrouplessAPIPrefixes: sets.NewString("api")}
	info, err := resolver.NewRequestInfo(r)
	if err != nil || !info.IsResourceRequest || code >= http.StatusBadRequest {
		return
	}
	p := permissions.Permission{Verb: info.Verb, Group: info.APIGroup, Resource: info.Resource, Subresource: info.Subresource}
	if info.Name == linkerd.ConfigMapName { // the only one that a rule names
		p.Name = info.Name
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.needed[p] = true
	if code == http.StatusCreated && p.Verb == "patch" {
		p.Verb = "create" // which server-side apply needs besides
		i.needed[p] = true
	}
	if !slices.Contains([]string{"get", "list", "watch"}, info.Verb) {
		i.wrote++
	}
}

// writes counts the writes that the API server took.
func (i *identity) writes() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.wrote
}

// forget begins a new record of what is needed, and returns the former.
func (i *identity) forget() map[permissions.Permission]bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	needed := i.needed
	i.needed = map[permissions.Permission]bool{}
	return needed
}

// without are rules that lack one permission.
func without(rules []rbacv1.PolicyRule, missing permissions.Permission) []rbacv1.PolicyRule {
	var rest []rbacv1.PolicyRule
	for _, p := range permissions.Split(rules) {
		same := p
		if p.Name == "" { // which is for any
			same.Name = missing.Name
		}
		if same != missing {
			rest = append(rest, p.Rule())
		}
	}
	return rest
}

type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package contour_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	contourv1 "github.com/projectcontour/contour/apis/projectcontour/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/yaml"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/contour"
)

var class = providers.Class{Name: "public", IngressClassName: "contour-public"}

// input is the MeshIngress default/web of the class with routes.
func input(routes ...providers.Route) providers.Input {
	return providers.Input{
		Name: "web", Namespace: "default", Class: class,
		Strategy:      contour.New().Describe().Strategies[0],
		ClusterDomain: "cluster.local",
		Routes:        routes,
	}
}

// prefix is a Prefix route of a host to the only port of web-svc.
func prefix(host, path string) providers.Route {
	return to(host, path, v1alpha1.PathTypePrefix, backend("web-svc"))
}

func exact(host, path string) providers.Route {
	return to(host, path, v1alpha1.PathTypeExact, backend("web-svc"))
}

func to(host, path string, pathType v1alpha1.PathType, backends ...providers.Backend) providers.Route {
	return providers.Route{
		Host: host, Path: path, PathType: pathType, Backends: backends,
		Field: field.NewPath("spec", "rules").Index(0).Child("paths").Index(0),
	}
}

func backend(service string) providers.Backend {
	return providers.Backend{
		Namespace: "default", Service: service, Port: 80, Weight: 1,
		Field: field.NewPath("spec", "rules").Index(0).Child("paths").Index(0).Child("backends").Index(0).Child("service"),
	}
}

// translate returns the HTTPProxies of an input that has no errors, by fqdn.
func translate(t *testing.T, in providers.Input) map[string]*contourv1.HTTPProxy {
	t.Helper()
	plan, errs := contour.New().Translate(in)
	if len(errs) > 0 {
		t.Fatalf("Translate: %v", errs.ToAggregate())
	}
	proxies := map[string]*contourv1.HTTPProxy{}
	for _, obj := range plan.Objects {
		proxy := &contourv1.HTTPProxy{}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(obj.Object, proxy, true); err != nil {
			t.Fatalf("the plan holds no HTTPProxy: %v", err)
		}
		proxies[proxy.Spec.VirtualHost.Fqdn] = proxy
	}
	return proxies
}

// failure is what a test cares about in a field error.
type failure struct {
	Type  field.ErrorType
	Field string
}

// failures returns the errors of an input; each must say more than its type.
func failures(t *testing.T, in providers.Input) []failure {
	t.Helper()
	_, errs := contour.New().Translate(in)
	var all []failure
	for _, err := range errs {
		if err.Detail == "" {
			t.Errorf("%v has no remedy", err)
		}
		all = append(all, failure{err.Type, err.Field})
	}
	return all
}

// object parses one object.
func object(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	obj := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(text), &obj.Object); err != nil {
		t.Fatalf("parsing %q: %v", text, err)
	}
	return obj
}

func diff[T any](t *testing.T, what string, want, got T) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

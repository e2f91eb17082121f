// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package story

import (
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/yaml"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
)

// Namespace of the MeshIngress and of its backends.
const Namespace = "default"

// Input is the MeshIngress web with routes, where Linkerd's cluster domain is
// cluster.local.
func Input(class providers.Class, way providers.StrategySupport, routes ...providers.Route) providers.Input {
	return providers.Input{
		Name: "web", Namespace: Namespace, Class: class, Strategy: way, ClusterDomain: "cluster.local", Routes: routes,
	}
}

// Way is the first way of a provider with a strategy and a form, which is empty where the
// provider has no forms. It is empty itself where there is none.
func Way(p providers.Provider, strategy v1alpha1.Strategy, form string) providers.StrategySupport {
	ways := p.Describe().Strategies
	i := slices.IndexFunc(ways, func(s providers.StrategySupport) bool { return s.Strategy == strategy && s.Form == form })
	if i < 0 {
		return providers.StrategySupport{}
	}
	return ways[i]
}

// Prefix is a route of type Prefix; see Route.
func Prefix(host, path string, backends ...providers.Backend) providers.Route {
	return Route(host, path, v1alpha1.PathTypePrefix, backends...)
}

// Exact is a route of type Exact; see Route.
func Exact(host, path string, backends ...providers.Backend) providers.Route {
	return Route(host, path, v1alpha1.PathTypeExact, backends...)
}

// Route says of every route that it is the first path of the first rule. Where no
// backends are given it goes to port 80 of the Service web-svc.
func Route(host, path string, pathType v1alpha1.PathType, backends ...providers.Backend) providers.Route {
	if len(backends) == 0 {
		backends = []providers.Backend{Backend("web-svc", 80)}
	}
	return providers.Route{Host: host, Path: path, PathType: pathType, Backends: backends, Field: firstPath()}
}

// Backend says of every backend that it is the first one of the first path.
func Backend(service string, port int32) providers.Backend {
	return providers.Backend{
		Namespace: Namespace, Service: service, Port: port, Weight: 1,
		Field: firstPath().Child("backends").Index(0).Child("service"),
	}
}

// Weighted is a backend at port 80 with a weight.
func Weighted(service string, weight int32) providers.Backend {
	b := Backend(service, 80)
	b.Weight = weight
	return b
}

func firstPath() *field.Path { return field.NewPath("spec", "rules").Index(0).Child("paths").Index(0) }

// Named is a route whose failures say which of several it is: its field is
// "<host><path> (<type>)", and those of its backends are the names of the Services.
func Named(r providers.Route) providers.Route {
	r.Field = field.NewPath(r.Host + r.Path + " (" + string(r.PathType) + ")")
	r.Backends = slices.Clone(r.Backends)
	for i := range r.Backends {
		r.Backends[i].Field = field.NewPath(r.Backends[i].Service)
	}
	return r
}

// Object reads an object, or a part of one, as the cluster would return it: whole numbers
// are int64. The test ends where the text is no YAML of an object.
func Object(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	obj := &unstructured.Unstructured{}
	data, err := yaml.YAMLToJSONStrict([]byte(text))
	if err == nil {
		err = json.Unmarshal(data, &obj.Object)
	}
	if err != nil {
		t.Fatalf("reading %q: %v", text, err)
	}
	return obj
}

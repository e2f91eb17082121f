// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package render_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/render"
	"github.com/meshingress/meshingress/providers"
)

var kindRoute = providers.Kind{
	GroupVersionKind: schema.GroupVersionKind{Group: "fake.test", Version: "v1", Kind: "Route"}, Resource: "routes",
}

// kindOf is a kind as Options.Served has it.
func kindOf(group, version, kind string) providers.Kind {
	return providers.Kind{GroupVersionKind: schema.GroupVersionKind{Group: group, Version: version, Kind: kind}}
}

// fake has ClusterIP routing where its kind is served, and Header routing always.
// Its route lists the destinations and the names of the ConfigMaps that it reads.
type fake struct{}

func (fake) Describe() providers.Description {
	return providers.Description{
		Vendor: v1alpha1.VendorTraefik, Title: "Fake",
		Writes: []providers.Kind{kindRoute},
		Strategies: []providers.StrategySupport{
			{
				Strategy: v1alpha1.StrategyClusterIP, Reason: "its kind is served", Needs: []providers.Kind{kindRoute},
				Features: []providers.Feature{providers.FeatureAnyHost},
			},
			{
				Strategy: v1alpha1.StrategyHeader, Reason: "it works always",
				Features: []providers.Feature{providers.FeatureAnyHost, providers.FeatureCrossNamespace},
			},
		},
		DataPlane: providers.DataPlane{Controllers: []string{"example.com/fake"}, Workloads: []providers.WorkloadSelector{{
			Kinds: []string{"Deployment"}, Labels: map[string]string{"app": "fake"}, Container: "fake",
		}}},
	}
}

func (fake) Reads(in providers.Input) []providers.Read {
	return []providers.Read{{Kind: providers.KindConfigMap, Namespace: in.Namespace}}
}

func (fake) Translate(in providers.Input) (providers.Plan, field.ErrorList) {
	route := &unstructured.Unstructured{Object: map[string]any{}}
	route.SetGroupVersionKind(kindRoute.GroupVersionKind)
	route.SetNamespace(in.Namespace)
	route.SetName(in.Name)
	var destinations, read []any
	for _, r := range in.Routes {
		for _, b := range r.Backends {
			destinations = append(destinations, b.Destination(in.ClusterDomain))
		}
	}
	for _, obj := range in.Objects {
		read = append(read, obj.GetName())
	}
	route.Object["spec"] = map[string]any{"destinations": destinations, "read": read}
	plan := providers.Plan{}
	plan.Objects = append(plan.Objects, route)
	return plan, nil
}

const (
	classFake = `
apiVersion: networking.meshingress.dev/v1alpha1
kind: MeshIngressClass
metadata: {name: fake}
spec: {vendor: Traefik}
---
`
	ingressWeb = `
apiVersion: networking.meshingress.dev/v1alpha1
kind: MeshIngress
metadata: {name: web, namespace: web}
spec:
  className: fake
  rules:
  - paths: [{path: /, backends: [{service: {name: web, port: {number: 80}}}]}]
---
`
	deploymentFake = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: fake, namespace: ingress}
spec:
  selector: {matchLabels: {app: fake}}
  template:
    metadata: {labels: {app: fake}}
    spec: {containers: [{name: fake, image: "fake:1"}]}
---
`
	serviceFake = `
apiVersion: v1
kind: Service
metadata: {name: fake, namespace: ingress}
spec:
  type: LoadBalancer
  selector: {app: fake}
  ports: [{name: http, port: 80, targetPort: 8080}, {name: https, port: 443, targetPort: 8443}]
---
`
)

func parse(t *testing.T, text string) []render.Document {
	t.Helper()
	docs, err := render.Parse("test.yaml", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return docs
}

// newRenderer is made once: compiling the rules of the definitions takes time.
var newRenderer = sync.OnceValues(func() (*render.Renderer, error) {
	registry, err := providers.NewRegistry(fake{})
	if err != nil {
		return nil, err
	}
	return render.New(registry)
})

func tryRender(t *testing.T, opts render.Options, texts ...string) (render.Output, error) {
	t.Helper()
	renderer, err := newRenderer()
	if err != nil {
		t.Fatal(err)
	}
	return renderer.Render(parse(t, strings.Join(texts, "")), opts)
}

func mustRender(t *testing.T, texts ...string) render.Output {
	t.Helper()
	out, err := tryRender(t, render.Options{}, texts...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// fields are the fields and types of errors, sorted.
func fields(errs []render.Error) []string {
	var out []string
	for _, e := range errs {
		out = append(out, e.Field+" "+e.Type)
	}
	slices.Sort(out)
	return out
}

// spec is the spec of the only object of a plan.
func spec(t *testing.T, p render.Plan) map[string]any {
	t.Helper()
	if len(p.Objects) != 1 {
		t.Fatalf("got %d objects, want one; errors: %v", len(p.Objects), p.Errors)
	}
	return p.Objects[0]["spec"].(map[string]any)
}

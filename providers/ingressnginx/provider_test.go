// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package ingressnginx

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

// input is a MeshIngress web in emojivoto, of class nginx, that has nothing yet.
func input(s v1alpha1.Strategy, change ...func(*providers.Input)) providers.Input {
	in := providers.Input{
		Name: "web", Namespace: "emojivoto", ClusterDomain: "cluster.local",
		Class:    providers.Class{Name: "nginx", IngressClassName: "nginx"},
		Strategy: support(s),
	}
	for _, c := range change {
		c(&in)
	}
	for i := range in.Routes {
		in.Routes[i].Field = routeField(i)
	}
	return in
}

func routeField(i int) *field.Path {
	return field.NewPath("spec", "rules").Index(i).Child("paths").Index(0)
}

func support(s v1alpha1.Strategy) providers.StrategySupport { return story.Way(New(), s, "") }

func clusterIP(change ...func(*providers.Input)) providers.Input {
	return input(v1alpha1.StrategyClusterIP, change...)
}

func header(change ...func(*providers.Input)) providers.Input {
	return input(v1alpha1.StrategyHeader, change...)
}

func service(name string, port int32) providers.Backend {
	return providers.Backend{Namespace: "emojivoto", Service: name, Port: port, Weight: 1}
}

func grpc(name string, port int32) providers.Backend {
	b := service(name, port)
	b.H2C = true
	return b
}

func prefixRoute(host, path string, b providers.Backend) func(*providers.Input) {
	return route(host, path, v1alpha1.PathTypePrefix, b)
}

func exactRoute(host, path string, b providers.Backend) func(*providers.Input) {
	return route(host, path, v1alpha1.PathTypeExact, b)
}

func route(host, path string, t v1alpha1.PathType, b providers.Backend) func(*providers.Input) {
	return func(in *providers.Input) {
		in.Routes = append(in.Routes, providers.Route{
			Host: host, Path: path, PathType: t, Backends: []providers.Backend{b},
		})
	}
}

func fallback(b providers.Backend) func(*providers.Input) {
	return func(in *providers.Input) { in.Default = &b }
}

func template(annotations map[string]string) func(*providers.Input) {
	return func(in *providers.Input) { in.Annotations = annotations }
}

func annotationPrefix(p string) func(*providers.Input) {
	return func(in *providers.Input) {
		in.Class.Spec.IngressNginx = &v1alpha1.IngressNginxOptions{AnnotationPrefix: p}
	}
}

func auth(b providers.Backend, path string) func(*providers.Input) {
	b.Field = field.NewPath("spec", "externalAuth", "service")
	return func(in *providers.Input) { in.Auth = &providers.Auth{Backend: b, Path: path} }
}

func translate(t *testing.T, in providers.Input) providers.Plan {
	t.Helper()
	return story.Translate(t, New(), in)
}

func typed[T any](t *testing.T, u *unstructured.Unstructured) T {
	t.Helper()
	var out T
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// written writes an Ingress in a few lines, so that a test shows the whole.
type written struct {
	Name        string
	Annotations map[string]string
	Paths       []string // "<host> <pathType> <path> -> <service>:<port>"
	Default     string   // "<service>:<port>"
}

func writtenIn(t *testing.T, plan providers.Plan) []written {
	t.Helper()
	var out []written
	for _, u := range plan.Objects {
		ing := typed[networkingv1.Ingress](t, u)
		s := written{Name: ing.Name, Annotations: ing.Annotations}
		for _, r := range ing.Spec.Rules {
			for _, p := range r.HTTP.Paths {
				s.Paths = append(s.Paths, r.Host+" "+string(*p.PathType)+" "+p.Path+" -> "+target(p.Backend))
			}
		}
		if d := ing.Spec.DefaultBackend; d != nil {
			s.Default = target(*d)
		}
		out = append(out, s)
	}
	return out
}

func target(b networkingv1.IngressBackend) string {
	return fmt.Sprintf("%s:%d", b.Service.Name, b.Service.Port.Number)
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	story.Diff(t, what, want, got)
}

func TestDescribe(t *testing.T) {
	d := New().Describe()
	equal(t, "notices", story.Reasons(d.AllNotices()), []string{ReasonControllerRetired})

	auto, err := providers.ChooseStrategy(d, providers.Wish{Routing: v1alpha1.RoutingAuto}, nil)
	if err != nil || auto.Strategy != v1alpha1.StrategyClusterIP {
		t.Errorf("Auto is %q, %v", auto.Strategy, err)
	}
	asked, err := providers.ChooseStrategy(d, providers.Wish{Routing: v1alpha1.RoutingHeader}, nil)
	if err != nil || asked.Strategy != v1alpha1.StrategyHeader {
		t.Errorf("Header is %q, %v", asked.Strategy, err)
	}
	if asked.Supports(providers.FeatureExternalAuth) {
		t.Error("header routing must not have external authorization: the subrequest carries the client's header")
	}
	if auto.Supports(providers.FeatureWeights) || asked.Supports(providers.FeatureWeights) {
		t.Error("canary Ingresses share their weight with other routes: no way may declare weights")
	}
}

func TestReads(t *testing.T) {
	equal(t, "ClusterIP", New().Reads(clusterIP()),
		[]providers.Read{{Kind: providers.KindIngress, Namespace: "emojivoto"}})
	equal(t, "Header", New().Reads(header()), []providers.Read(nil))
}

func TestTranslateClass(t *testing.T) {
	class := func(ref *v1alpha1.ObjectKey) providers.ClassInput {
		return providers.ClassInput{
			Class: providers.Class{Name: "edge", Spec: v1alpha1.MeshIngressClassSpec{
				IngressNginx: &v1alpha1.IngressNginxOptions{ConfigMapRef: ref},
			}},
			Strategy: headerSupport(), ClusterDomain: "k8s.example",
		}
	}
	ref := &v1alpha1.ObjectKey{Namespace: "ingress-nginx", Name: "ingress-nginx-controller"}

	t.Run("the ConfigMap is keyed by the header and named in the controller's", func(t *testing.T) {
		plan, errs := New().TranslateClass(class(ref))
		if len(errs) > 0 || len(plan.Objects) != 1 || len(plan.Fields) != 1 {
			t.Fatalf("got %d objects, %d fields, %v", len(plan.Objects), len(plan.Fields), errs)
		}
		cm := typed[corev1.ConfigMap](t, plan.Objects[0])
		equal(t, "data", cm.Data, map[string]string{
			"l5d-dst-override": "$service_name.$namespace.svc.k8s.example:$service_port",
		})
		equal(t, "fields", plan.Fields[0], providers.FieldSet{
			Target: providers.Target{
				GroupVersionKind: corev1.SchemeGroupVersion.WithKind("ConfigMap"),
				Namespace:        "ingress-nginx", Name: "ingress-nginx-controller",
			},
			Fields: map[string]any{"data": map[string]any{"proxy-set-headers": "ingress-nginx/" + cm.Name}},
		})
		equal(t, "notices", story.Reasons(plan.Notices), []string{ReasonAffectsAllRoutes, ReasonClientHeaderPasses})
	})

	t.Run("without configMapRef there is nowhere to set it", func(t *testing.T) {
		want := []story.Failure{story.Required("spec.ingressNginx.configMapRef")}
		_, errs := New().TranslateClass(class(nil))
		equal(t, "no reference", story.FailuresOf(t, errs), want)
		bare := class(nil)
		bare.Class.Spec.IngressNginx = nil
		_, errs = New().TranslateClass(bare)
		equal(t, "no options", story.FailuresOf(t, errs), want)
	})

	t.Run("ClusterIP routing needs nothing", func(t *testing.T) {
		in := class(ref)
		in.Strategy = clusterIPSupport()
		plan, errs := New().TranslateClass(in)
		equal(t, "plan", plan, providers.Plan{})
		equal(t, "errors", errs, field.ErrorList(nil))
	})
}

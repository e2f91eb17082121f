// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gce_test

import (
	"strings"
	"testing"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/gce"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

const documented = "ingress.kubernetes.io/custom-request-headers"

func TestDescribe(t *testing.T) {
	d := gce.New().Describe()
	if d.DataPlane.Outside == "" || len(d.DataPlane.Workloads) > 0 {
		t.Errorf("the data plane is %+v, want it outside", d.DataPlane)
	}
	story.Diff(t, "notices", []string{gce.ReasonHeaderHasNoEffect, gce.ReasonUnmeshedClients}, story.Reasons(d.Notices))
	choice, err := providers.ChooseStrategy(d, providers.Wish{Routing: v1alpha1.RoutingAuto},
		providers.Served{d.Strategies[0].Needs[0]: true})
	if err != nil || choice.Strategy != v1alpha1.StrategyHeader {
		t.Errorf("Auto is %q, %v", choice.Strategy, err)
	}
	if _, ok := any(gce.New()).(providers.RelayAuditor); ok {
		t.Error("audits relays, though no proxy in ingress mode is open to the clients")
	}
}

func TestIngressIsOfTheSchemesClass(t *testing.T) {
	for name, tc := range map[string]struct {
		options v1alpha1.GCEOptions
		want    map[string]string
	}{
		"external by default": {
			v1alpha1.GCEOptions{}, map[string]string{"kubernetes.io/ingress.class": "gce"},
		},
		"external, with all options": {
			v1alpha1.GCEOptions{
				Scheme: v1alpha1.GCEExternal, StaticIPName: "address", PreSharedCertificates: []string{"b", "a"},
			},
			map[string]string{
				"kubernetes.io/ingress.class":                 "gce",
				"kubernetes.io/ingress.global-static-ip-name": "address",
				"ingress.gcp.kubernetes.io/pre-shared-cert":   "b,a",
			},
		},
		"internal, with an address": {
			v1alpha1.GCEOptions{Scheme: v1alpha1.GCEInternal, StaticIPName: "address"},
			map[string]string{
				"kubernetes.io/ingress.class":                   "gce-internal",
				"kubernetes.io/ingress.regional-static-ip-name": "address",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			ing := ingress(t, translate(t, input(tc.options, story.Prefix("example.com", "/", backend("web-svc", 80)))))
			tc.want[documented] = "l5d-dst-override: web-svc.emojivoto.svc.cluster.local:80"
			story.Diff(t, "annotations", tc.want, ing.Annotations)
			if ing.Spec.IngressClassName != nil {
				t.Errorf("spec.ingressClassName is %q: the controller passes such an Ingress over", *ing.Spec.IngressClassName)
			}
		})
	}
}

func TestClassWithoutOptionsIsExternal(t *testing.T) {
	in := input(v1alpha1.GCEOptions{}, story.Prefix("example.com", "/", backend("web-svc", 80)))
	in.Class.Spec.GCE = nil
	story.Diff(t, "class", "gce", ingress(t, translate(t, in)).Annotations["kubernetes.io/ingress.class"])
}

func TestBackendConfigs(t *testing.T) {
	web, api, metrics := backend("web-svc", 80), backend("api-svc", 8080), backend("api-svc", 9090)
	for name, tc := range map[string]struct {
		backends []providers.Backend
		headers  []string // of the BackendConfigs
		ports    map[string]int
		notices  []string
	}{
		"one backend": {
			[]providers.Backend{web},
			[]string{"l5d-dst-override:web-svc.emojivoto.svc.cluster.local:80"},
			map[string]int{"web-svc": 1},
			nil,
		},
		"one backend on two paths": {
			[]providers.Backend{web, web},
			[]string{"l5d-dst-override:web-svc.emojivoto.svc.cluster.local:80"},
			map[string]int{"web-svc": 1},
			nil,
		},
		"two Services": {
			[]providers.Backend{web, api}, []string{
				"l5d-dst-override:web-svc.emojivoto.svc.cluster.local:80",
				"l5d-dst-override:api-svc.emojivoto.svc.cluster.local:8080",
			}, map[string]int{"web-svc": 1, "api-svc": 1}, []string{gce.ReasonHeaderAnnotationLeftOut},
		},
		"two ports of a Service": {
			[]providers.Backend{metrics, api}, []string{
				"l5d-dst-override:api-svc.emojivoto.svc.cluster.local:9090",
				"l5d-dst-override:api-svc.emojivoto.svc.cluster.local:8080",
			}, map[string]int{"api-svc": 2}, []string{gce.ReasonHeaderAnnotationLeftOut},
		},
	} {
		t.Run(name, func(t *testing.T) {
			in := input(v1alpha1.GCEOptions{})
			for i, b := range tc.backends {
				in.Routes = append(in.Routes, story.Prefix("example.com", "/"+strings.Repeat("a", i), b))
			}
			plan := translate(t, in)
			story.Diff(t, "headers", tc.headers, headersOf(t, plan))
			ports := map[string]int{}
			for service, value := range attached(t, plan) {
				ports[service] = strings.Count(value, `":"`)
			}
			story.Diff(t, "number of ports", tc.ports, ports)
			story.Diff(t, "notices", tc.notices, story.Reasons(plan.Notices))
			if _, set := ingress(t, plan).Annotations[documented]; set != (len(tc.headers) == 1) {
				t.Errorf("the documented annotation is set: %v", set)
			}
		})
	}
}

// headersOf are the headers of BackendConfigs, which must stand before the Ingress.
func headersOf(t *testing.T, plan providers.Plan) []string {
	t.Helper()
	var all []string
	for i, obj := range plan.Objects {
		if obj.GetKind() != "BackendConfig" {
			if i != len(plan.Objects)-1 {
				t.Errorf("%s stands before a BackendConfig", obj.GetKind())
			}
			continue
		}
		headers := obj.Object["spec"].(map[string]any)["customRequestHeaders"].(map[string]any)["headers"].([]any)
		for _, h := range headers {
			all = append(all, h.(string))
		}
	}
	return all
}

func TestAttachmentDoesNotDependOnTheOrderOfPaths(t *testing.T) {
	a := story.Prefix("example.com", "/a", backend("api-svc", 9090))
	b := story.Prefix("example.com", "/b", backend("api-svc", 8080))
	first := attached(t, translate(t, input(v1alpha1.GCEOptions{}, a, b)))
	second := attached(t, translate(t, input(v1alpha1.GCEOptions{}, b, a)))
	story.Diff(t, "annotation", first, second)
	if value := first["api-svc"]; !strings.HasPrefix(value, `{"ports":{"8080":"`) || strings.Contains(value, "default") {
		t.Errorf("the annotation is %s, want it by number, sorted", value)
	}
}

// With another name Google would give another address.
func TestIngressKeepsItsName(t *testing.T) {
	fallback := backend("web-svc", 80)
	bare := input(v1alpha1.GCEOptions{})
	bare.Default = &fallback
	full := input(v1alpha1.GCEOptions{}, story.Prefix("example.com", "/", backend("api-svc", 8080)))
	full.Default = &fallback
	a, b := ingress(t, translate(t, bare)), ingress(t, translate(t, full))
	story.Diff(t, "name", a.Name, b.Name)
	story.Diff(t, "default backend", a.Spec.DefaultBackend, b.Spec.DefaultBackend)
}

func TestExactPathsStandBehindPrefixes(t *testing.T) {
	web := backend("web-svc", 80)
	ing := ingress(t, translate(t, input(v1alpha1.GCEOptions{},
		story.Exact("a.example.com", "/api", web), story.Prefix("b.example.com", "/", web), story.Prefix("a.example.com", "/api", web))))
	var got []string
	for _, r := range ing.Spec.Rules {
		for _, p := range r.HTTP.Paths {
			got = append(got, r.Host+" "+string(*p.PathType)+" "+p.Path)
		}
	}
	story.Diff(t, "paths", []string{"a.example.com Prefix /api", "a.example.com Exact /api", "b.example.com Prefix /"}, got)
}

func TestServices(t *testing.T) {
	const unreachable, isBeta = gce.ReasonServiceNotReachable, gce.ReasonBetaBackendConfig
	neg := func(value string) map[string]string { return map[string]string{"cloud.google.com/neg": value} }
	beta := map[string]string{"beta.cloud.google.com/backend-config": `{"default":"health"}`}
	for name, tc := range map[string]struct {
		serviceType string
		annotations map[string]string
		want        []string
	}{
		"with a node port":                    {"NodePort", nil, nil},
		"a load balancer":                     {"LoadBalancer", nil, nil},
		"with network endpoint groups":        {"ClusterIP", neg(`{"ingress": true}`), nil},
		"with neither":                        {"ClusterIP", nil, []string{unreachable}},
		"of no type yet":                      {"", nil, []string{unreachable}},
		"with groups that are no Ingress's":   {"ClusterIP", neg(`{"exposed_ports":{"80":{}}}`), []string{unreachable}},
		"with an annotation that is no JSON":  {"ClusterIP", neg("true"), []string{unreachable}},
		"with a BackendConfig by beta key":    {"NodePort", beta, []string{isBeta}},
		"with both, and not reachable either": {"ClusterIP", beta, []string{isBeta, unreachable}},
	} {
		t.Run(name, func(t *testing.T) {
			web := backend("web-svc", 80)
			in := input(v1alpha1.GCEOptions{}, story.Prefix("example.com", "/", web), story.Prefix("example.com", "/b", web))
			in.Objects = append(in.Objects, service("other", "ClusterIP", nil), service("web-svc", tc.serviceType, tc.annotations))
			plan := translate(t, in)
			story.Diff(t, "notices", tc.want, story.Reasons(plan.Notices))
			_, has := tc.annotations["beta.cloud.google.com/backend-config"]
			if left := len(plan.Fields) == 0 && len(headersOf(t, plan)) == 0; left != has {
				t.Errorf("the Service is left alone: %v", left)
			}
		})
	}
}

func TestTranslateClass(t *testing.T) {
	for name, tc := range map[string]struct {
		spec v1alpha1.MeshIngressClassSpec
		want []string
	}{
		"nothing asked": {v1alpha1.MeshIngressClassSpec{}, nil},
		"a class of its own": {
			v1alpha1.MeshIngressClassSpec{IngressClassName: "edge"}, []string{gce.ReasonClassNameUnused},
		},
		"the class of the scheme": {v1alpha1.MeshIngressClassSpec{IngressClassName: "gce"}, nil},
		"the other scheme's class": {v1alpha1.MeshIngressClassSpec{
			IngressClassName: "gce", GCE: &v1alpha1.GCEOptions{Scheme: v1alpha1.GCEInternal},
		}, []string{gce.ReasonClassNameUnused}},
		"a reserved address": {
			v1alpha1.MeshIngressClassSpec{GCE: &v1alpha1.GCEOptions{StaticIPName: "address"}}, []string{gce.ReasonOneAddress},
		},
	} {
		t.Run(name, func(t *testing.T) {
			plan, errs := gce.New().TranslateClass(providers.ClassInput{Class: providers.Class{Name: "public", Spec: tc.spec}})
			story.Diff(t, "notices", tc.want, story.Reasons(plan.Notices))
			if len(errs)+len(plan.Objects)+len(plan.Fields) > 0 {
				t.Errorf("got %+v, %v", plan, errs)
			}
		})
	}
}

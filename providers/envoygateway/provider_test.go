// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package envoygateway_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/envoygateway"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

var class = providers.Class{Name: "public", Spec: v1alpha1.MeshIngressClassSpec{
	GatewayRef: &v1alpha1.GatewayReference{ObjectKey: v1alpha1.ObjectKey{Namespace: "infra", Name: "public"}},
}}

// What there may be, from the Gateway down.
const (
	api        = "apiVersion: gateway.networking.k8s.io/v1, "
	anyGateway = "{" + api + "kind: Gateway, metadata: {name: public, namespace: infra}, spec: {gatewayClassName: eg"
	gateway    = anyGateway + "}}"
	namesProxy = anyGateway + ", infrastructure: {parametersRef: {" + proxyKind + ", name: public}}}}"
	namesOther = anyGateway + ", infrastructure: {parametersRef: {group: '', kind: ConfigMap, name: public}}}}"

	gatewayClass = "{" + api + "kind: GatewayClass, metadata: {name: eg}, spec: {parametersRef: {" + proxyKind + ", name: all}}}"

	proxyKind = "group: gateway.envoyproxy.io, kind: EnvoyProxy"
	anyProxy  = "{apiVersion: gateway.envoyproxy.io/v1alpha1, kind: EnvoyProxy, metadata: "
	proxy     = anyProxy + "{name: public, namespace: infra}, spec: {provider: {type: Kubernetes}}}"
	bareProxy = anyProxy + "{name: public, namespace: infra}, spec: {}}"
	shared    = anyProxy + "{name: all, namespace: default}, spec: {provider: {type: Kubernetes}}}"
	merging   = anyProxy + "{name: all, namespace: default}, spec: {mergeGateways: true}}"
)

func objects(t *testing.T, texts ...string) []*unstructured.Unstructured {
	t.Helper()
	var all []*unstructured.Unstructured
	for _, text := range texts {
		all = append(all, story.Object(t, text))
	}
	return all
}

func kind(name, plural, field string) providers.Kind {
	k := providers.Kind{Resource: plural, Field: field}
	k.Group, k.Version, k.Kind = "gateway.envoyproxy.io", "v1alpha1", name
	return k
}

// servedBy is what a version of Envoy Gateway serves beside the Gateway API, by the
// fields that came to its CRDs.
func servedBy(version string) providers.Served {
	served := providers.Served{}
	for _, k := range envoygateway.New().Describe().Kinds() {
		served[k] = true
	}
	policy := func(field string) providers.Kind {
		return kind("BackendTrafficPolicy", "backendtrafficpolicies", field)
	}
	switch version {
	case "1.8":
		served[policy("spec.bandwidthLimit")] = true
		fallthrough
	case "1.7":
		served[policy("spec.routingType")] = true
		fallthrough
	case "1.4":
		served[policy("spec.mergeType")] = true
		fallthrough
	case "1.1":
		served[kind("EnvoyProxy", "envoyproxies", "spec.routingType")] = true
	}
	return served
}

func TestTheStrategyIsThatOfTheVersion(t *testing.T) {
	for version, want := range map[string]v1alpha1.Strategy{
		"1.0": v1alpha1.StrategyHeader, "1.1": v1alpha1.StrategyClusterIP, "1.7": v1alpha1.StrategyClusterIP,
		"1.8": v1alpha1.StrategyClusterIP,
	} {
		got, err := providers.ChooseStrategy(envoygateway.New().Describe(), providers.Wish{}, servedBy(version))
		if err != nil || got.Strategy != want {
			t.Errorf("%s: strategy %q, error %v, want %q", version, got.Strategy, err, want)
		}
	}
}

func TestWhatTheClassSets(t *testing.T) {
	for name, tc := range map[string]struct {
		version string
		objects []string
		want    string // EnvoyProxy whose routingType is set
		failed  bool
		notices int
	}{
		"the Gateway's EnvoyProxy":                {"1.1", []string{namesProxy, proxy}, "infra/public", false, 0},
		"the Gateway's, before the class's":       {"1.8", []string{namesProxy, gatewayClass, proxy, shared}, "infra/public", false, 0},
		"the class's":                             {"1.8", []string{gateway, gatewayClass, shared}, "default/all", false, 1},
		"the class's, where it merges":            {"1.8", []string{namesProxy, gatewayClass, proxy, merging}, "default/all", false, 1},
		"one that is not there yet":               {"1.8", []string{namesProxy}, "infra/public", false, 0},
		"none, where a policy does":               {"1.8", []string{gateway}, "", false, 0},
		"none of another kind":                    {"1.8", []string{namesOther}, "", false, 0},
		"none, where a policy would be ignored":   {"1.7", []string{gateway}, "", true, 0},
		"none, where a policy has no routingType": {"1.4", []string{gateway}, "", true, 0},
		"nothing without the Gateway":             {"1.8", []string{gatewayClass, shared}, "", false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			in := providers.ClassInput{Class: class, Served: servedBy(tc.version), Objects: objects(t, tc.objects...)}
			in.Strategy.Strategy = v1alpha1.StrategyClusterIP
			plan, errs := envoygateway.New().TranslateClass(in)
			if (len(errs) > 0) != tc.failed || (tc.failed && errs[0].Field != "spec.gatewayRef") {
				t.Errorf("errors: %v", errs)
			}
			got := ""
			for _, set := range plan.Fields {
				got += set.Target.Namespace + "/" + set.Target.Name
				want := map[string]any{"spec": map[string]any{"routingType": "Service"}}
				if diff := cmp.Diff(want, set.Fields); diff != "" {
					t.Errorf("fields: %s", diff)
				}
			}
			if got != tc.want || len(plan.Notices) != tc.notices {
				t.Errorf("set on %q, want %q; notices %v", got, tc.want, plan.Notices)
			}
			in.Strategy.Strategy = v1alpha1.StrategyHeader
			if plan, errs := envoygateway.New().TranslateClass(in); len(errs) > 0 || len(plan.Fields) > 0 {
				t.Errorf("with header routing: %v, %v", plan.Fields, errs)
			}
		})
	}
}

func TestWhereAnnotationsForThePodsGo(t *testing.T) {
	infrastructure := []string{"spec", "infrastructure", "annotations"}
	pod := func(kind string) []string {
		return []string{"spec", "provider", "kubernetes", "envoy" + kind, "pod", "annotations"}
	}
	const toGateway, toProxy = v1alpha1.InjectionTargetGateway, v1alpha1.InjectionTargetEnvoyProxy
	for name, tc := range map[string]struct {
		objects  []string
		target   v1alpha1.InjectionTarget
		workload string
		want     string
		path     []string
	}{
		"the Gateway":                    {[]string{namesProxy, proxy}, toGateway, "Deployment", "Gateway", infrastructure},
		"the EnvoyProxy":                 {[]string{namesProxy, proxy}, toProxy, "Deployment", "EnvoyProxy", pod("Deployment")},
		"the EnvoyProxy of a DaemonSet":  {[]string{namesProxy, proxy}, toProxy, "DaemonSet", "EnvoyProxy", pod("DaemonSet")},
		"no Gateway":                     {nil, toGateway, "Deployment", "", nil},
		"no EnvoyProxy named":            {[]string{gateway, proxy}, toProxy, "Deployment", "", nil},
		"no EnvoyProxy of the name":      {[]string{namesProxy}, toProxy, "Deployment", "", nil},
		"an EnvoyProxy without provider": {[]string{namesProxy, bareProxy}, toProxy, "Deployment", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			in := providers.ClassInput{Class: class, Objects: objects(t, tc.objects...)}
			obj, path, err := envoygateway.New().InjectionTarget(in, tc.target, providers.WorkloadFacts{Kind: tc.workload})
			if tc.want == "" {
				if err == nil {
					t.Errorf("found %v", obj)
				}
				return
			}
			if err != nil || obj.GetKind() != tc.want {
				t.Fatalf("found %v, error %v", obj, err)
			}
			if diff := cmp.Diff(tc.path, path); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTheVerdictOnAPolicyIsThatOfEveryAncestor(t *testing.T) {
	const (
		yes = "{conditions: [{type: Accepted, status: 'True', observedGeneration: 3}]}"
		no  = "{conditions: [{type: Accepted, status: 'False', observedGeneration: 3, reason: Conflicted, message: older}]}"
		old = "{conditions: [{type: Accepted, status: 'False', observedGeneration: 2}]}"
		odd = "{conditions: [{type: Merged, status: 'False', observedGeneration: 3}]}"
	)
	for ancestors, want := range map[string]providers.VerdictState{
		"": providers.VerdictNone, yes: providers.VerdictAccepted, no: providers.VerdictRejected,
		yes + ", " + no: providers.VerdictRejected, old: providers.VerdictNone, odd: providers.VerdictNone,
	} {
		obj := objects(t, "{apiVersion: gateway.envoyproxy.io/v1alpha1, kind: BackendTrafficPolicy, status: {ancestors: ["+
			ancestors+"]}}")[0]
		obj.SetGeneration(3)
		got := envoygateway.New().Observe(obj)
		if got.State != want || (want == providers.VerdictRejected) != (got.Message != "") {
			t.Errorf("%s: verdict %v, want %v", ancestors, got, want)
		}
	}
}

func TestTheVerdictOnARouteIsThatOfItsGateway(t *testing.T) {
	obj := objects(t, `{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, spec: {parentRefs: [{name: public}]},
	  status: {parents: [{parentRef: {name: public}, conditions: [{type: Accepted, status: "True"}]}]}}`)[0]
	if got := envoygateway.New().Observe(obj); got.State != providers.VerdictAccepted {
		t.Errorf("verdict %v", got)
	}
}

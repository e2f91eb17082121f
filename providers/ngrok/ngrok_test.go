// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package ngrok_test

import (
	"slices"
	"testing"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/ngrok"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

func TestFormGoesByGatewayRef(t *testing.T) {
	d := ngrok.New().Describe()
	served := providers.Served{d.Strategies[1].Needs[0]: true}
	for name, tc := range map[string]struct {
		class   providers.Class
		served  providers.Served
		routing v1alpha1.Routing
		want    string // form; empty where nothing fits
	}{
		"an Ingress, whatever is served":    {input().Class, nil, v1alpha1.RoutingAuto, "Ingress"},
		"with gatewayRef an HTTPRoute":      {atGateway(nil).Class, served, v1alpha1.RoutingAuto, "HTTPRoute"},
		"ClusterIP is what there is":        {atGateway(nil).Class, served, v1alpha1.RoutingClusterIP, "HTTPRoute"},
		"with gatewayRef, and not served":   {atGateway(nil).Class, nil, v1alpha1.RoutingAuto, ""},
		"a header, which is never needed":   {input().Class, served, v1alpha1.RoutingHeader, ""},
		"a header for the Gateway likewise": {atGateway(nil).Class, served, v1alpha1.RoutingHeader, ""},
	} {
		t.Run(name, func(t *testing.T) {
			tc.class.Spec.Routing = tc.routing
			choice, err := providers.ChooseStrategy(d, providers.WishOf(ngrok.New(), tc.class), tc.served)
			story.Diff(t, "form", tc.want, choice.Form)
			if (err == nil) != (tc.want != "") {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

func TestFeaturesDifferByForm(t *testing.T) {
	d := ngrok.New().Describe()
	ingress, httpRoute := d.Strategies[0], d.Strategies[1]
	for feature, want := range map[providers.Feature][2]bool{
		providers.FeatureAnyHost:        {false, false},
		providers.FeatureWildcardHost:   {true, true},
		providers.FeatureExactPath:      {true, true},
		providers.FeatureDefaultBackend: {true, true},
		providers.FeatureWeights:        {false, true},
		providers.FeatureTLS:            {false, false},
		providers.FeatureExternalAuth:   {false, false},
		providers.FeatureCrossNamespace: {false, false},
		providers.FeatureH2C:            {true, false},
	} {
		story.Diff(t, string(feature), want, [2]bool{ingress.Supports(feature), httpRoute.Supports(feature)})
	}
}

func TestDataPlaneIsTheAgentAlone(t *testing.T) {
	if !ngrok.New().Describe().DataPlane.NoInbound {
		t.Error("ports would be looked for, though nobody dials the agent")
	}
	for name, tc := range map[string]struct {
		name, component string
		found           bool
	}{
		"the agent":                     {"ngrok-operator", "agent", true},
		"the api-manager":               {"ngrok-operator", "controller", false},
		"the bindings-forwarder":        {"ngrok-operator", "bindings-forwarder", false},
		"the cleanup Job":               {"ngrok-operator", "cleanup", false},
		"all in one, of the old chart":  {"kubernetes-ingress-controller", "controller", true},
		"somebody else's agent":         {"datadog", "agent", false},
		"somebody else's controller":    {"kong", "controller", false},
		"an agent that has no name":     {"", "agent", false},
		"a controller that has no name": {"", "controller", false},
	} {
		t.Run(name, func(t *testing.T) {
			labels := map[string]string{"app.kubernetes.io/name": tc.name, "app.kubernetes.io/component": tc.component}
			found := slices.ContainsFunc(ngrok.New().Describe().DataPlane.Workloads, func(s providers.WorkloadSelector) bool {
				for k, v := range s.Labels {
					if labels[k] != v {
						return false
					}
				}
				return s.Container != ""
			})
			story.Diff(t, "found", tc.found, found)
		})
	}
}

func TestReads(t *testing.T) {
	kinds := func(in providers.Input) []string {
		var all []string
		for _, r := range ngrok.New().Reads(in) {
			all = append(all, r.Kind.Kind+" "+r.Namespace)
		}
		return all
	}
	plain, grpc := input(prefix("a.example.com", "/")), input(prefix("a.example.com", "/"))
	grpc.Routes[0].Backends[0].H2C = true
	story.Diff(t, "an Ingress", []string{"Ingress "}, kinds(plain))
	story.Diff(t, "an Ingress of HTTP/2", []string{"Ingress ", "Service emojivoto"}, kinds(grpc))

	served := atGateway(nil, prefix("a.example.com", "/"))
	served.Served = providers.Served{}
	for _, k := range ngrok.New().Describe().ReadOnly {
		served.Served[k] = true
	}
	story.Diff(t, "an HTTPRoute", []string{"Gateway ngrok", "GatewayClass "}, kinds(served))
}

func TestObserve(t *testing.T) {
	const parent = "{group: gateway.networking.k8s.io, kind: Gateway, namespace: ngrok, name: public}"
	httpRoute := func(generation, condition string) string {
		return `{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute,
			metadata: {name: web, namespace: emojivoto, generation: 3},
			spec: {parentRefs: [` + parent + `]}, status: {parents: [{parentRef: ` + parent + `,
			controllerName: ngrok.com/gateway-controller, conditions: [{type: Accepted, status: "` + condition + `",
			observedGeneration: ` + generation + `, reason: Accepted, message: "", lastTransitionTime: "2026-01-01T00:00:00Z"}]}]}}`
	}
	for name, tc := range map[string]struct {
		text string
		want providers.VerdictState
	}{
		"accepted":            {httpRoute("3", "True"), providers.VerdictAccepted},
		"refused":             {httpRoute("3", "False"), providers.VerdictRejected},
		"an older generation": {httpRoute("2", "True"), providers.VerdictNone},
		"an Ingress, with its name": {`{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: web},
			status: {loadBalancer: {ingress: [{hostname: a.ngrok.app}]}}}`, providers.VerdictAccepted},
	} {
		t.Run(name, func(t *testing.T) {
			story.Diff(t, "verdict", tc.want, ngrok.New().Observe(story.Object(t, tc.text)).State)
		})
	}
}

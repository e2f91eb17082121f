// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gloo_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/gloo"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

const (
	kube       = "kube: {ref: {name: a, namespace: b}, port: 80}"
	toKube     = "routeAction: {single: {" + kube + "}}"
	replacing  = "headerManipulation: {requestHeadersToAdd: [{append: false, header: {key: l5d-dst-override, "
	set        = replacing + "value: 'a.b.svc.x:80'}}]}"
	byClient   = replacing + "value: '%REQ(x)%'}}]}"
	appended   = "headerManipulation: {requestHeadersToAdd: [{header: {key: l5d-dst-override, value: 'a.b.svc.x:80'}}]}"
	removed    = "headerManipulation: {requestHeadersToRemove: [L5d-Dst-Override]}"
	harmless   = "headerManipulation: {responseHeadersToRemove: [x]}"
	literal    = "requestTransformation: {transformationTemplate: {headers: {L5d-Dst-Override: {text: 'a.b.svc.x:80'}}}}"
	staged     = "stagedTransformations: {regular: {requestTransforms: [{" + literal + "}]}}"
	nothing    = "stagedTransformations: {regular: {requestTransforms: []}}"
	ofTemplate = "transformations: {requestTransformation: {transformationTemplate: "
)

// exposures are routes, and where they are open: under header: Settings, and under the
// others.
func exposures() map[string]struct {
	route          string
	native, manual bool
} {
	return map[string]struct {
		route          string
		native, manual bool
	}{
		"to a Service":            {toKube, false, true},
		"to an Upstream":          {"routeAction: {single: {upstream: {name: a, namespace: b}}}", false, true},
		"to an UpstreamGroup":     {"routeAction: {upstreamGroup: {name: a, namespace: b}}", false, true},
		"to Consul":               {"routeAction: {single: {consul: {serviceName: a}}}", true, true},
		"where a header leads":    {"routeAction: {clusterHeader: x}", true, true},
		"where a name leads":      {"routeAction: {dynamicForwardProxy: {}}", true, true},
		"nowhere":                 {"routeAction: {}", true, true},
		"a redirect":              {"redirectAction: {httpsRedirect: true}", false, false},
		"a direct response":       {"directResponseAction: {status: 404}", false, false},
		"a redirect with headers": {"redirectAction: {}, options: {" + byClient + "}", false, false},

		"set":            {toKube + ", options: {" + set + "}", false, false},
		"set for Consul": {"routeAction: {single: {consul: {}}}, options: {" + set + "}", false, false},
		"set, but by the client": {
			toKube + ", options: {" + byClient + "}", true, true,
		},
		"appended": {toKube + ", options: {" + appended + "}", true, true},
		"removed":  {toKube + ", options: {" + removed + "}", false, false},
		"removed, then added": {
			toKube + ", options: {headerManipulation: {requestHeadersToRemove: [l5d-dst-override], requestHeadersToAdd: [" +
				"{header: {key: L5D-DST-OVERRIDE, value: 'a.b.svc.x:80'}}]}}", false, false,
		},
		"from a Secret": {
			toKube + ", options: {headerManipulation: {requestHeadersToAdd: [{headerSecretRef: {name: a, namespace: b}}]}}",
			true, true,
		},
		"other headers, which replace those of Settings": {toKube + ", options: {" + harmless + "}", true, true},
		"options of another kind":                        {toKube + ", options: {timeout: 1s}", false, true},
		"options that are elsewhere": {
			toKube + ", optionsConfigRefs: {delegateOptions: [{name: a, namespace: b}]}", true, true,
		},
		"other headers for an UpstreamGroup, beside those of Settings": {
			"routeAction: {upstreamGroup: {name: a, namespace: b}}, options: {" + harmless + "}", false, true,
		},

		"delegated":                     {"delegateAction: {ref: {name: a, namespace: b}}", false, false},
		"delegated, set":                {"delegateAction: {}, options: {" + set + "}", false, false},
		"delegated, set by the client":  {"delegateAction: {}, options: {" + byClient + "}", true, true},
		"delegated, with other headers": {"delegateAction: {}, options: {" + harmless + "}", true, false},
		"delegated, with options that are elsewhere": {
			"delegateAction: {}, optionsConfigRefs: {delegateOptions: []}", true, false,
		},

		"transformed":            {toKube + ", options: {" + staged + "}", false, false},
		"transformed for Consul": {"routeAction: {single: {consul: {}}}, options: {" + staged + "}", false, false},
		"transformed with other headers": {
			toKube + ", options: {" + staged + ", " + harmless + "}", false, false,
		},
		"transformed, then by the client": {toKube + ", options: {" + staged + ", " + byClient + "}", true, true},
		"transformed in the old way":      {toKube + ", options: {transformations: {" + literal + "}}", false, false},
		"transformed in the old way, beside the new": {
			"routeAction: {single: {consul: {}}}, options: {transformations: {" + literal + "}, " + nothing + "}", true, true,
		},
		"transformed where it matches": {
			"routeAction: {single: {consul: {}}}, options: {stagedTransformations: {regular: {requestTransforms: [" +
				"{matcher: {prefix: /a}, " + literal + "}]}}}", true, true,
		},
		"transformed before authorization only": {
			"routeAction: {single: {consul: {}}}, options: {stagedTransformations: {early: {requestTransforms: [{" + literal + "}]}}}",
			true, true,
		},
		"removed by a transformation": {
			"routeAction: {single: {consul: {}}}, options: {" + ofTemplate + "{headersToRemove: [l5d-dst-override]}}}}", false, false,
		},
		"appended by a transformation": {
			"routeAction: {single: {consul: {}}}, options: {" + ofTemplate +
				"{headersToRemove: [l5d-dst-override], headersToAppend: [{key: l5d-dst-override}]}}}}", true, true,
		},
		"transformed by the client": {
			"routeAction: {single: {consul: {}}}, options: {" + ofTemplate +
				"{headers: {l5d-dst-override: {text: '{{ header(\"x\") }}'}}}}}}", true, true,
		},
		"transformed in other headers": {
			"routeAction: {single: {consul: {}}}, options: {" + ofTemplate + "{headers: {x: {text: a}}}}}}", true, true,
		},
		"transformed in the body": {
			"routeAction: {single: {consul: {}}}, options: {transformations: {requestTransformation: {headerBodyTransform: {}}}}",
			true, true,
		},

		"to two Services": {
			"routeAction: {multi: {destinations: [{destination: {" + kube + "}}, " +
				"{destination: {kube: {ref: {name: c, namespace: b}, port: 80}}}]}}", false, true,
		},
		"to a Service, twice": {
			"routeAction: {multi: {destinations: [{destination: {" + kube + "}}, {destination: {" + kube + "}}]}}", true, true,
		},
		"to an Upstream, twice": {
			"routeAction: {multi: {destinations: [{destination: {upstream: {name: a, namespace: b}}}, " +
				"{destination: {upstream: {name: a, namespace: b}}}]}}", true, true,
		},
		"to a Service and Consul": {
			"routeAction: {multi: {destinations: [{destination: {" + kube + "}}, {destination: {consul: {}}}]}}", true, true,
		},
		"to two Services, each set": {
			"routeAction: {multi: {destinations: [{destination: {" + kube + "}, options: {" + set + "}}, " +
				"{destination: {kube: {ref: {name: c, namespace: b}, port: 80}}, options: {" + staged + "}}]}}", false, false,
		},
		"to two Services, one set": {
			"routeAction: {multi: {destinations: [{destination: {" + kube + "}, options: {" + set + "}}, " +
				"{destination: {kube: {ref: {name: c, namespace: b}, port: 80}}}]}}", false, true,
		},
		"to a Service, twice, the other set": {
			"routeAction: {multi: {destinations: [{destination: {" + kube + "}}, " +
				"{destination: {" + kube + "}, options: {" + set + "}}]}}", false, true,
		},
		"to two Services, set on the route": {
			"routeAction: {multi: {destinations: [{destination: {" + kube + "}}, {destination: {" + kube + "}}]}}, options: {" +
				set + "}", false, false,
		},
		"to two Services with other headers, which replace none": {
			"routeAction: {multi: {destinations: [{destination: {" + kube + "}}]}}, options: {" + harmless + "}", false, true,
		},
		"transformed on the route, and in another way on the destination": {
			"routeAction: {multi: {destinations: [{destination: {consul: {}}, options: {" + nothing + "}}]}}, options: {" +
				staged + "}", true, true,
		},
		"transformed on the route, for both": {
			"routeAction: {multi: {destinations: [{destination: {consul: {}}}, {destination: {consul: {}}}]}}, options: {" +
				staged + "}", false, false,
		},
		"something that is none": {"routeAction: none", true, true},
	}
}

func TestExposedRoutes(t *testing.T) {
	for name, tc := range exposures() {
		t.Run(name, func(t *testing.T) {
			vs := story.Object(t, "{apiVersion: gateway.solo.io/v1, kind: VirtualService, spec: {virtualHost: {routes: [{"+
				"redirectAction: {}}, {"+tc.route+"}]}}}")
			table := story.Object(t, "{apiVersion: gateway.solo.io/v1, kind: RouteTable, spec: {routes: [{"+tc.route+"}]}}")
			for _, header := range headers() {
				want := tc.manual
				if header == v1alpha1.GlooSettings {
					want = tc.native
				}
				story.Diff(t, "VirtualService with "+string(header), want, gloo.New().Exposed(classWith(header), vs))
				story.Diff(t, "RouteTable with "+string(header), want, gloo.New().Exposed(classWith(header), table))
			}
		})
	}
}

// What the options of a virtual host change, for one route without and with the header
// of Settings.
func TestVirtualHostsOfExposedRoutes(t *testing.T) {
	const consul = "{routeAction: {single: {consul: {}}}}"
	for name, tc := range map[string]struct {
		options, routes string
		want            bool
	}{
		"nothing":                          {"", consul, true},
		"set":                              {set, consul, false},
		"removed":                          {removed, consul, false},
		"set, over what a route does":      {set, "{" + toKube + ", options: {" + byClient + "}}", false},
		"appended":                         {appended, "{" + toKube + ", options: {" + set + "}}", true},
		"appended, and nothing leads on":   {appended, "{redirectAction: {}}", false},
		"other headers":                    {harmless, consul, true},
		"transformed":                      {staged, consul, false},
		"transformed, and delegated":       {staged, "{delegateAction: {}}", false},
		"transformed, but not for a route": {staged, "{routeAction: {single: {consul: {}}}, options: {" + nothing + "}}", true},
		"transformed, then by the client":  {staged, "{" + toKube + ", options: {" + byClient + "}}", true},
		"transformed, with other headers":  {staged, "{" + toKube + ", options: {" + harmless + "}}", false},
		"transformed, perhaps": {
			staged, "{routeAction: {single: {consul: {}}}, optionsConfigRefs: {delegateOptions: []}}", true,
		},
		"transformed, but not for a destination": {
			staged, "{routeAction: {multi: {destinations: [{destination: {consul: {}}, options: {" + nothing + "}}]}}}", true,
		},
		"one of two": {"", "{" + toKube + ", options: {" + set + "}}, " + consul, true},
	} {
		t.Run(name, func(t *testing.T) {
			vs := story.Object(t, "{apiVersion: gateway.solo.io/v1, kind: VirtualService, spec: {virtualHost: {options: {"+
				tc.options+"}, routes: ["+tc.routes+"]}}}")
			for _, header := range headers() {
				story.Diff(t, string(header), tc.want, gloo.New().Exposed(classWith(header), vs))
			}
		})
	}
}

func TestAVirtualServiceWithoutVirtualHostIsNotExposed(t *testing.T) {
	vs := story.Object(t, "{apiVersion: gateway.solo.io/v1, kind: VirtualService, spec: {}}")
	story.Diff(t, "exposed", false, gloo.New().Exposed(classWith(""), vs))
}

func TestExposedUpstreams(t *testing.T) {
	for name, tc := range map[string]struct {
		spec string
		want bool
	}{
		"of a Service":                     {"kube: {serviceName: a, serviceNamespace: b, servicePort: 80}", false},
		"static":                           {"static: {hosts: [{addr: a.b, port: 80}]}", true},
		"static with TLS":                  {"static: {useTls: true, hosts: [{addr: a.b, port: 80}]}", false},
		"static at port 443":               {"static: {hosts: [{addr: a.b, port: 80}, {addr: a.b, port: 443}]}", false},
		"static at port 443, without TLS":  {"static: {useTls: false, hosts: [{addr: a.b, port: 443}]}", true},
		"static with its own certificates": {"sslConfig: {}, static: {hosts: [{addr: a.b, port: 80}]}", false},
		"of Consul":                        {"consul: {serviceName: a}", true},
		"of EC2":                           {"awsEc2: {region: a}", true},
		"of Lambda":                        {"aws: {region: a}", false},
		"of a pipe":                        {"pipe: {path: /a}", false},
		"something that is none":           {"static: a", true},
	} {
		t.Run(name, func(t *testing.T) {
			upstream := story.Object(t, "{apiVersion: gloo.solo.io/v1, kind: Upstream, spec: {"+tc.spec+"}}")
			story.Diff(t, "exposed", tc.want, gloo.New().Exposed(classWith(""), upstream))
			story.Diff(t, "exposed by itself without the header of Settings", false,
				gloo.New().Exposed(classWith(v1alpha1.GlooHeaderManipulation), upstream))
		})
	}
}

func TestExposedKnowsNoOtherKind(t *testing.T) {
	obj := story.Object(t, "{apiVersion: networking.k8s.io/v1, kind: Ingress, spec: {}}")
	story.Diff(t, "exposed", false, gloo.New().Exposed(classWith(""), obj))
}

func TestOurOwnRoutesAreNotExposed(t *testing.T) {
	fallback, grpc := backend("fallback"), backend("b")
	grpc.Port = 8080
	for _, header := range headers() {
		in := input(header,
			story.Route("a.test", "/", v1alpha1.PathTypePrefix, backend("a"), grpc, backend("a")),
			story.Prefix("*.test", "/foo"), story.Exact("", "/bar"),
		)
		in.Default = &fallback
		in.TLS = []v1alpha1.TLS{{Hosts: []string{"a.test"}, SecretName: "a-tls"}}
		plan := translate(t, in)
		story.Diff(t, "number of objects", 3, len(plan.Objects))
		for _, obj := range plan.Objects {
			exposed := gloo.New().Exposed(in.Class, obj)
			story.Diff(t, string(header)+" exposes "+obj.GetName(), false, exposed)
		}
	}
}

// The audit would find ours, were the header not there.
func TestRoutesOfSettingsAreExposedWithout(t *testing.T) {
	for _, obj := range translate(t, input(v1alpha1.GlooSettings, story.Prefix("a.test", "/"))).Objects {
		story.Diff(t, "exposed", true, exposedWith(v1alpha1.GlooHeaderManipulation, obj))
	}
}

func exposedWith(header v1alpha1.GlooHeader, obj *unstructured.Unstructured) bool {
	var auditor providers.RelayAuditor = gloo.New()
	return auditor.Exposed(classWith(header), obj)
}

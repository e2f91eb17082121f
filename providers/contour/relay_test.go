// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package contour_test

import (
	"testing"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/contour"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

func TestExposedRoutes(t *testing.T) {
	const set = "requestHeadersPolicy: {set: [{name: l5d-dst-override, value: 'a.b.svc.cluster.local:80'}]}"
	tests := map[string]struct {
		spec string
		want bool
	}{
		"nothing set":        {"routes: [{services: [{name: a, port: 80}]}]", true},
		"set on the service": {"routes: [{services: [{name: a, port: 80, " + set + "}]}]", false},
		"set on the route": {"routes: [{" + set +
			", services: [{name: a, port: 80}, {name: b, port: 80}]}]", false},
		"set on one of two": {"routes: [{services: [{name: a, port: 80, " + set + "}, {name: b, port: 80}]}]", true},
		"set on one of two routes": {
			"routes: [{services: [{name: a, port: 80, " + set + "}]}, {services: [{name: b, port: 80}]}]", true,
		},
		"another header set": {
			"routes: [{services: [{name: a, port: 80, " +
				"requestHeadersPolicy: {set: [{name: x-a, value: b}], remove: [x-b]}}]}]", true,
		},
		"removed on the service": {
			"routes: [{services: [{name: a, port: 80, requestHeadersPolicy: {remove: [L5d-Dst-Override]}}]}]", false,
		},
		"removed on the route": {
			"routes: [{requestHeadersPolicy: {remove: [l5d-dst-override]}, services: [{name: a, port: 80}]}]", false,
		},
		"set in capitals": {
			"routes: [{services: [{name: a, port: 80, " +
				"requestHeadersPolicy: {set: [{name: L5D-DST-OVERRIDE, value: 'a.b.svc.cluster.local:80'}]}}]}]", false,
		},
		"filled in by Contour": {
			"routes: [{services: [{name: a, port: 80, requestHeadersPolicy: {set: [{name: l5d-dst-override, value: " +
				"'%CONTOUR_SERVICE_NAME%.%CONTOUR_NAMESPACE%.svc.cluster.local:%CONTOUR_SERVICE_PORT%'}]}}]}]", false,
		},
		"filled in by the client": {
			"routes: [{services: [{name: a, port: 80, requestHeadersPolicy: " +
				"{set: [{name: l5d-dst-override, value: '%REQ(x-target)%'}]}}]}]", true,
		},
		"the route undoes what the service sets": {
			"routes: [{requestHeadersPolicy: {set: [{name: l5d-dst-override, value: '%REQ(x-target)%'}]}, " +
				"services: [{name: a, port: 80, " + set + "}]}]", true,
		},
		"only includes":          {"includes: [{name: child, conditions: [{prefix: /}]}]", false},
		"only a redirect":        {"routes: [{requestRedirectPolicy: {scheme: https}}]", false},
		"only a direct response": {"routes: [{directResponsePolicy: {statusCode: 404}}]", false},
		"TCP inside of TLS that Envoy ends": {
			"{virtualhost: {fqdn: a.test, tls: {secretName: a}}, tcpproxy: {services: [{name: a, port: 80}]}}", true,
		},
		"TCP inside of TLS that is passed through": {
			"{virtualhost: {fqdn: a.test, tls: {passthrough: true}}, tcpproxy: {services: [{name: a, port: 80}]}}", false,
		},
		"TCP of an included HTTPProxy":   {"tcpproxy: {services: [{name: a, port: 80}]}", true},
		"TCP that only includes":         {"tcpproxy: {include: {name: child}}", false},
		"something that is no HTTPProxy": {"routes: none", true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			proxy := story.Object(t, "{apiVersion: projectcontour.io/v1, kind: HTTPProxy}")
			proxy.Object["spec"] = story.Object(t, tc.spec).Object
			proxy.SetAnnotations(map[string]string{"projectcontour.io/ingress.class": class.IngressClassName})
			story.Diff(t, "exposed", tc.want, contour.New().Exposed(class, proxy))
		})
	}
}

func TestOurOwnRoutesAreNotExposed(t *testing.T) {
	in := input(
		story.Route("example.com", "/", v1alpha1.PathTypePrefix, backend("a"), backend("b")),
		story.Prefix("example.com", "/foo"), story.Exact("*.example.com", "/bar"),
	)
	plan, errs := contour.New().Translate(in)
	if len(errs) > 0 {
		t.Fatalf("Translate: %v", errs.ToAggregate())
	}
	story.Diff(t, "number of objects", 2, len(plan.Objects))
	for _, obj := range plan.Objects {
		story.Diff(t, "exposed "+obj.GetName(), false, contour.New().Exposed(in.Class, obj))
	}
}

// Each object here lets the header through, so that what is asked is whose it is.
func TestExposedAsksForTheClass(t *testing.T) {
	const spec = "routes: [{services: [{name: a, port: 80}]}]"
	tests := map[string]struct {
		class, metadata, spec string
		want                  bool
	}{
		"named in the spec":   {"public", "{}", "{ingressClassName: public, " + spec + "}", true},
		"another in the spec": {"public", "{}", "{ingressClassName: internal, " + spec + "}", false},
		"named in an annotation": {
			"public", "{annotations: {kubernetes.io/ingress.class: public}}", "{" + spec + "}", true,
		},
		"the annotation wins over the spec": {
			"public", "{annotations: {kubernetes.io/ingress.class: internal}}",
			"{ingressClassName: public, " + spec + "}", false,
		},
		"Contour's annotation wins over the common one": {
			"public", "{annotations: {projectcontour.io/ingress.class: public, kubernetes.io/ingress.class: internal}}",
			"{" + spec + "}", true,
		},
		"an empty annotation of Contour hides the common one": {
			"public", "{annotations: {projectcontour.io/ingress.class: '', kubernetes.io/ingress.class: internal}}",
			"{ingressClassName: public, " + spec + "}", true,
		},
		"another class, and Contour may not have been told one": {
			"contour", "{}", "{ingressClassName: internal, " + spec + "}", false,
		},
		"no class, and Contour was told one":               {"public", "{}", "{" + spec + "}", false},
		"no class, and Contour may not have been told one": {"contour", "{}", "{" + spec + "}", true},
	}
	for name, tc := range tests {
		for _, kind := range []string{"projectcontour.io/v1, kind: HTTPProxy", "networking.k8s.io/v1, kind: Ingress"} {
			t.Run(name+"/"+kind, func(t *testing.T) {
				obj := story.Object(t, "{apiVersion: "+kind+", metadata: "+tc.metadata+", spec: "+tc.spec+"}")
				story.Diff(t, "exposed", tc.want, contour.New().Exposed(providers.Class{IngressClassName: tc.class}, obj))
			})
		}
	}
}

func TestExposedKnowsNoOtherKind(t *testing.T) {
	obj := story.Object(t, "{apiVersion: example.com/v1, kind: Route, spec: {ingressClassName: contour-public}}")
	story.Diff(t, "exposed", false, contour.New().Exposed(class, obj))
}

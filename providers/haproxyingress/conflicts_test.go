// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package haproxyingress_test

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/haproxyingress"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

const (
	older   = "2024-01-01T00:00:00Z"
	ourTime = "2024-02-01T00:00:00Z"
	younger = "2024-03-01T00:00:00Z"
)

// stranger is an Ingress of others, by default an older one of the class that names
// port 80 of the Service web.
type stranger struct {
	name, created, class, annotations, port string
}

func (n stranger) object(t *testing.T) *unstructured.Unstructured {
	t.Helper()
	or := func(value, fallback string) string {
		if value == "" {
			return fallback
		}
		return value
	}
	return story.Object(t, `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  {namespace: default, name: `+or(n.name, "other")+`, creationTimestamp: "`+or(n.created, older)+`", annotations: {`+
		n.annotations+`}}
spec:
  ingressClassName: `+or(n.class, "haproxy")+`
  rules:
  - {host: example.org, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {`+
		or(n.port, "number: 80")+`}}}}]}}`)
}

// ours puts what Translate plans into the input, as if it were in the cluster.
func ours(t *testing.T, in *providers.Input) {
	t.Helper()
	plan, errs := haproxyingress.New().Translate(*in)
	if len(errs) > 0 {
		t.Fatal(errs.ToAggregate())
	}
	for _, obj := range plan.Objects {
		obj = obj.DeepCopy()
		all := obj.GetAnnotations()
		all[v1alpha1.OwnerAnnotation] = "MeshIngress/default/web"
		obj.SetAnnotations(all)
		if err := unstructured.SetNestedField(obj.Object, ourTime, "metadata", "creationTimestamp"); err != nil {
			t.Fatal(err)
		}
		in.Objects = append(in.Objects, obj)
	}
}

func TestWhoDecidesHowAServiceIsReached(t *testing.T) {
	const clusterIP, header = v1alpha1.StrategyClusterIP, v1alpha1.StrategyHeader
	const (
		upstream     = `haproxy-ingress.github.io/service-upstream: "true"`
		otherHeaders = `haproxy-ingress.github.io/headers: "x: y"`
		sameHeaders  = `haproxy-ingress.github.io/headers: "l5d-dst-override: web.default.svc.cluster.local:80"`
		newerHeaders = `haproxy-ingress.github.io/request-set-headers: "x: y"`
		h2           = upstream + ", haproxy-ingress.github.io/backend-protocol: h2"
		grpc         = upstream + ", haproxy-ingress.github.io/backend-protocol: grpc"
	)
	young := func(annotations string) stranger { return stranger{created: younger, annotations: annotations} }
	cases := map[string]struct {
		strategy v1alpha1.Strategy
		other    stranger
		service  string // annotations of the Service
		absent   bool   // ours is not in the cluster yet
		h2c      bool
		told     int
	}{
		"an older one without":                       {strategy: clusterIP, told: 1},
		"an older one with":                          {strategy: clusterIP, other: stranger{annotations: upstream}},
		"a younger one without":                      {strategy: clusterIP, other: young("")},
		"any other, before ours is there":            {strategy: clusterIP, other: young(""), absent: true, told: 1},
		"of the same age, its name first":            {strategy: clusterIP, other: stranger{created: ourTime, name: "a"}, told: 1},
		"of the same age, ours first":                {strategy: clusterIP, other: stranger{created: ourTime, name: "z"}},
		"of another class":                           {strategy: clusterIP, other: stranger{class: "nginx"}},
		"the same port by name":                      {strategy: clusterIP, other: stranger{port: "name: http"}, told: 1},
		"another port with the same targetPort":      {strategy: clusterIP, other: stranger{port: "number: 81"}, told: 1},
		"another targetPort":                         {strategy: clusterIP, other: stranger{port: "number: 82"}},
		"the Service settles it":                     {strategy: clusterIP, service: upstream},
		"in header routing, one without headers":     {strategy: header},
		"in header routing, other headers":           {strategy: header, other: stranger{annotations: otherHeaders}, told: 1},
		"in header routing, other headers, younger":  {strategy: header, other: young(otherHeaders)},
		"in header routing, the same destination":    {strategy: header, other: stranger{annotations: sameHeaders}},
		"in header routing, v0.17's headers anytime": {strategy: header, other: young(newerHeaders), told: 1},
		"another protocol":                           {strategy: clusterIP, other: stranger{annotations: h2}, told: 1},
		"the same protocol, other word":              {strategy: clusterIP, other: stranger{annotations: grpc}, h2c: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			in := web(tc.strategy)
			in.Routes[0].Backends[0].H2C = tc.h2c
			in.Objects = []*unstructured.Unstructured{
				service(t, tc.service, "{name: http, port: 80, targetPort: 8080}, {name: more, port: 81, targetPort: 8080}, "+
					"{name: admin, port: 82, targetPort: 9090}"),
			}
			if !tc.absent {
				ours(t, &in)
			}
			in.Objects = append(in.Objects, tc.other.object(t))
			plan, errs := haproxyingress.New().Translate(in)
			if len(errs) > 0 {
				t.Fatal(errs.ToAggregate())
			}
			var reasons []string
			for _, n := range plan.Notices {
				reasons = append(reasons, n.Reason)
				if !strings.Contains(n.Message, tc.other.object(t).GetName()) {
					t.Errorf("%q does not name the other Ingress", n.Message)
				}
			}
			var want []string
			for range tc.told {
				want = append(want, haproxyingress.ReasonOlderIngressWins)
			}
			story.Diff(t, "notices", want, reasons)
		})
	}
}

func TestEachBackendIsToldOfOnce(t *testing.T) {
	in := web(v1alpha1.StrategyClusterIP)
	in.Routes = append(in.Routes, story.Route("example.com", "/again", v1alpha1.PathTypePrefix, story.Backend("web", 80)))
	in.Objects = []*unstructured.Unstructured{stranger{}.object(t)}
	plan, errs := haproxyingress.New().Translate(in)
	if len(errs) > 0 || len(plan.Notices) != 1 {
		t.Errorf("%d notices, %v", len(plan.Notices), errs.ToAggregate())
	}
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package contour_test

import (
	"strings"
	"testing"

	contourv1 "github.com/projectcontour/contour/apis/projectcontour/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/contour"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

const header = "l5d-dst-override"

func overridden(service, destination string) contourv1.Service {
	return contourv1.Service{
		Name: service, Port: 80,
		RequestHeadersPolicy: &contourv1.HeadersPolicy{
			Set: []contourv1.HeaderValue{{Name: header, Value: destination}},
		},
	}
}

func TestTranslateServices(t *testing.T) {
	heavy, light := backend("stable"), backend("canary")
	heavy.Weight, light.Weight, light.Port = 90, 10, 8080
	grpc := backend("voting")
	grpc.H2C = true

	weighted := []contourv1.Service{
		overridden("stable", "stable.default.svc.cluster.local:80"),
		overridden("canary", "canary.default.svc.cluster.local:8080"),
	}
	weighted[0].Weight, weighted[1].Weight, weighted[1].Port = 90, 10, 8080
	overH2C := overridden("voting", "voting.default.svc.cluster.local:80")
	h2c := "h2c"
	overH2C.Protocol = &h2c

	tests := map[string]struct {
		backends []providers.Backend
		want     []contourv1.Service
	}{
		"one service sets the header and needs no weight": {
			[]providers.Backend{backend("web-svc")},
			[]contourv1.Service{overridden("web-svc", "web-svc.default.svc.cluster.local:80")},
		},
		"each of several services sets its own": {[]providers.Backend{heavy, light}, weighted},
		"gRPC goes over h2c":                    {[]providers.Backend{grpc}, []contourv1.Service{overH2C}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			proxies := translate(t, input(story.Route("example.com", "/", v1alpha1.PathTypePrefix, tc.backends...)))
			story.Diff(t, "routes", []contourv1.Route{{
				Conditions: []contourv1.MatchCondition{{Prefix: "/"}},
				Services:   tc.want,
			}}, proxies["example.com"].Spec.Routes)
		})
	}
}

func TestTranslateUsesTheClusterDomainOfLinkerd(t *testing.T) {
	in := input(story.Prefix("example.com", "/"))
	in.ClusterDomain = "mesh.internal"
	services := translate(t, in)["example.com"].Spec.Routes[0].Services
	story.Diff(t, "services", []contourv1.Service{overridden("web-svc", "web-svc.default.svc.mesh.internal:80")}, services)
}

func TestTranslateRefusesWhatContourOrEnvoyWouldExpand(t *testing.T) {
	for _, domain := range []string{"%HOSTNAME%", "a b", "cluster.local;", "$x", `q"`} {
		in := input(story.Prefix("example.com", "/"))
		in.ClusterDomain = domain
		story.Diff(t, "failures for "+domain, []story.Failure{
			story.Invalid("spec.rules[0].paths[0].backends[0].service"),
		}, failures(t, in))
	}
}

func TestTranslateMakesOneHTTPProxyPerHost(t *testing.T) {
	in := input(story.Prefix("a.example.com", "/"), story.Prefix("*.example.com", "/"), story.Prefix("a.example.com", "/api"))
	proxies := translate(t, in)

	story.Diff(t, "number", 2, len(proxies))
	story.Diff(t, "routes of a.example.com", 3, len(proxies["a.example.com"].Spec.Routes))
	story.Diff(t, "routes of *.example.com", 1, len(proxies["*.example.com"].Spec.Routes))
	for host, proxy := range proxies {
		story.Diff(t, "namespace of "+host, "default", proxy.Namespace)
		story.Diff(t, "class of "+host, "contour-public", proxy.Spec.IngressClassName)
	}
}

func TestNamesAreValidAndDiffer(t *testing.T) {
	long := strings.Repeat("sub.", 30) + "example.com"
	seen := map[string]string{}
	hosts := []string{"example.com", "*.example.com", "wildcard.example.com", "127.0.0.1.nip.io", long, "b" + long}
	for _, host := range hosts {
		name := translate(t, input(story.Prefix(host, "/")))[host].Name
		if errs := validation.IsDNS1123Subdomain(name); len(errs) > 0 {
			t.Errorf("%s has the name %q: %v", host, name, errs)
		}
		if other, ok := seen[name]; ok {
			t.Errorf("%s and %s have the same name %q", host, other, name)
		}
		seen[name] = host
	}
}

func TestAHostKeepsItsNameWhenOthersCome(t *testing.T) {
	alone := translate(t, input(story.Prefix("example.com", "/")))
	joined := translate(t, input(story.Prefix("example.org", "/"), story.Prefix("example.com", "/")))
	story.Diff(t, "name", alone["example.com"].Name, joined["example.com"].Name)
}

func TestTemplateIsCarriedToEveryHTTPProxy(t *testing.T) {
	in := input(story.Prefix("example.com", "/"), story.Prefix("example.org", "/"))
	in.Labels = map[string]string{"team": "web"}
	in.Annotations = map[string]string{"cert-manager.io/issuer": "letsencrypt"}
	for host, proxy := range translate(t, in) {
		story.Diff(t, "labels of "+host, in.Labels, proxy.Labels)
		story.Diff(t, "annotations of "+host, in.Annotations, proxy.Annotations)
	}
}

func TestTranslateChangesNothingOfItsInput(t *testing.T) {
	in := input(story.Prefix("example.com", "/foo"))
	in.Labels = map[string]string{"team": "web"}
	plan, _ := contour.New().Translate(in)
	labels := plan.Objects[0].GetLabels()
	labels["owner"] = "someone"
	plan.Objects[0].SetLabels(labels)
	story.Diff(t, "labels", map[string]string{"team": "web"}, in.Labels)

	again, _ := contour.New().Translate(in)
	once, _ := contour.New().Translate(in)
	story.Diff(t, "second plan", once, again)
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package traefik

import (
	"net/http"
	"slices"
	"testing"

	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

func authn() *providers.Auth {
	b := service("authn", 8080)
	b.Namespace = "auth"
	return &providers.Auth{Backend: b, Path: "/verify"}
}

func TestExternalAuth(t *testing.T) {
	const question = "question"
	front, ask := "front.shop.svc.cluster.local:80", "authn.auth.svc.cluster.local:8080"
	for name, c := range map[string]struct {
		way  int
		want []string // what each Middleware does, in order
	}{
		"ClusterIP asks":                                 {nativeLB, []string{question}},
		"header is set, asked, and set again":            {headerIO, []string{ask, question, front}},
		"header is set, asked, and set again, old group": {headerContainous, []string{ask, question, front}},
	} {
		t.Run(name, func(t *testing.T) {
			in := input(c.way, prefix("a.io", "/"))
			in.Auth = authn()
			does := map[string]string{}
			for _, m := range ofKind(translate(t, in), "Middleware") {
				spec := m.Object["spec"].(map[string]any)
				if forward, ok := spec["forwardAuth"].(map[string]any); ok {
					checkQuestion(t, forward)
					does[m.GetName()] = question
					continue
				}
				headers := spec["headers"].(map[string]any)["customRequestHeaders"].(map[string]any)
				does[m.GetName()] = headers[linkerd.OverrideHeader].(string)
			}
			var got []string
			for _, ref := range theRoute(t, in)["middlewares"].([]any) {
				got = append(got, does[ref.(map[string]any)["name"].(string)])
			}
			story.Diff[any](t, "order of the Middlewares", c.want, got)
		})
	}
}

func checkQuestion(t *testing.T, forward map[string]any) {
	t.Helper()
	story.Diff[any](t, "address", "http://authn.auth.svc.cluster.local:8080/verify", forward["address"])
	if trust, set := forward["trustForwardHeader"]; set {
		t.Errorf("trustForwardHeader is %v, want it left out", trust)
	}
	copied, _ := forward["authRequestHeaders"].([]any)
	if len(copied) == 0 {
		t.Error("no authRequestHeaders: Traefik would copy every header")
	}
	if slices.ContainsFunc(copied, func(h any) bool {
		return http.CanonicalHeaderKey(h.(string)) == http.CanonicalHeaderKey(linkerd.OverrideHeader)
	}) {
		t.Errorf("the client's %s is copied: %v", linkerd.OverrideHeader, copied)
	}
}

func TestExternalAuthIsNotAskedInHTTP2(t *testing.T) {
	in := input(nativeLB, prefix("a.io", "/"), prefix("a.io", "/b"))
	in.Auth = authn()
	in.Auth.H2C = true
	story.Diff[any](t, "errors", []story.Failure{story.Invalid("spec.service")}, problems(t, in))
}

// Names must differ where what they name differs, whatever the parts are.
func TestMiddlewareNamesDiffer(t *testing.T) {
	seen := map[string]string{}
	for _, c := range []struct{ meshIngress, namespace, service string }{
		{"web", "shop", "front"},
		{"web-front", "shop", "x"},
		{"web", "shop", "front-x"},
		{"web", "other", "front"},
		{"web", "other-front", "x"},
	} {
		in := input(headerIO)
		in.Name = c.meshIngress
		tr := translation{in: in, group: groupIO, made: map[string]bool{}}
		b := service(c.service, 80)
		b.Namespace = c.namespace
		name := tr.header(b).Name
		if other, taken := seen[name]; taken {
			t.Errorf("%v has the name %s of %s", c, name, other)
		}
		seen[name] = c.meshIngress
	}
}

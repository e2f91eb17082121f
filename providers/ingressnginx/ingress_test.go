// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package ingressnginx

import (
	"maps"
	"strings"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/names"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

const (
	web    = "web-svc:80"
	voting = "voting-svc:8080"
	orders = "orders:7000"
)

var (
	upstreamOnly = map[string]string{"nginx.ingress.kubernetes.io/service-upstream": "true"}
	upstreamGRPC = map[string]string{
		"nginx.ingress.kubernetes.io/service-upstream": "true",
		"nginx.ingress.kubernetes.io/backend-protocol": "GRPC",
	}
)

// nameOf is the name of an Ingress for the MeshIngress and class of these tests.
func nameOf(parts ...string) string { return names.Of(clusterIP(), parts...) }

func TestTranslateRoutes(t *testing.T) {
	webName, grpcName, defaultName := nameOf(), nameOf("grpc"), nameOf("default")
	for name, c := range map[string]struct {
		in   providers.Input
		want []written
	}{
		"a default backend alone is the Linkerd document's Ingress": {
			in:   clusterIP(fallback(service("web-svc", 80))),
			want: []written{{Name: webName, Annotations: upstreamOnly, Default: web}},
		},
		"paths keep their order under the first mention of their host": {
			in: clusterIP(
				prefixRoute("example.com", "/a", service("web-svc", 80)),
				exactRoute("", "/b", service("web-svc", 80)),
				exactRoute("example.com", "/c", service("web-svc", 80))),
			want: []written{{Name: webName, Annotations: upstreamOnly, Paths: []string{
				"example.com Prefix /a -> " + web, "example.com Exact /c -> " + web, " Exact /b -> " + web,
			}}},
		},
		"a default backend beside rules is for their hosts and, without rules, for the others": {
			in: clusterIP(prefixRoute("example.com", "/a", service("orders", 7000)), fallback(service("web-svc", 80))),
			want: []written{
				{Name: webName, Annotations: upstreamOnly, Paths: []string{"example.com Prefix /a -> " + orders}, Default: web},
				{Name: defaultName, Annotations: upstreamOnly, Default: web},
			},
		},
		"no Ingress without rules where a route serves every host: it would win": {
			in: clusterIP(prefixRoute("", "/", service("orders", 7000)), fallback(service("web-svc", 80))),
			want: []written{
				{Name: webName, Annotations: upstreamOnly, Paths: []string{" Prefix / -> " + orders}, Default: web},
			},
		},
		"nor for a default backend of the other protocol": {
			in: clusterIP(prefixRoute("", "/", service("orders", 7000)), fallback(grpc("voting-svc", 8080))),
			want: []written{
				{Name: webName, Annotations: upstreamOnly, Paths: []string{" Prefix / -> " + orders}},
			},
		},
		"gRPC alone keeps the plain name": {
			in: clusterIP(prefixRoute("example.com", "/", grpc("voting-svc", 8080))),
			want: []written{
				{Name: webName, Annotations: upstreamGRPC, Paths: []string{"example.com Prefix / -> " + voting}},
			},
		},
		"two protocols are two Ingresses": {
			in: clusterIP(
				prefixRoute("example.com", "/emojivoto.v1.VotingService", grpc("voting-svc", 8080)),
				prefixRoute("example.com", "/", service("web-svc", 80))),
			want: []written{
				{Name: webName, Annotations: upstreamOnly, Paths: []string{"example.com Prefix / -> " + web}},
				{Name: grpcName, Annotations: upstreamGRPC, Paths: []string{
					"example.com Prefix /emojivoto.v1.VotingService -> " + voting,
				}},
			},
		},
		"a default backend is spelled out for hosts of the other protocol": {
			in: clusterIP(
				prefixRoute("grpc.example.com", "/a", grpc("voting-svc", 8080)),
				prefixRoute("grpc.example.com", "/b", grpc("voting-svc", 8080)),
				prefixRoute("full.example.com", "/", grpc("voting-svc", 8080)),
				fallback(service("web-svc", 80))),
			want: []written{
				{Name: webName, Annotations: upstreamOnly, Paths: []string{"grpc.example.com Prefix / -> " + web}, Default: web},
				{Name: grpcName, Annotations: upstreamGRPC, Paths: []string{
					"grpc.example.com Prefix /a -> " + voting, "grpc.example.com Prefix /b -> " + voting,
					"full.example.com Prefix / -> " + voting,
				}},
				{Name: defaultName, Annotations: upstreamOnly, Default: web},
			},
		},
		"header routing leaves the Ingress as anybody would write it": {
			in: header(prefixRoute("example.com", "/", service("web-svc", 80))),
			want: []written{
				{Name: webName, Paths: []string{"example.com Prefix / -> " + web}},
			},
		},
		"header routing says gRPC, for grpc_set_header": {
			in: header(prefixRoute("example.com", "/", grpc("voting-svc", 8080))),
			want: []written{{
				Name:        webName,
				Annotations: map[string]string{"nginx.ingress.kubernetes.io/backend-protocol": "GRPC"},
				Paths:       []string{"example.com Prefix / -> " + voting},
			}},
		},
		"the class may have another annotation prefix": {
			in: clusterIP(annotationPrefix("edge.example.com"), fallback(service("web-svc", 80))),
			want: []written{
				{Name: webName, Annotations: map[string]string{"edge.example.com/service-upstream": "true"}, Default: web},
			},
		},
		"the authorization Service is asked by its full name": {
			in: clusterIP(fallback(service("web-svc", 80)),
				auth(providers.Backend{Namespace: "auth", Service: "authn", Port: 8080}, "/verify")),
			want: []written{{Name: webName, Default: web, Annotations: map[string]string{
				"nginx.ingress.kubernetes.io/service-upstream": "true",
				"nginx.ingress.kubernetes.io/auth-url":         "http://authn.auth.svc.cluster.local:8080/verify",
			}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			equal(t, "Ingresses", writtenIn(t, translate(t, c.in)), c.want)
		})
	}
}

func TestTranslateCarriesTemplateAndTLS(t *testing.T) {
	in := clusterIP(prefixRoute("example.com", "/", service("web-svc", 80)), template(map[string]string{
		"cert-manager.io/cluster-issuer":              "letsencrypt",
		"nginx.ingress.kubernetes.io/proxy-body-size": "8m",
	}))
	in.Labels = map[string]string{"team": "emoji"}
	in.TLS = []v1alpha1.TLS{{Hosts: []string{"example.com"}, SecretName: "web-tls"}, {SecretName: "other"}}
	before := maps.Clone(in.Annotations)

	plan := translate(t, in)
	ing := typed[networkingv1.Ingress](t, plan.Objects[0])

	equal(t, "labels", ing.Labels, map[string]string{"team": "emoji"})
	equal(t, "annotations", ing.Annotations, map[string]string{
		"cert-manager.io/cluster-issuer":               "letsencrypt",
		"nginx.ingress.kubernetes.io/proxy-body-size":  "8m",
		"nginx.ingress.kubernetes.io/service-upstream": "true",
	})
	equal(t, "tls", ing.Spec.TLS, []networkingv1.IngressTLS{
		{Hosts: []string{"example.com"}, SecretName: "web-tls"}, {SecretName: "other"},
	})
	equal(t, "class", *ing.Spec.IngressClassName, "nginx")
	equal(t, "namespace", ing.Namespace, "emojivoto")
	equal(t, "the input's annotations", in.Annotations, before)
}

func TestTranslateRefusesTemplateAnnotations(t *testing.T) {
	const own = "nginx.ingress.kubernetes.io/"
	for key, c := range map[string]struct{ clusterIP, header bool }{
		own + "service-upstream":                 {true, true},
		own + "backend-protocol":                 {true, true},
		own + "auth-url":                         {true, true},
		own + "canary":                           {true, true},
		own + "canary-weight":                    {true, true},
		own + "default-backend":                  {true, true},
		own + "affinity":                         {true, true},
		own + "affinity-mode":                    {true, true},
		own + "session-cookie-name":              {true, true},
		own + "upstream-hash-by":                 {true, true},
		own + "configuration-snippet":            {true, true},
		own + "server-snippet":                   {true, true},
		"other.example.com/auth-snippet":         {true, true},
		"kubernetes.io/ingress.class":            {true, true},
		own + "ssl-passthrough":                  {false, true},
		own + "custom-http-errors":               {false, true},
		own + "mirror-target":                    {false, true},
		own + "proxy-body-size":                  {false, false},
		"edge.example.com/service-upstream":      {false, false},
		"nginx.ingress.kubernetes.io.example/ok": {false, false},
	} {
		t.Run(key, func(t *testing.T) {
			for _, at := range []struct {
				in      providers.Input
				refused bool
			}{
				{clusterIP(fallback(service("web-svc", 80)), template(map[string]string{key: "x"})), c.clusterIP},
				{header(fallback(service("web-svc", 80)), template(map[string]string{key: "x"})), c.header},
			} {
				var want []story.Failure
				if at.refused {
					want = []story.Failure{story.Forbidden("spec.template.annotations[" + key + "]")}
				}
				_, errs := New().Translate(at.in)
				equal(t, string(at.in.Strategy.Strategy), story.FailuresOf(t, errs), want)
			}
		})
	}
}

func TestTranslateRefusesTheDefaultPrefixBesideAnother(t *testing.T) {
	in := clusterIP(annotationPrefix("edge.example.com"), fallback(service("web-svc", 80)), template(map[string]string{
		"nginx.ingress.kubernetes.io/proxy-body-size": "8m",
		"edge.example.com/service-upstream":           "false",
	}))
	_, errs := New().Translate(in)
	equal(t, "errors", story.FailuresOf(t, errs), []story.Failure{
		story.Forbidden("spec.template.annotations[edge.example.com/service-upstream]"),
		story.Forbidden("spec.template.annotations[nginx.ingress.kubernetes.io/proxy-body-size]"),
	})
}

func TestTranslateRefusesPaths(t *testing.T) {
	for path, ok := range map[string]bool{
		"/": true, "/a/b-c_d.e/": true, "/.well-known/acme": true, "/etc/hosts": true, "/a..b": true,
		"/emojivoto.v1.VotingService": true,
		"a":                           false,
		"/a b":                        false,
		"/a;}":                        false,
		"/a%2Fb":                      false,
		"/~user":                      false,
		"/$request_uri":               false,
		"/(a|b)":                      false,
		"/a\nreturn":                  false,
		"/\u212a":                     false, // the Kelvin sign, which (?i) folds onto k
		"/x/etc/passwd":               false,
		"/etc/nginx/nginx.conf":       false,
		"/var/run/secrets":            false,
		"/content_by_lua_block":       false,
		"//a":                         false,
		"/a/../b":                     false,
		"/a/./b":                      false,
		"/a/..":                       false,
		"/a/.":                        false,
	} {
		t.Run(path, func(t *testing.T) {
			var want []story.Failure
			if !ok {
				want = []story.Failure{story.Invalid("spec.rules[1].paths[0].path")}
			}
			_, errs := New().Translate(clusterIP(
				prefixRoute("example.com", "/fine", service("web-svc", 80)),
				prefixRoute("example.com", path, service("web-svc", 80))))
			equal(t, "errors", story.FailuresOf(t, errs), want)
		})
	}
}

func TestTranslateRefusesAuthThatCannotBeAsked(t *testing.T) {
	in := func(b providers.Backend, path string) providers.Input {
		return clusterIP(fallback(service("web-svc", 80)), auth(b, path))
	}
	for name, c := range map[string]struct {
		in   providers.Input
		want story.Failure
	}{
		"HTTP/2 only":           {in(grpc("authn", 8080), "/"), story.Invalid("spec.externalAuth.service.port")},
		"a variable of nginx":   {in(service("authn", 8080), "/$host"), story.Invalid("spec.externalAuth.service")},
		"an end of a directive": {in(service("authn", 8080), "/;"), story.Invalid("spec.externalAuth.service")},
		"a name with a slash":   {in(service("a/b", 8080), "/"), story.Invalid("spec.externalAuth.service")},
	} {
		t.Run(name, func(t *testing.T) {
			_, errs := New().Translate(c.in)
			equal(t, "errors", story.FailuresOf(t, errs), []story.Failure{c.want})
		})
	}
}

func TestHeaderRoutingRefusesTwoBackendsForOnePath(t *testing.T) {
	a, b := service("web-svc", 80), service("orders", 7000)
	for name, c := range map[string]struct {
		change []func(*providers.Input)
		want   []story.Failure
	}{
		"Exact and Prefix of one path": {
			[]func(*providers.Input){prefixRoute("example.com", "/a", a), exactRoute("example.com", "/a", b)},
			[]story.Failure{story.Invalid("spec.rules[1].paths[0].path")},
		},
		"to one backend": {
			[]func(*providers.Input){prefixRoute("example.com", "/a", a), exactRoute("example.com", "/a", a)}, nil,
		},
		"on two hosts": {
			[]func(*providers.Input){prefixRoute("example.com", "/a", a), exactRoute("example.org", "/a", b)}, nil,
		},
		"in two Ingresses, by protocol": {
			[]func(*providers.Input){prefixRoute("example.com", "/a", a), exactRoute("example.com", "/a", grpc("orders", 7000))},
			nil,
		},
		"Exact / and the default backend": {
			[]func(*providers.Input){exactRoute("example.com", "/", a), fallback(b)},
			[]story.Failure{story.Invalid("spec.rules[0].paths[0].path")},
		},
		"Exact / to the default backend": {
			[]func(*providers.Input){exactRoute("example.com", "/", a), fallback(a)}, nil,
		},
		"Exact / and a default backend that Prefix / keeps away": {
			[]func(*providers.Input){exactRoute("example.com", "/", a), prefixRoute("example.com", "/", a), fallback(b)}, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, errs := New().Translate(header(c.change...))
			equal(t, "header", story.FailuresOf(t, errs), c.want)
			_, errs = New().Translate(clusterIP(c.change...))
			equal(t, "ClusterIP, which reads no such variable", story.FailuresOf(t, errs), []story.Failure(nil))
		})
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	_, errs := New().Translate(clusterIP(
		prefixRoute("example.com", "/~user", service("web-svc", 80)),
		template(map[string]string{"nginx.ingress.kubernetes.io/service-upstream": "false"})))
	text := errs.ToAggregate().Error()
	for _, remedy := range []string{"letters, digits and '/._-'", "spec.routing of the MeshIngressClass"} {
		if !strings.Contains(text, remedy) {
			t.Errorf("%q does not say %q", text, remedy)
		}
	}
}

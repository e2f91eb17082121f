// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package translate_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/test/builders"
)

// rejectedAs tells a story that ends with the reason Invalid.
func rejectedAs(t *testing.T, s *story, remedy string, want ...string) {
	t.Helper()
	result := s.end(t)
	wantRejected(t, result, v1alpha1.ReasonInvalid)
	if diff := cmp.Diff(want, fields(result.Errors())); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
	wantRemedy(t, result.Errors(), remedy)
}

func TestHosts(t *testing.T) {
	for name, tc := range map[string]struct {
		host string
		ok   bool
	}{
		"every host":                    {host: "", ok: true},
		"a name":                        {host: "example.com", ok: true},
		"a single label":                {host: "localhost", ok: true},
		"an international name":         {host: "xn--bcher-kva.example", ok: true},
		"a wildcard":                    {host: "*.example.com", ok: true},
		"as long as a name can be":      {host: strings.Repeat("a.", 126) + "a", ok: true},
		"longer than a name can be":     {host: strings.Repeat("a.", 126) + "aa"},
		"upper case":                    {host: "Example.com"},
		"a bare star":                   {host: "*"},
		"a wildcard without a name":     {host: "*."},
		"a wildcard in the middle":      {host: "www.*.com"},
		"a wildcard at the end":         {host: "example.*"},
		"two wildcards":                 {host: "*.*.com"},
		"a part of a label":             {host: "w*.example.com"},
		"a dot at the end":              {host: "example.com."},
		"a dot at the start":            {host: ".example.com"},
		"two dots":                      {host: "example..com"},
		"a dash at the end of a label":  {host: "example-.com"},
		"an underscore":                 {host: "my_app.example.com"},
		"a port":                        {host: "example.com:8080"},
		"an IPv4 address":               {host: "192.0.2.1"},
		"an IPv4 address with zeros":    {host: "192.000.002.001"},
		"an IPv6 address":               {host: "2001:db8::1"},
		"a newline at the end":          {host: "example.com\n"},
		"a space":                       {host: "example .com"},
		"a NUL":                         {host: "example\x00.com"},
		"an end of Traefik's literal":   {host: "a`) || Host(`b"},
		"an end of nginx's directive":   {host: "a;}server{listen 80;"},
		"a letter that looks like an a": {host: "ex\u0430mple.com"},
	} {
		t.Run(name, func(t *testing.T) {
			s := tell(builders.WithRule(tc.host, "/", "web-svc", 80))
			if tc.ok {
				if got := s.input(t).Routes[0].Host; got != tc.host {
					t.Errorf("got the host %q", got)
				}
				return
			}
			rejectedAs(t, s, "must be a DNS name", "spec.rules[0].host FieldValueInvalid")
		})
	}
}

func TestPaths(t *testing.T) {
	for name, tc := range map[string]struct {
		path string
		ok   bool
	}{
		"the root":                        {path: "/", ok: true},
		"every character of a URL path":   {path: "/aZ09._~!$&()*+,;=:@-/%2F%c3%9F", ok: true},
		"as long as it can be":            {path: "/" + strings.Repeat("a", 511), ok: true},
		"longer than it can be":           {path: "/" + strings.Repeat("a", 512)},
		"empty":                           {path: ""},
		"without a slash":                 {path: "api"},
		"a newline":                       {path: "/api\nlocation"},
		"a newline at the end":            {path: "/api\n"},
		"a carriage return":               {path: "/api\r"},
		"a tab":                           {path: "/a\tb"},
		"a space":                         {path: "/a b"},
		"a NUL":                           {path: "/a\x00"},
		"a backtick":                      {path: "/`) || PathPrefix(`/admin"},
		"a quote":                         {path: "/a'b"},
		"a double quote":                  {path: `/a"b`},
		"a backslash":                     {path: `/a\b`},
		"a brace":                         {path: "/{name}"},
		"a query":                         {path: "/a?b=c"},
		"a fragment":                      {path: "/a#b"},
		"half an escape":                  {path: "/100%"},
		"an escape of one digit":          {path: "/%a"},
		"an escape that is no number":     {path: "/%zz"},
		"an escaped NUL":                  {path: "/a%00"},
		"an escaped newline":              {path: "/a%0Ab"},
		"an escaped newline, lower case":  {path: "/a%0ab"},
		"an escaped unit separator":       {path: "/a%1f"},
		"an escaped delete":               {path: "/a%7F"},
		"a letter that must be escaped":   {path: "/ü"},
		"bytes that are no letter at all": {path: "/\xff"},
	} {
		t.Run(name, func(t *testing.T) {
			s := tell(builders.WithRule("example.com", tc.path, "web-svc", 80))
			if tc.ok {
				if got := s.input(t).Routes[0].Path; got != tc.path {
					t.Errorf("got the path %q", got)
				}
				return
			}
			rejectedAs(t, s, "must begin with '/'", "spec.rules[0].paths[0].path FieldValueInvalid")
		})
	}
}

func TestSomethingMustBeRouted(t *testing.T) {
	nothing := tell()
	nothing.mi.Spec.Rules = nil
	rejectedAs(t, nothing, "defaultBackend", "spec.rules FieldValueRequired")

	noPaths := tell()
	noPaths.mi.Spec.Rules[0].Paths = nil
	rejectedAs(t, noPaths, "at least one path", "spec.rules[0].paths FieldValueRequired")
}

func TestPathTypes(t *testing.T) {
	backend := builders.Backend("web-svc", 80)
	for given, want := range map[v1alpha1.PathType]v1alpha1.PathType{
		"":                      v1alpha1.PathTypePrefix,
		v1alpha1.PathTypePrefix: v1alpha1.PathTypePrefix,
		v1alpha1.PathTypeExact:  v1alpha1.PathTypeExact,
	} {
		if got := tell(builders.WithPath("example.com", "/", given, backend)).input(t).Routes[0].PathType; got != want {
			t.Errorf("%q became %q, want %q", given, got, want)
		}
	}
	s := tell(builders.WithPath("example.com", "/", "ImplementationSpecific", backend))
	rejectedAs(t, s, "Prefix", "spec.rules[0].paths[0].pathType FieldValueNotSupported")
}

func TestRoutesAreUnique(t *testing.T) {
	type path struct {
		host, path string
		pathType   v1alpha1.PathType
	}
	const exact, prefix = v1alpha1.PathTypeExact, v1alpha1.PathTypePrefix
	for name, tc := range map[string]struct {
		first, second path
		ok            bool
	}{
		"the same twice": {first: path{"a.com", "/", prefix}, second: path{"a.com", "/", prefix}},
		"a prefix with and without its slash": {
			first: path{"a.com", "/foo", prefix}, second: path{"a.com", "/foo/", prefix},
		},
		"a prefix by default": {first: path{"a.com", "/foo", ""}, second: path{"a.com", "/foo/", prefix}},
		"an exact path twice": {first: path{"", "/foo", exact}, second: path{"", "/foo", exact}},
		"exact paths that differ by a slash": {
			first: path{"", "/foo", exact}, second: path{"", "/foo/", exact}, ok: true,
		},
		"an exact path and a prefix": {
			first: path{"", "/foo", exact}, second: path{"", "/foo", prefix}, ok: true,
		},
		"paths that differ in case": {
			first: path{"", "/foo", prefix}, second: path{"", "/Foo", prefix}, ok: true,
		},
		"another host": {
			first: path{"a.com", "/", prefix}, second: path{"b.com", "/", prefix}, ok: true,
		},
		"a wildcard and a name of it": {
			first: path{"*.a.com", "/", prefix}, second: path{"b.a.com", "/", prefix}, ok: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			backend := builders.Backend("web-svc", 80)
			s := tell(
				builders.WithPath(tc.first.host, tc.first.path, tc.first.pathType, backend),
				builders.WithPath(tc.second.host, tc.second.path, tc.second.pathType, backend))
			if tc.ok {
				if got := len(s.input(t).Routes); got != 2 {
					t.Errorf("got %d routes", got)
				}
				return
			}
			rejectedAs(t, s, "", "spec.rules[0].paths[1].path FieldValueDuplicate")
		})
	}
}

func TestOneBackendNeedsWeight(t *testing.T) {
	for name, backends := range map[string][]v1alpha1.Backend{
		"none at all": nil,
		"all zero":    {builders.WeightedBackend("web-svc", 80, 0), builders.WeightedBackend("voting-svc", 80, 0)},
		"negative":    {builders.WeightedBackend("web-svc", 80, -1)},
	} {
		t.Run(name, func(t *testing.T) {
			s := tell(builders.WithPath("example.com", "/", v1alpha1.PathTypePrefix, backends...))
			rejectedAs(t, s, "weight above 0", "spec.rules[0].paths[0].backends FieldValueRequired")
		})
	}
}

// In AssumeServices nothing is looked up, so that a name would reach the header as
// it was written.
func TestReferencesToServicesAreChecked(t *testing.T) {
	const at = "spec.rules[0].paths[0].backends[0].service"
	for name, tc := range map[string]struct {
		change func(*v1alpha1.ServiceBackend)
		want   string
	}{
		"no name": {
			func(b *v1alpha1.ServiceBackend) { b.Name = "" }, at + ".name FieldValueInvalid",
		},
		"a name with a newline": {
			func(b *v1alpha1.ServiceBackend) { b.Name = "web\nX: y" }, at + ".name FieldValueInvalid",
		},
		"a name that is a whole domain": {
			func(b *v1alpha1.ServiceBackend) { b.Name = "web.other" }, at + ".name FieldValueInvalid",
		},
		"a name in upper case": {
			func(b *v1alpha1.ServiceBackend) { b.Name = "Web" }, at + ".name FieldValueInvalid",
		},
		"a namespace with a dot": {
			func(b *v1alpha1.ServiceBackend) { b.Namespace = "a.b" }, at + ".namespace FieldValueInvalid",
		},
		"a namespace with a comma": {
			func(b *v1alpha1.ServiceBackend) { b.Namespace = "a,b" }, at + ".namespace FieldValueInvalid",
		},
		"no port": {
			func(b *v1alpha1.ServiceBackend) { b.Port.Number = 0 }, at + ".port FieldValueInvalid",
		},
		"a negative port": {
			func(b *v1alpha1.ServiceBackend) { b.Port.Number = -80 }, at + ".port FieldValueInvalid",
		},
		"a port that does not exist": {
			func(b *v1alpha1.ServiceBackend) { b.Port.Number = 65536 }, at + ".port FieldValueInvalid",
		},
		"a port by number and by name": {
			func(b *v1alpha1.ServiceBackend) { b.Port.Name = "http" }, at + ".port FieldValueInvalid",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := tell()
			s.snap.AssumeServices = true
			tc.change(&s.mi.Spec.Rules[0].Paths[0].Backends[0].Service)
			rejectedAs(t, s, "", tc.want)
		})
	}
	s := tell(builders.WithDefaultBackend("Default", 80), builders.WithExternalAuth("auth", "Auth", 80, "/"))
	rejectedAs(t, s, "name of a Service",
		"spec.defaultBackend.service.name FieldValueInvalid", "spec.externalAuth.service.name FieldValueInvalid")
}

func TestTLS(t *testing.T) {
	rule := builders.WithRule("example.com", "/", "web-svc", 80)
	for name, tc := range map[string]struct {
		secret string
		hosts  []string
		want   []string
	}{
		"hosts and a Secret":     {secret: "web-tls", hosts: []string{"example.com", "*.example.com"}},
		"the vendor's own hosts": {secret: "web.tls"},
		"no Secret":              {want: []string{"spec.tls[0].secretName FieldValueInvalid"}},
		"another namespace":      {secret: "other/web-tls", want: []string{"spec.tls[0].secretName FieldValueInvalid"}},
		"two dots":               {secret: "web..tls", want: []string{"spec.tls[0].secretName FieldValueInvalid"}},
		"a name that is too long": {
			secret: strings.Repeat("a", 254), want: []string{"spec.tls[0].secretName FieldValueInvalid"},
		},
		"hosts that are none": {secret: "web-tls", hosts: []string{"", "Example.com", "10.0.0.1"}, want: []string{
			"spec.tls[0].hosts[0] FieldValueInvalid", "spec.tls[0].hosts[1] FieldValueInvalid",
			"spec.tls[0].hosts[2] FieldValueInvalid",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := tell(rule, builders.WithTLS(tc.secret, tc.hosts...))
			if tc.want != nil {
				rejectedAs(t, s, "must be", tc.want...)
				return
			}
			if diff := cmp.Diff(s.mi.Spec.TLS, s.input(t).TLS); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestExternalAuthPath(t *testing.T) {
	rule := builders.WithRule("example.com", "/", "web-svc", 80)
	for _, bad := range []string{
		"verify", "/verify?x=y", "/a b", "/$request_uri", "/%20", "/a\n", "/a;", "/" + strings.Repeat("a", 512),
	} {
		t.Run(fmt.Sprintf("%.20q", bad), func(t *testing.T) {
			s := tell(rule, builders.WithExternalAuth("auth", "authn", 8080, bad))
			rejectedAs(t, s, "must begin with '/'", "spec.externalAuth.path FieldValueInvalid")
		})
	}
	for given, want := range map[string]string{"": "/", "/verify": "/verify"} {
		if got := tell(rule, builders.WithExternalAuth("auth", "authn", 8080, given)).input(t).Auth.Path; got != want {
			t.Errorf("%q became %q, want %q", given, got, want)
		}
	}
}

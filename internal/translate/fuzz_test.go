// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package translate_test

import (
	"reflect"
	"regexp"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/test/builders"
)

// FuzzMeshIngress writes whatever it likes where a user may write. What a vendor is
// then given must hold nothing that could end a line, a literal or a string in any
// configuration; what a vendor makes of it is tested by providertest.Fuzz.
func FuzzMeshIngress(f *testing.F) {
	for _, seed := range []written{
		{name: "web", host: "example.com", path: "/", service: "web-svc", port: 80, secret: "web-tls", auth: "/verify"},
		{
			name: "web.v1", host: "*.example.com", path: "/api/", exact: true,
			service: "api", namespace: "other", port: 65535, secret: "a.b",
		},
		{name: "web-0123456789", host: "", path: "/a%20b", service: "a", port: 1, secret: "s", auth: "/"},
		{name: "w", host: "a`) || Host(`b", path: "/`) || PathPrefix(`/", service: "web`", port: 80, secret: "`", auth: "/`"},
		{
			name: "w", host: "a.com\n", path: "/\nserver {",
			service: "web\n", namespace: "n\n", port: 80, secret: "s\n", auth: "/\n",
		},
		{name: "w", host: "a.com\x00", path: "/\x00", service: "web\x00", port: -1, secret: "\x00", auth: "/\x00"},
		{name: "w", host: "192.000.002.001", path: "/%00%0a%7f", service: "8080", port: 65536, secret: "..", auth: "/$host"},
		{
			name: "w", host: "xn--bcher-kva.example", path: "/{a}/~$&()*+,;=:@!", exact: true,
			service: "web", port: 443, secret: "s",
		},
		{name: "w", host: "a.com", path: "/a//b/../c/./", service: "web", port: 80, secret: "web-tls"},
		{
			name: strings.Repeat("a.", 126) + "a", host: strings.Repeat("a.", 126) + "a",
			path: "/" + strings.Repeat("a", 511), service: strings.Repeat("a", 63), port: 80,
		},
	} {
		for _, fields := range []uint8{everything, hostField, pathField, serviceField, portField, tlsField, authField} {
			f.Add(fields, seed.name, seed.host, seed.path, seed.exact,
				seed.service, seed.namespace, seed.port, seed.secret, seed.auth)
		}
	}
	f.Fuzz(func(t *testing.T, fields uint8,
		name, host, path string, exact bool, service, namespace string, port int32, secret, auth string,
	) {
		w := written{name, host, path, exact, service, namespace, port, secret, auth}.only(fields)
		for _, routing := range []v1alpha1.Routing{v1alpha1.RoutingClusterIP, v1alpha1.RoutingHeader} {
			w.check(t, routing)
		}
	})
}

// written is what a user may write.
type written struct {
	name, host, path   string
	exact              bool
	service, namespace string
	port               int32
	secret, auth       string // none where they are empty
}

// The fields of written that keep their value; see only.
const (
	hostField uint8 = 1 << iota
	pathField
	serviceField
	portField
	tlsField
	authField
	everything = 255
)

// only replaces what is not among the fields by what is right, so that one wrong
// value does not hide what another would do.
func (w written) only(fields uint8) written {
	if fields&hostField == 0 {
		w.host = "example.com"
	}
	if fields&pathField == 0 {
		w.path = "/api"
	}
	if fields&serviceField == 0 {
		w.service, w.namespace = "web-svc", ""
	}
	if fields&portField == 0 {
		w.port = 80
	}
	if fields&tlsField == 0 {
		w.secret = ""
	}
	if fields&authField == 0 {
		w.auth = ""
	}
	return w
}

func (w written) meshIngress() *v1alpha1.MeshIngress {
	backend := builders.Backend(w.service, int(w.port))
	backend.Service.Namespace = w.namespace
	pathType := v1alpha1.PathTypePrefix
	if w.exact {
		pathType = v1alpha1.PathTypeExact
	}
	mi := builders.MeshIngress("web", "emojivoto", builders.WithPath(w.host, w.path, pathType, backend))
	if len(validation.IsDNS1123Subdomain(w.name)) == 0 { // as no API server takes another
		mi.Name = w.name
	}
	if w.secret != "" {
		builders.WithTLS(w.secret, w.host)(mi)
	}
	if w.auth != "" {
		builders.WithExternalAuth("auth", w.service, int(w.port), w.auth)(mi)
	}
	return mi
}

func (w written) check(t *testing.T, routing v1alpha1.Routing) {
	t.Helper()
	s := tell()
	s.mi, s.class.Spec.Routing, s.snap.AssumeServices = w.meshIngress(), routing, true
	result := s.end(t)
	if again := s.end(t); !reflect.DeepEqual(result, again) {
		t.Errorf("another result the second time: %+v, %+v", result, again)
	}
	if !reflect.DeepEqual(w.meshIngress(), s.mi) {
		t.Error("the MeshIngress has changed")
	}
	if !result.OK() {
		return
	}
	for _, r := range result.Routes {
		if !destination.MatchString(r.Destination) {
			t.Errorf("%+v: %q is no destination", w, r.Destination)
		}
	}
	in := s.provider.asked[0]
	for _, r := range in.Routes {
		wantLiteral(t, "host", r.Host, "*")
		wantLiteral(t, "path", r.Path, "*$&'()+,;=")
	}
	for _, entry := range in.TLS {
		wantLiteral(t, "Secret", entry.SecretName, "")
	}
	if in.Auth != nil {
		wantLiteral(t, "path of the question", in.Auth.Path, "")
	}
}

var destination = regexp.MustCompile(`^[a-z][-a-z0-9]*\.[a-z0-9][-a-z0-9]*\.svc\.cluster\.local:[1-9][0-9]{0,4}$`)

// wantLiteral checks that a text holds nothing that means something in the
// configuration of a vendor, but for what is named.
func wantLiteral(t *testing.T, what, text, but string) {
	t.Helper()
	for _, c := range text {
		if c <= ' ' || c > '~' || (strings.ContainsRune("`\"'\\{}[]|^<>#?*$&()+,;=", c) && !strings.ContainsRune(but, c)) {
			t.Errorf("the %s is %q", what, text)
		}
	}
}

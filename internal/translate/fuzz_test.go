// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package translate_test

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/internal/translate"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/all"
	"github.com/meshingress/meshingress/test/builders"
)

// FuzzMeshIngress writes whatever it likes where a user may write, and gives it to
// every vendor in both routings. What is accepted must not be able to end a line, a
// literal or a string in what a vendor reads.
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
	registry, err := all.New()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, fields uint8,
		name, host, path string, exact bool, service, namespace string, port int32, secret, auth string,
	) {
		w := written{name, host, path, exact, service, namespace, port, secret, auth}.only(fields)
		for _, p := range registry.All() {
			for _, routing := range []v1alpha1.Routing{v1alpha1.RoutingClusterIP, v1alpha1.RoutingHeader} {
				w.check(t, registry, p, routing)
			}
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

func (w written) check(t *testing.T, registry *providers.Registry, p providers.Provider, routing v1alpha1.Routing) {
	t.Helper()
	d := p.Describe()
	snap := translate.Snapshot{
		AssumeServices: true, Linkerd: linkerd.Unknown(), Served: providers.Served{},
		Read: func(providers.Read) []*unstructured.Unstructured { return nil },
	}
	for _, k := range d.Kinds() {
		snap.Served[k] = true
	}
	class := builders.Class("public", d.Vendor, builders.WithRouting(routing))
	mi := w.meshIngress()
	result := translate.MeshIngress(registry, mi, class, snap)
	if again := translate.MeshIngress(registry, mi, class, snap); !reflect.DeepEqual(result, again) {
		t.Errorf("%s, %s: another result the second time: %+v, %+v", d.Title, routing, result, again)
	}
	if !reflect.DeepEqual(w.meshIngress(), mi) {
		t.Errorf("%s, %s: the MeshIngress has changed", d.Title, routing)
	}
	if !result.OK() {
		return
	}
	for _, problem := range problems(result) {
		t.Errorf("%s, %s, %+v: %s", d.Title, routing, w, problem)
	}
}

var (
	destination = regexp.MustCompile(`^[a-z][-a-z0-9]*\.[a-z0-9][-a-z0-9]*\.svc\.cluster\.local:[1-9][0-9]{0,4}$`)
	quoted      = regexp.MustCompile("`[^`]+`")
	skeleton    = regexp.MustCompile(`^(Host|HostRegexp|Path|PathPrefix|&&|\|\||[() ])*$`)
)

func problems(result translate.Result) []string {
	var found []string
	for _, r := range result.Routes {
		if !destination.MatchString(r.Destination) {
			found = append(found, fmt.Sprintf("%q is no destination", r.Destination))
		}
	}
	for _, obj := range result.Plan.Objects {
		if bad := validation.IsDNS1123Subdomain(obj.GetName()); len(bad) > 0 || len(obj.GetName()) > 63 {
			found = append(found, fmt.Sprintf("%q is no name of an object: %v", obj.GetName(), bad))
		}
		found = append(found, inValue("", obj.Object)...)
	}
	for _, set := range result.Plan.Fields {
		found = append(found, inValue("", set.Fields)...)
	}
	return found
}

// inValue looks through all strings below a key.
func inValue(key string, value any) []string {
	var found []string
	switch v := value.(type) {
	case map[string]any:
		for k, item := range v {
			found = append(found, inText("a key", k)...)
			found = append(found, inValue(k, item)...)
		}
	case []any:
		for _, item := range v {
			found = append(found, inValue(key, item)...)
		}
	case string:
		return inText(key, v)
	}
	return found
}

// inText looks at one string. In a rule of Traefik backticks quote what the user
// wrote, and nothing that they wrote is outside of them.
func inText(key, text string) []string {
	bare := text
	if key == "match" {
		bare = quoted.ReplaceAllString(text, "")
		if !skeleton.MatchString(bare) {
			return []string{fmt.Sprintf("the rule %q holds %q besides its literals", text, bare)}
		}
	}
	if strings.ContainsAny(bare, "`") || strings.ContainsAny(text, "\n\r\x00") {
		return []string{fmt.Sprintf("%s is %q", key, text)}
	}
	return nil
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package providertest

import (
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/test/builders"
)

// secondService is the other backend of a path.
const secondService = "second-svc"

// written is what a user may write. What is empty or 0 is left out, but for the host,
// which is then every host.
type written struct {
	name, host, path   string
	service, namespace string
	secret, auth       string
	key, value         string // an annotation of spec.template
	port               int32
	weight             uint16 // of the Service, beside a second one of weight 1
	exact              bool   // pathType Exact
	h2c                bool   // the Service speaks HTTP/2
	fallback           bool   // the Service is the default backend, too
}

// The parts of written that keep their value; see only.
const (
	hostPart uint8 = 1 << iota
	pathPart
	servicePart
	portPart
	tlsPart
	authPart
	templatePart
	everything = 255
)

// only replaces what is not among the parts by what is right, so that one wrong value
// does not hide what another would do.
func (w written) only(parts uint8) written {
	if parts&hostPart == 0 {
		w.host = "example.com"
	}
	if parts&pathPart == 0 {
		w.path, w.exact = "/api", false
	}
	if parts&servicePart == 0 {
		w.service, w.namespace, w.fallback = "web-svc", "", false
	}
	if parts&portPart == 0 {
		w.port, w.weight, w.h2c = 80, 0, false
	}
	if parts&tlsPart == 0 {
		w.secret = ""
	}
	if parts&authPart == 0 {
		w.auth = ""
	}
	if parts&templatePart == 0 {
		w.key = ""
	}
	return w
}

// plain is the same without spec.template.
func (w written) plain() written {
	w.key = ""
	return w
}

func (w written) meshIngress(namespace string) *v1alpha1.MeshIngress {
	backends := []v1alpha1.Backend{builders.Backend(w.service, int(w.port))}
	if w.weight > 0 {
		backends = []v1alpha1.Backend{
			builders.WeightedBackend(w.service, int(w.port), int32(w.weight)),
			builders.WeightedBackend(secondService, 8080, 1),
		}
	}
	backends[0].Service.Namespace = w.namespace
	pathType := v1alpha1.PathTypePrefix
	if w.exact {
		pathType = v1alpha1.PathTypeExact
	}
	mi := builders.MeshIngress("web", namespace, builders.WithPath(w.host, w.path, pathType, backends...))
	if len(validation.IsDNS1123Subdomain(w.name)) == 0 { // as no API server takes another
		mi.Name = w.name
	}
	if w.fallback {
		builders.WithDefaultBackend(w.service, int(w.port))(mi)
	}
	if w.secret != "" {
		builders.WithTLS(w.secret, w.host)(mi)
	}
	if w.auth != "" {
		builders.WithExternalAuth("auth", w.service, int(w.port), w.auth)(mi)
	}
	if w.key != "" {
		builders.WithTemplate(nil, map[string]string{w.key: w.value})(mi)
	}
	return mi
}

// services are those that have to exist so that they speak HTTP/2.
func (w written) services(namespace string) []*corev1.Service {
	if !w.h2c {
		return nil
	}
	if w.namespace != "" {
		namespace = w.namespace
	}
	h2c := "kubernetes.io/h2c"
	return []*corev1.Service{{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: w.service},
		Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: w.port, AppProtocol: &h2c}}},
	}}
}

// withControl is the first text with a control character that is no annotation's
// value; empty where none has one.
func (w written) withControl() string {
	for _, text := range []string{w.host, w.path, w.service, w.namespace, w.secret, w.auth, w.key} {
		if indexControl(text) >= 0 {
			return text
		}
	}
	return ""
}

// nastySeeds are what somebody would try who wants to break out, and what is at the
// edge of what is right.
func nastySeeds() []written {
	good := written{name: "w", path: "/", service: "web-svc", port: 80}
	seed := func(change func(*written)) written {
		w := good
		change(&w)
		return w
	}
	quoting := func(text string) written {
		return seed(func(w *written) {
			w.host, w.path, w.service, w.secret, w.auth = "a"+text+"b", "/"+text, "web"+text, "s"+text, "/"+text
			w.key, w.value = "example.com/a", text
		})
	}
	all := []written{
		{
			name: "web", host: "example.com", path: "/", service: "web-svc", port: 80, secret: "web-tls",
			auth: "/verify", key: "cert-manager.io/cluster-issuer", value: "letsencrypt",
		},
		{
			name: "web.v1", host: "*.example.com", path: "/api/", exact: true, service: "api", namespace: "other",
			port: 65535, secret: "a.b", weight: 3, h2c: true, fallback: true, key: "linkerd.io/inject", value: "disabled",
		},
		seed(func(w *written) { w.path, w.service, w.port, w.auth = "/a%20b", "a", 1, "/" }),
		seed(func(w *written) { w.host, w.path, w.service, w.port = "192.000.002.001", "/%00%0a%7f", "8080", 65536 }),
		seed(func(w *written) { w.host, w.path, w.exact = "xn--bcher-kva.example", "/{a}/~$&()*+,;=:@!", true }),
		seed(func(w *written) { w.host, w.path, w.secret = "0.0", "/~$&()*+,;=:@!-._", ".." }),
		seed(func(w *written) { w.host, w.path = "a.com", "/a//b/../c/./" }),
		seed(func(w *written) { w.host, w.port, w.weight, w.h2c = "a.com", -1, 65535, true }),
		seed(func(w *written) { w.key, w.value = "kubernetes.io/ingress.class", "other" }),
		{
			name: strings.Repeat("a.", 126) + "a", host: strings.Repeat("a.", 126) + "a",
			path: "/" + strings.Repeat("a", 511), service: strings.Repeat("a", 63), port: 80,
			secret: strings.Repeat("a.", 126) + "a", auth: "/" + strings.Repeat("a", 511),
		},
	}
	for _, text := range []string{
		"`) || Host(`b", "\nserver {", "\r\n", "\x00", "\x7f", `"`, `'`, `\`, ";", "$host", "${a}", "$(a)", "{{ .a }}",
		"%0a", "%REQ(a)%", "%[src]", "#", " ", "}", "<!--", "*", "(.*)", "[^/]+", "é",
	} {
		all = append(all, quoting(text))
	}
	return all
}

// goldenSeeds are the routes of the MeshIngresses in the golden cases of a directory.
func goldenSeeds(dir string) ([]written, error) {
	inputs, err := listCases(dir, true)
	if err != nil {
		return nil, err
	}
	var all []written
	for _, in := range inputs {
		c, err := readCase(in)
		if err != nil {
			return nil, err
		}
		for _, doc := range c.documents {
			mi := &v1alpha1.MeshIngress{}
			if doc.Object.GroupVersionKind() != v1alpha1.GroupVersion.WithKind("MeshIngress") {
				continue
			}
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(doc.Object.Object, mi); err != nil {
				return nil, err
			}
			all = append(all, seedsOf(mi)...)
		}
	}
	return all, nil
}

// seedsOf makes a seed of each path, with what the MeshIngress has besides.
func seedsOf(mi *v1alpha1.MeshIngress) []written {
	var all []written
	for _, rule := range mi.Spec.Rules {
		for _, p := range rule.Paths {
			w := commonSeed(mi)
			w.host, w.path, w.exact = rule.Host, p.Path, p.PathType == v1alpha1.PathTypeExact
			if len(p.Backends) > 0 {
				ref := p.Backends[0].Service
				w.service, w.namespace, w.port = ref.Name, ref.Namespace, ref.Port.Number
			}
			if len(p.Backends) > 1 && p.Backends[0].Weight != nil {
				w.weight = uint16(*p.Backends[0].Weight)
			}
			all = append(all, w)
		}
	}
	return all
}

// commonSeed is what the paths of a MeshIngress have in common.
func commonSeed(mi *v1alpha1.MeshIngress) written {
	w := written{name: mi.Name, fallback: mi.Spec.DefaultBackend != nil}
	if len(mi.Spec.TLS) > 0 {
		w.secret = mi.Spec.TLS[0].SecretName
	}
	if mi.Spec.ExternalAuth != nil {
		w.auth = mi.Spec.ExternalAuth.Path
	}
	if mi.Spec.Template != nil && len(mi.Spec.Template.Annotations) > 0 {
		w.key = slices.Min(slices.Collect(maps.Keys(mi.Spec.Template.Annotations)))
		w.value = mi.Spec.Template.Annotations[w.key]
	}
	return w
}

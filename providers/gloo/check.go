// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gloo

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/objects"
	"github.com/meshingress/meshingress/providers/internal/override"
	"github.com/meshingress/meshingress/providers/internal/routes"
)

// notLiteral would not arrive as written: Envoy expands "%" in a header, Inja "{" and
// "#" in a template, and Linkerd reads the rest as no authority.
const notLiteral = "$%{}#\"\\,; \n"

func classField() *field.Path { return field.NewPath("spec", "className") }

// checkHeader refuses destinations that cannot be in the header.
func checkHeader(in providers.Input) field.ErrorList {
	if headerOf(in.Class) == v1alpha1.GlooSettings {
		if in.ClusterDomain == clusterDomain {
			return nil
		}
		return field.ErrorList{field.Invalid(classField(), in.Class.Name, wrongDomain(in.ClusterDomain))}
	}
	return override.CheckDestinations(in, notLiteral)
}

// checkDomains refuses hosts that another VirtualService has. Gloo serves neither of
// two with one domain on one Gateway, so writing ours would take down theirs. One with
// a certificate and one without are on two Gateways.
func checkDomains(in providers.Input, sites []site) field.ErrorList {
	others := foreignDomains(in)
	var errs field.ErrorList
	for _, s := range sites {
		if other, ok := others[claim{s.domain(), s.secret != ""}]; ok {
			errs = append(errs, routes.Duplicate(s.field, s.domain(), fmt.Sprintf(
				"VirtualService %s has this domain already, and Gloo serves neither of two: "+
					"put all paths of the host in one of them, or remove the other", other)))
		}
	}
	return errs
}

// claim is what only one VirtualService can have.
type claim struct {
	domain string
	tls    bool
}

// foreignDomains maps what the VirtualServices of others claim to "<namespace>/<name>"
// of the first. A virtual host without domains has all.
func foreignDomains(in providers.Input) map[claim]string {
	others := map[claim]string{}
	for _, obj := range in.Objects {
		if !objects.Is(obj, kindVirtualService) || in.Owns(obj) {
			continue
		}
		vs, ok := objects.Decode[virtualService](obj)
		if !ok || vs.Spec.VirtualHost == nil {
			continue
		}
		domains := vs.Spec.VirtualHost.Domains
		if len(domains) == 0 {
			domains = []string{"*"}
		}
		for _, domain := range domains {
			c := claim{strings.ToLower(domain), vs.Spec.SSLConfig != nil}
			if _, taken := others[c]; !taken {
				others[c] = obj.GetNamespace() + "/" + obj.GetName()
			}
		}
	}
	return others
}

// checkPaths refuses what Gloo refuses in the path of a route, for which it would
// reject the whole VirtualService (projects/gloo/pkg/translator/route_config.go,
// ValidateRoutePath).
func checkPaths(ofHost []providers.Route) field.ErrorList {
	errs := append(routes.CheckNormalized(ofHost), routes.CheckSlashes(ofHost)...)
	for _, r := range ofHost {
		if strings.Contains(strings.ToLower(r.Path), "%2f") {
			errs = append(errs, field.Invalid(r.Field.Child("path"), r.Path,
				"holds '%2F', which Gloo takes in no path: match what stands before it, with Prefix"))
		}
	}
	return errs
}

// settings is the part of Settings that decides what Gloo sees
// (projects/gloo/api/v1/settings.proto).
type settings struct {
	Spec struct {
		DiscoveryNamespace string   `json:"discoveryNamespace"`
		WatchNamespaces    []string `json:"watchNamespaces"`
		Gloo               struct {
			DisableKubernetesDestinations bool `json:"disableKubernetesDestinations"`
		} `json:"gloo"`
	} `json:"spec"`
}

// watches reports whether Gloo looks into a namespace: into all where none is listed,
// else into those and its own (pkg/utils/settingsutil/settings.go,
// GenerateNamespacesToWatch). Without a list there may be selectors, which cannot be
// answered from here.
func (s settings) watches(namespace string) bool {
	listed := slices.DeleteFunc(slices.Clone(s.Spec.WatchNamespaces), func(n string) bool { return n == "" })
	own := s.Spec.DiscoveryNamespace
	if own == "" {
		own = "gloo-system"
	}
	return len(listed) == 0 || namespace == own || slices.Contains(listed, namespace)
}

// checkSettings refuses what the Settings hide from Gloo. It passes over such a
// VirtualService in silence, and answers requests for such a Service with an error.
func checkSettings(in providers.Input) field.ErrorList {
	i := slices.IndexFunc(in.Objects, func(obj *unstructured.Unstructured) bool {
		return objects.Is(obj, kindSettings) && obj.GetName() == settingsOf(in.Class).Name
	})
	if i < 0 {
		return nil
	}
	found, ok := objects.Decode[settings](in.Objects[i])
	if !ok {
		return nil
	}
	name := in.Objects[i].GetNamespace() + "/" + in.Objects[i].GetName()
	var errs field.ErrorList
	if found.Spec.Gloo.DisableKubernetesDestinations {
		errs = append(errs, field.Forbidden(classField(), fmt.Sprintf(
			"Settings %s has gloo.disableKubernetesDestinations, and the routes go to Services: turn it off", name)))
	}
	if !found.watches(in.Namespace) {
		errs = append(errs, field.Forbidden(classField(), fmt.Sprintf(
			"Gloo does not watch the namespace %s: add it to watchNamespaces of Settings %s", in.Namespace, name)))
	}
	for _, b := range in.AllBackends() {
		if b.Namespace != in.Namespace && !found.watches(b.Namespace) {
			errs = append(errs, field.Forbidden(b.Field.Child("namespace"), fmt.Sprintf(
				"Gloo does not watch the namespace %s: add it to watchNamespaces of Settings %s", b.Namespace, name)))
		}
	}
	return errs
}

// checkHTTP2 refuses backends that speak HTTP/2, and to which Gloo would speak
// HTTP/1.1.
func checkHTTP2(in providers.Input) field.ErrorList {
	var errs field.ErrorList
	for _, b := range in.AllBackends() {
		if svc := objects.ServiceOf(in, b); b.H2C && svc != nil && !spokenHTTP2(svc, b.Port) {
			errs = append(errs, field.Forbidden(b.Field.Child("port"), fmt.Sprintf(
				"Gloo does not speak HTTP/2 to port %d of Service %s/%s: set its appProtocol to kubernetes.io/h2c, "+
					"without the annotation %s: \"false\"", b.Port, b.Namespace, b.Service, http2Annotation)))
		}
	}
	return errs
}

const http2Annotation = "gloo.solo.io/h2_service"

// spokenHTTP2 reports whether Gloo speaks HTTP/2 to a port of a Service
// (projects/gloo/pkg/plugins/kubernetes/serviceconverter/use_http2_annotation_converter.go,
// useHttp2). Annotations for all Services, in its Settings, are not looked at.
func spokenHTTP2(svc *corev1.Service, port int32) bool {
	if said := svc.Annotations[http2Annotation]; said == "true" || said == "false" {
		return said == "true"
	}
	return slices.ContainsFunc(svc.Spec.Ports, func(p corev1.ServicePort) bool {
		byProtocol := p.AppProtocol != nil &&
			slices.Contains([]string{"http2", "grpc", "grpc-web", "kubernetes.io/h2c"}, *p.AppProtocol)
		byName := slices.ContainsFunc([]string{"grpc", "h2", "http2"}, func(prefix string) bool {
			return strings.HasPrefix(p.Name, prefix)
		})
		return p.Port == port && (byProtocol || byName)
	})
}

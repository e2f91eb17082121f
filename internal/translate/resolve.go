// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/providers"
)

// resolver turns the spec into an Input and collects the backends that fail.
type resolver struct {
	mi       *v1alpha1.MeshIngress
	snap     Snapshot
	strategy v1alpha1.Strategy

	// abroad says whether backends may be in another namespace. Where not, nothing is
	// told of what is there: checkFeatures refuses the field.
	abroad bool

	errs field.ErrorList
}

func (r *resolver) input(class providers.Class, choice providers.StrategySupport) providers.Input {
	in := providers.Input{
		Name: r.mi.Name, Namespace: r.mi.Namespace,
		Class: class, Strategy: choice,
		ClusterDomain: r.snap.Linkerd.ClusterDomain,
		Served:        r.snap.Served,
		TLS:           r.mi.Spec.DeepCopy().TLS,
	}
	if t := r.mi.Spec.Template.DeepCopy(); t != nil {
		in.Labels, in.Annotations = t.Labels, t.Annotations
	}
	for i, rule := range r.mi.Spec.Rules {
		in.Routes = append(in.Routes, r.routes(rule, field.NewPath("spec", "rules").Index(i))...)
	}
	if d := r.mi.Spec.DefaultBackend; d != nil {
		b := r.backend(d.Service, field.NewPath("spec", "defaultBackend", "service"))
		b.Weight = 1
		in.Default = &b
	}
	if a := r.mi.Spec.ExternalAuth; a != nil {
		b := r.resolve(a.Service, field.NewPath("spec", "externalAuth", "service"))
		in.Auth = &providers.Auth{Backend: b, Path: orDefault(a.Path, "/")}
	}
	return in
}

func (r *resolver) routes(rule v1alpha1.Rule, at *field.Path) []providers.Route {
	routes := make([]providers.Route, 0, len(rule.Paths))
	for j, p := range rule.Paths {
		route := providers.Route{
			Host: rule.Host, Path: p.Path,
			PathType: orDefault(p.PathType, v1alpha1.PathTypePrefix),
			Field:    at.Child("paths").Index(j),
		}
		for k, backend := range p.Backends {
			b := r.backend(backend.Service, route.Field.Child("backends").Index(k).Child("service"))
			b.Weight = weight(backend)
			if b.Weight > 0 {
				route.Backends = append(route.Backends, b)
			}
		}
		routes = append(routes, route)
	}
	return routes
}

func weight(b v1alpha1.Backend) int32 {
	if b.Weight == nil {
		return 1
	}
	return *b.Weight
}

// backend resolves the Service of a route.
func (r *resolver) backend(ref v1alpha1.ServiceBackend, at *field.Path) providers.Backend {
	if !r.abroad && ref.Namespace != "" && ref.Namespace != r.mi.Namespace {
		return providers.Backend{Namespace: ref.Namespace, Service: ref.Name, Port: ref.Port.Number, Field: at}
	}
	return r.resolve(ref, at)
}

// resolve resolves one Service, or adds to the errors and returns what is known.
func (r *resolver) resolve(ref v1alpha1.ServiceBackend, at *field.Path) providers.Backend {
	b := providers.Backend{
		Namespace: orDefault(ref.Namespace, r.mi.Namespace), Service: ref.Name,
		Port: ref.Port.Number, Field: at,
	}
	svc, ok := r.snap.Services[types.NamespacedName{Namespace: b.Namespace, Name: b.Service}]
	if !ok {
		r.missing(ref, b)
		return b
	}
	if !r.routable(svc, at) {
		return b
	}
	port := findPort(svc, ref.Port)
	if port == nil {
		r.errs = append(r.errs, notFound(at.Child("port"), portText(ref.Port),
			fmt.Sprintf("Service %s/%s has %s: name one of them", b.Namespace, b.Service, portsText(svc))))
		return b
	}
	b.Port = port.Port
	b.H2C = isH2C(port)
	r.checkOpaque(svc, port, at)
	return b
}

func (r *resolver) missing(ref v1alpha1.ServiceBackend, b providers.Backend) {
	if !r.snap.AssumeServices {
		r.errs = append(r.errs, notFound(b.Field.Child("name"), ref.Name,
			cmp.Or(r.snap.Watched.Explain(b.Namespace),
				fmt.Sprintf("there is no Service %s/%s: create it or correct the name", b.Namespace, b.Service))))
		return
	}
	if ref.Port.Name != "" {
		r.errs = append(r.errs, field.Invalid(b.Field.Child("port", "name"), ref.Port.Name,
			fmt.Sprintf("Service %s/%s is not in the input, so its port has no number: add the Service, or give the number",
				b.Namespace, b.Service)))
	}
}

// routable refuses Services that give the mesh no address to route on.
func (r *resolver) routable(svc *corev1.Service, at *field.Path) bool {
	switch {
	case svc.Spec.Type == corev1.ServiceTypeExternalName:
		r.errs = append(r.errs, field.Invalid(at.Child("name"), svc.Name,
			"is a Service of type ExternalName, which leads out of the mesh: name a Service with a ClusterIP"))
	case svc.Spec.ClusterIP == corev1.ClusterIPNone:
		r.errs = append(r.errs, field.Invalid(at.Child("name"), svc.Name,
			"is a headless Service, which has no ClusterIP to route on: add a Service with a ClusterIP for the same pods"))
	default:
		return true
	}
	return false
}

// checkOpaque refuses opaque ports in header routing: the proxy has no HTTP route
// for them and fails the request (linkerd/linkerd2-proxy
// linkerd/app/outbound/src/ingress.rs, policy_routes).
func (r *resolver) checkOpaque(svc *corev1.Service, port *corev1.ServicePort, at *field.Path) {
	if r.strategy != v1alpha1.StrategyHeader {
		return
	}
	if linkerd.PortsContain(r.snap.OpaquePorts(svc), port.Port, port.Name) {
		r.errs = append(r.errs, field.Invalid(at.Child("port"), port.Port, fmt.Sprintf(
			"is an opaque port for Linkerd, which header routing cannot reach: set the annotation %s of the Service without it",
			linkerd.OpaquePortsAnnotation)))
	}
}

// OpaquePorts are those of a Service that Linkerd takes for opaque TCP: its own list,
// or that of its Namespace, or that of the installation.
func (s Snapshot) OpaquePorts(svc *corev1.Service) string {
	if list, ok := svc.Annotations[linkerd.OpaquePortsAnnotation]; ok {
		return list
	}
	if ns := s.Namespaces[svc.Namespace]; ns != nil {
		if list, ok := ns.Annotations[linkerd.OpaquePortsAnnotation]; ok {
			return list
		}
	}
	return s.Linkerd.OpaquePorts
}

// notFound is field.NotFound with a remedy.
func notFound(at *field.Path, value any, detail string) *field.Error {
	err := field.NotFound(at, value)
	err.Detail = detail
	return err
}

func findPort(svc *corev1.Service, ref v1alpha1.ServicePort) *corev1.ServicePort {
	for i := range svc.Spec.Ports {
		p := &svc.Spec.Ports[i]
		if !isTCP(p) {
			continue
		}
		if (ref.Name != "" && p.Name == ref.Name) || (ref.Name == "" && p.Port == ref.Number) {
			return p
		}
	}
	return nil
}

// isH2C reads appProtocol, as KEP-3726 and Linkerd spell HTTP/2 without TLS.
func isH2C(p *corev1.ServicePort) bool {
	if p.AppProtocol == nil {
		return false
	}
	return slices.Contains([]string{"kubernetes.io/h2c", "grpc", "h2c"}, strings.ToLower(*p.AppProtocol))
}

func portText(p v1alpha1.ServicePort) string {
	if p.Name != "" {
		return p.Name
	}
	return strconv.Itoa(int(p.Number))
}

func portsText(svc *corev1.Service) string {
	items := make([]string, 0, len(svc.Spec.Ports))
	for i := range svc.Spec.Ports {
		if p := &svc.Spec.Ports[i]; isTCP(p) {
			items = append(items, strings.TrimSpace(fmt.Sprintf("%d %s", p.Port, p.Name)))
		}
	}
	return "the TCP ports " + orDefault(strings.Join(items, ", "), "(none)")
}

func isTCP(p *corev1.ServicePort) bool { return p.Protocol == "" || p.Protocol == corev1.ProtocolTCP }

func orDefault[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}

func sortObjects(objects []*unstructured.Unstructured) {
	slices.SortFunc(objects, func(a, b *unstructured.Unstructured) int {
		return strings.Compare(objectKey(a), objectKey(b))
	})
}

func objectKey(o *unstructured.Unstructured) string {
	return o.GetAPIVersion() + "/" + o.GetKind() + "/" + o.GetNamespace() + "/" + o.GetName()
}

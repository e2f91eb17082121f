// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package haproxyingress

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/objects"
)

// servicesOf are the Services of the namespace, by name, as they are in the cluster.
func servicesOf(in providers.Input) map[string]*corev1.Service {
	all := map[string]*corev1.Service{}
	for _, obj := range in.Objects {
		if !objects.Is(obj, providers.KindService) || obj.GetNamespace() != in.Namespace {
			continue
		}
		if svc, ok := objects.Decode[corev1.Service](obj); ok {
			all[svc.Name] = svc
		}
	}
	return all
}

// portOf is the port of a Service that the controller takes a backend's port for: a
// port's name and its targetPort go before its number, whatever the Ingress means
// (pkg/converters/utils/services.go, FindServicePort). False where there is none.
func portOf(svc *corev1.Service, port string) (corev1.ServicePort, bool) {
	for _, p := range svc.Spec.Ports {
		if p.Name == port || targetOf(p) == port {
			return p, true
		}
	}
	for _, p := range svc.Spec.Ports {
		if strconv.Itoa(int(p.Port)) == port {
			return p, true
		}
	}
	return corev1.ServicePort{}, false
}

// targetOf is a targetPort as the API server fills it in.
func targetOf(p corev1.ServicePort) string {
	if target := p.TargetPort.String(); target != "0" && target != "" {
		return target
	}
	return strconv.Itoa(int(p.Port))
}

// checkServices refuses backends that the controller takes for another port, and those
// whose Service has an annotation that undoes ours: it goes before that of an Ingress
// (pkg/converters/ingress/ingress.go, addBackendWithClass).
func checkServices(in providers.Input) field.ErrorList {
	var errs field.ErrorList
	services := servicesOf(in)
	for _, b := range in.AllBackends() {
		svc := services[b.Service]
		if svc == nil {
			continue
		}
		if p, ok := portOf(svc, strconv.Itoa(int(b.Port))); ok && p.Port != b.Port {
			errs = append(errs, field.Invalid(b.Field.Child("port"), b.Port, fmt.Sprintf(
				"is the targetPort of the Service's port %d, for which HAProxy Ingress takes it: use that port, or change "+
					"one of the numbers in the Service", p.Port)))
		}
		if remedy := conflictOf(in, b, svc.Annotations); remedy != "" {
			errs = append(errs, field.Invalid(b.Field.Child("name"), b.Service, remedy))
		}
	}
	return errs
}

// conflictOf says which annotation of a Service undoes ours; empty where none does.
func conflictOf(in providers.Input, b providers.Backend, all map[string]string) string {
	bad := func(name string, is func(value string) bool) bool {
		value, ok := lookup(all, name)
		return ok && is(value)
	}
	set := func(string) bool { return true }
	remedy := func(name string) string {
		return "the Service's annotation " + name + " goes before that of the generated Ingress and contradicts it: " +
			"remove it there"
	}
	if bad(backendProtocol, func(v string) bool { return isH2(v) != b.H2C }) {
		return remedy(backendProtocol)
	}
	if in.Strategy.Strategy == v1alpha1.StrategyClusterIP {
		if bad(serviceUpstream, func(v string) bool { return !isTrue(v) }) {
			return remedy(serviceUpstream)
		}
		return ""
	}
	for _, name := range []string{headers, requestSetHeaders, "proxy-protocol"} {
		if bad(name, set) {
			return remedy(name)
		}
	}
	if bad("secure-backends", isTrue) {
		return remedy("secure-backends")
	}
	return ""
}

func isTrue(value string) bool {
	on, err := strconv.ParseBool(value)
	return err == nil && on
}

// isH2 reports whether a backend-protocol is HTTP/2 without TLS
// (pkg/converters/ingress/annotations/backend.go, buildBackendProtocol).
func isH2(value string) bool {
	return slices.Contains([]string{"h2", "grpc"}, strings.ToLower(value))
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gatewayapi

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/routes"
)

// checkListeners refuses what no listener of the Gateway will take, as far as the
// Gateway alone tells. A listener that picks Namespaces by their labels counts as
// taking them: the route's status will say. Where the Gateway is not there, notices
// says so.
func (s Surroundings) checkListeners(in providers.Input, k providers.Kind) field.ErrorList {
	if s.Gateway == nil {
		return nil
	}
	name := s.Gateway.Namespace + "/" + s.Gateway.Name
	refuse := func(why string) field.ErrorList {
		return field.ErrorList{field.Invalid(field.NewPath("spec", "className"), in.Class.Name,
			fmt.Sprintf("Gateway %s, which the class names, %s", name, why))}
	}
	section := in.Class.Spec.GatewayRef.SectionName
	open := filter(s.Gateway.Spec.Listeners, func(l gatewayv1.Listener) bool {
		return section == "" || string(l.Name) == section
	})
	if len(open) == 0 {
		return refuse(fmt.Sprintf("has no listener %q: add it, or correct gatewayRef.sectionName of the class", section))
	}
	if open = filter(open, func(l gatewayv1.Listener) bool { return takesKind(l, k) }); len(open) == 0 {
		return refuse(fmt.Sprintf("has no listener for an %s: add one of protocol HTTP or HTTPS, "+
			"and the kind to its allowedRoutes.kinds", k.Kind))
	}
	open = filter(open, func(l gatewayv1.Listener) bool { return takesNamespace(l, in.Namespace == s.Gateway.Namespace) })
	if len(open) == 0 {
		return refuse(fmt.Sprintf("has no listener that takes routes of the namespace %s: "+
			"set allowedRoutes.namespaces of a listener", in.Namespace))
	}
	return checkHosts(in, open)
}

func filter(all []gatewayv1.Listener, keep func(gatewayv1.Listener) bool) []gatewayv1.Listener {
	return slices.DeleteFunc(slices.Clone(all), func(l gatewayv1.Listener) bool { return !keep(l) })
}

// takesKind knows the protocols for which HTTPRoute and GRPCRoute are defined
// (apis/v1/gateway_types.go, AllowedRoutes.Kinds); a protocol of an implementation's
// own may take them too.
func takesKind(l gatewayv1.Listener, k providers.Kind) bool {
	switch l.Protocol {
	case gatewayv1.TLSProtocolType, gatewayv1.TCPProtocolType, gatewayv1.UDPProtocolType:
		return false
	}
	if l.AllowedRoutes == nil || len(l.AllowedRoutes.Kinds) == 0 {
		return true
	}
	return slices.ContainsFunc(l.AllowedRoutes.Kinds, func(allowed gatewayv1.RouteGroupKind) bool {
		return string(allowed.Kind) == k.Kind && (allowed.Group == nil || string(*allowed.Group) == k.Group)
	})
}

func takesNamespace(l gatewayv1.Listener, same bool) bool {
	from := gatewayv1.NamespacesFromSame
	if a := l.AllowedRoutes; a != nil && a.Namespaces != nil && a.Namespaces.From != nil {
		from = *a.Namespaces.From
	}
	switch from {
	case gatewayv1.NamespacesFromSame:
		return same
	case gatewayv1.NamespacesFromNone:
		return false
	default:
		return true
	}
}

func checkHosts(in providers.Input, open []gatewayv1.Listener) field.ErrorList {
	var errs field.ErrorList
	for _, host := range routes.Hosts(in.Routes) {
		taken := slices.ContainsFunc(open, func(l gatewayv1.Listener) bool {
			return l.Hostname == nil || intersect(string(*l.Hostname), host)
		})
		if !taken {
			errs = append(errs, field.Invalid(routes.OfHost(in.Routes, host)[0].Field, host, fmt.Sprintf(
				"no listener of Gateway %s/%s that takes the route has this host: add a listener for it",
				in.Class.Spec.GatewayRef.Namespace, in.Class.Spec.GatewayRef.Name)))
		}
	}
	return errs
}

// intersect reports whether two hosts have names in common. Empty is every host, and
// "*." stands for one label or more (apis/v1/shared_types.go, Hostname).
func intersect(a, b string) bool {
	return a == "" || b == "" || a == b || under(a, b) || under(b, a)
}

// under reports whether host is one of those that wildcard stands for, or a narrower
// wildcard.
func under(host, wildcard string) bool {
	parent, ok := strings.CutPrefix(wildcard, "*")
	return ok && strings.HasSuffix(host, parent)
}

// RefersTo reports whether a parentRef of a route in a namespace is the Gateway of a
// class's gatewayRef, whatever the listener.
func RefersTo(p gatewayv1.ParentReference, namespace string, ref *v1alpha1.GatewayReference) bool {
	if p.Namespace != nil {
		namespace = string(*p.Namespace)
	}
	return ref != nil && isGateway(p) && string(p.Name) == ref.Name && namespace == ref.Namespace
}

func isGateway(p gatewayv1.ParentReference) bool {
	return (p.Group == nil || *p.Group == gatewayv1.GroupName) && (p.Kind == nil || *p.Kind == "Gateway")
}

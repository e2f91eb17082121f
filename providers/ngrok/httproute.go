// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package ngrok

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/annotations"
	"github.com/meshingress/meshingress/providers/internal/gatewayapi"
	"github.com/meshingress/meshingress/providers/internal/ingresses"
	"github.com/meshingress/meshingress/providers/internal/routes"
)

// ReasonListenerIsWider is the Reason of the notice that a listener of the Gateway
// sends requests for other hosts to the routes too.
const ReasonListenerIsWider = "ListenerIsWider"

// maxMatches is how many matches the rules of an HTTPRoute may have together
// (kubernetes-sigs/gateway-api apis/v1/httproute_types.go v1.6.1, HTTPRouteSpec.Rules).
const maxMatches = 128

func translateHTTPRoutes(in providers.Input) (providers.Plan, field.ErrorList) {
	errs := append(checkDefault(in), ingresses.CheckPaths(in.Routes)...)
	errs = append(errs, annotations.Check(in, uselessAnnotations())...)
	expanded := expand(in)
	errs = append(errs, checkMatches(expanded)...)
	if len(errs) > 0 {
		return providers.Plan{}, errs
	}
	plan, errs := gatewayapi.Build(expanded, gatewayapi.Style{})
	plan.Notices = append(plan.Notices, listenerNotices(in)...)
	return plan, errs
}

// uselessAnnotations are read from the Gateway, never from an HTTPRoute
// (specs/controllers/gateway-api/httproute.md, Annotations).
func uselessAnnotations() []annotations.Refusal {
	const remedy = "is not read from an HTTPRoute: set it on the Gateway"
	return []annotations.Refusal{{Key: "ngrok.com/*", Remedy: remedy}, {Key: "k8s.ngrok.com/*", Remedy: remedy}}
}

// checkMatches counts what expand has made of each host.
func checkMatches(in providers.Input) field.ErrorList {
	var errs field.ErrorList
	for _, host := range routes.Hosts(in.Routes) {
		if n := len(routes.OfHost(in.Routes, host)); n > maxMatches {
			err := field.TooMany(routes.OfHost(in.Routes, host)[0].Field, n, maxMatches)
			err.Detail = fmt.Sprintf("the host %s needs %d matches, two for each Prefix, and an HTTPRoute holds %d: "+
				"remove paths, or use a class without gatewayRef", host, n, maxMatches)
			errs = append(errs, err)
		}
	}
	return errs
}

// listenerNotices tells of the first listener that has more hosts than a route. ngrok
// puts the rules of a route among those of each listener that its host fits, and then
// forgets the host (pkg/managerdriver/translate_gatewayapi.go,
// findMatchingVHostsForXRoute and HTTPRouteToIR).
func listenerNotices(in providers.Input) []v1alpha1.Notice {
	ref, gateway := in.Class.Spec.GatewayRef, gatewayapi.Survey(in.Class, in.Objects).Gateway
	if gateway == nil {
		return nil
	}
	for _, l := range gateway.Spec.Listeners {
		i := slices.IndexFunc(in.Routes, func(r providers.Route) bool { return isWider(l, r.Host) })
		if i < 0 || (ref.SectionName != "" && ref.SectionName != string(l.Name)) {
			continue
		}
		return []v1alpha1.Notice{{
			Reason: ReasonListenerIsWider,
			Message: fmt.Sprintf("Listener %s of Gateway %s/%s has the host %s, and ngrok serves the paths of %s to all of its "+
				"names: add a listener for this host alone, and name it in gatewayRef.sectionName of a class.",
				l.Name, ref.Namespace, ref.Name, cmp.Or(hostname(l), "*"), in.Routes[i].Host),
		}}
	}
	return nil
}

func isWider(l gatewayv1.Listener, host string) bool {
	name := hostname(l)
	parent, isWildcard := strings.CutPrefix(name, "*")
	return name == "" || (isWildcard && name != host && strings.HasSuffix(host, parent))
}

func hostname(l gatewayv1.Listener) string {
	if l.Hostname == nil {
		return ""
	}
	return string(*l.Hostname)
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package ngrok

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/annotations"
	"github.com/meshingress/meshingress/providers/internal/ingresses"
	"github.com/meshingress/meshingress/providers/internal/names"
	"github.com/meshingress/meshingress/providers/internal/objects"
	"github.com/meshingress/meshingress/providers/internal/routes"
)

// translateIngress makes one Ingress for all backends: nothing on it depends on them.
func translateIngress(in providers.Input) (providers.Plan, field.ErrorList) {
	errs := append(checkDefault(in), ingresses.CheckPaths(in.Routes)...)
	errs = append(errs, annotations.Check(in, annotations.ClassRefusal())...)
	errs = append(errs, checkProtocols(in)...)
	errs = append(errs, checkHosts(in)...)
	if len(errs) > 0 {
		return providers.Plan{}, errs
	}
	ing := ingresses.New(in, names.Of(in), annotations.With(in, nil))
	ing.Spec.IngressClassName = &in.Class.IngressClassName
	ing.Spec.Rules = ingresses.Rules(expand(in).Routes)
	var plan providers.Plan
	plan.Objects = append(plan.Objects, objects.FromTyped(providers.KindIngress, ing))
	return plan, nil
}

// checkProtocols refuses spellings of HTTP/2 that ngrok does not know. It would speak
// HTTP/1.1 (pkg/managerdriver/utils.go, knownApplicationProtocols).
func checkProtocols(in providers.Input) field.ErrorList {
	known := []string{"kubernetes.io/h2c", "ngrok.com/http2", "k8s.ngrok.com/http2"}
	var errs field.ErrorList
	for _, b := range in.AllBackends() {
		if !b.H2C {
			continue
		}
		if protocol := appProtocol(in, b); protocol != "" && !slices.Contains(known, protocol) {
			errs = append(errs, field.Invalid(b.Field.Child("port"), protocol, fmt.Sprintf(
				"is an appProtocol that ngrok does not know: set that of port %d of Service %s to kubernetes.io/h2c",
				b.Port, b.Service)))
		}
	}
	return errs
}

// appProtocol of a backend's port; empty where the Service was not read.
func appProtocol(in providers.Input, b providers.Backend) string {
	svc := objects.ServiceOf(in, b)
	if svc == nil {
		return ""
	}
	i := slices.IndexFunc(svc.Spec.Ports, func(p corev1.ServicePort) bool { return p.Port == b.Port && p.AppProtocol != nil })
	if i < 0 {
		return ""
	}
	return *svc.Spec.Ports[i].AppProtocol
}

// checkHosts refuses hosts that an Ingress of others has in a way that ngrok does not
// merge with ours: it serves the first of the two by namespace and name, so ours could
// take down theirs (pkg/managerdriver/translate_ingresses.go, ingressToIR).
func checkHosts(in providers.Input) field.ErrorList {
	others := ingresses.Others(in)
	var errs field.ErrorList
	for _, host := range routes.Hosts(in.Routes) {
		for _, other := range others {
			rule := ruleOf(in.Class, other, host)
			if rule == nil {
				continue
			}
			if why := conflict(in, other, rule); why != "" {
				errs = append(errs, routes.Duplicate(routes.OfHost(in.Routes, host)[0].Field, host, fmt.Sprintf(
					"Ingress %s/%s has this host already, and %s", other.Namespace, other.Name, why)))
				break
			}
		}
	}
	return errs
}

// ruleOf is an Ingress's rule for a host; nil where there is none, or another class.
func ruleOf(class providers.Class, ing *networkingv1.Ingress, host string) *networkingv1.IngressRule {
	if name := ing.Spec.IngressClassName; name == nil || *name != class.IngressClassName {
		return nil
	}
	i := slices.IndexFunc(ing.Spec.Rules, func(r networkingv1.IngressRule) bool { return r.Host == host })
	if i < 0 {
		return nil
	}
	return &ing.Spec.Rules[i]
}

// conflict says why ngrok does not merge an Ingress with ours, and what to do; empty
// where it does.
func conflict(in providers.Input, other *networkingv1.Ingress, rule *networkingv1.IngressRule) string {
	switch {
	case other.Namespace != in.Namespace:
		return "ngrok takes a host from one namespace only: put all its paths there, or remove it from one of them"
	case other.Spec.DefaultBackend != nil:
		return "a default backend, which must be that of every Ingress of the host: make it a path there"
	case in.Default != nil && servesAll(rule) && !routes.ServesAll(in.Routes, rule.Host):
		return "all paths of it, so that the default backend would get none: leave defaultBackend out"
	}
	for _, name := range []string{"traffic-policy", "pooling-enabled"} {
		if annotation(other.Annotations, name) != annotation(in.Annotations, name) {
			return "its annotation ngrok.com/" + name + " is another: set the same in spec.template.annotations"
		}
	}
	return ""
}

func servesAll(rule *networkingv1.IngressRule) bool {
	return rule.HTTP != nil && slices.ContainsFunc(rule.HTTP.Paths, func(p networkingv1.HTTPIngressPath) bool {
		exact := p.PathType != nil && *p.PathType == networkingv1.PathTypeExact
		return p.Path == "/" && !exact
	})
}

// annotation reads one of ngrok's, by its prefix or the one before
// (internal/annotations/parser/parser.go).
func annotation(all map[string]string, name string) string {
	value, _ := annotations.Lookup(all, "ngrok.com/"+name, "k8s.ngrok.com/"+name)
	return value
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package f5nginx_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/meshingress/meshingress/providers/f5nginx"
	"github.com/meshingress/meshingress/providers/providertest"
)

func FuzzTranslate(f *testing.F) { providertest.Fuzz(f, f5nginx.New(), grammar) }

// grammar is what the controller accepts (pkg/apis/configuration/validation/
// virtualserver.go, internal/k8s/validation.go), narrowed to what NGINX reads as one
// literal word (nginx/nginx src/core/ngx_conf_file.c, ngx_conf_read_token).
func grammar(obj *unstructured.Unstructured) []error {
	switch obj.GetKind() {
	case "VirtualServer":
		vs := &virtualServer{}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(obj.Object, vs, true); err != nil {
			return []error{err}
		}
		return vs.problems()
	case "Ingress":
		ing := &networkingv1.Ingress{}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(obj.Object, ing, true); err != nil {
			return []error{err}
		}
		return problemsOf(ing)
	default:
		return []error{fmt.Errorf("a %s", obj.GetKind())}
	}
}

// wordEnds are the characters that end a word of NGINX's configuration, begin a
// variable in braces, escape, quote or comment, and those that no decoded path has.
const wordEnds = " \t\r\n;{}\\\"'#%"

var (
	literalHeader = regexp.MustCompile(`^[a-z0-9.-]+:[0-9]+$`)
	illegalPath   = regexp.MustCompile(`^/etc/|/root|/var|\\n|\\r$`)
	perIngress    = regexp.MustCompile(`^l5d-dst-override: [a-z0-9.-]+:[0-9]+$`)
)

func hostProblems(host string) []error {
	problems := validation.IsDNS1123Subdomain(strings.TrimPrefix(host, "*."))
	if len(host) > 238 || len(problems) > 0 {
		return []error{fmt.Errorf("host %q: %v", host, problems)}
	}
	return nil
}

func pathProblems(path string) []error {
	outside := strings.ContainsAny(path, wordEnds) || !strings.HasPrefix(path, "/") || strings.Contains(path, "//") ||
		slices.Contains(strings.Split(path, "/"), "..") || strings.HasPrefix(path, "/internal_location_")
	if outside {
		return []error{fmt.Errorf("path %q", path)}
	}
	return nil
}

func (vs *virtualServer) problems() []error {
	errs := hostProblems(vs.Spec.Host)
	if vs.Spec.TLS != nil && len(validation.IsDNS1123Subdomain(vs.Spec.TLS.Secret)) > 0 {
		errs = append(errs, fmt.Errorf("secret %q", vs.Spec.TLS.Secret))
	}
	var upstreams, paths []string
	for _, u := range vs.Spec.Upstreams {
		namespace, service, abroad := strings.Cut(u.Service, "/")
		if !abroad {
			namespace, service = "default", u.Service
		}
		if len(validation.IsDNS1035Label(u.Name))+len(validation.IsDNS1123Label(namespace))+
			len(validation.IsDNS1035Label(service))+len(validation.IsValidPortNum(int(u.Port))) > 0 ||
			slices.Contains(upstreams, u.Name) || !slices.Contains([]string{"", "grpc"}, u.Type) {
			errs = append(errs, fmt.Errorf("upstream %+v", u))
		}
		upstreams = append(upstreams, u.Name)
	}
	for _, r := range vs.Spec.Routes {
		errs = append(errs, pathProblems(strings.TrimPrefix(r.Path, "="))...)
		if slices.Contains(paths, r.Path) {
			errs = append(errs, fmt.Errorf("path %q twice", r.Path))
		}
		paths = append(paths, r.Path)
		errs = append(errs, r.problems(upstreams)...)
	}
	return errs
}

func (r route) problems(upstreams []string) []error {
	if len(r.Splits) == 0 {
		return actionProblems(r.Action, upstreams)
	}
	var errs []error
	var sum int64
	for _, s := range r.Splits {
		errs = append(errs, actionProblems(s.Action, upstreams)...)
		if s.Weight < 1 {
			errs = append(errs, fmt.Errorf("weight %d", s.Weight))
		}
		sum += s.Weight
	}
	if r.Action != nil || len(r.Splits) < 2 || sum != 100 {
		errs = append(errs, fmt.Errorf("splits %+v", r.Splits))
	}
	return errs
}

func actionProblems(a *action, upstreams []string) []error {
	switch {
	case a == nil || (a.Pass == "") == (a.Proxy == nil):
		return []error{fmt.Errorf("action %+v", a)}
	case a.Proxy == nil:
		if !slices.Contains(upstreams, a.Pass) {
			return []error{fmt.Errorf("no upstream %q", a.Pass)}
		}
		return nil
	}
	set := a.Proxy.RequestHeaders.Set
	if len(set) != 1 || set[0].Name != "l5d-dst-override" || !literalHeader.MatchString(set[0].Value) ||
		!slices.Contains(upstreams, a.Proxy.Upstream) {
		return []error{fmt.Errorf("proxy %+v", a.Proxy)}
	}
	return nil
}

func problemsOf(ing *networkingv1.Ingress) []error {
	var errs []error
	var services []string
	for _, rule := range ing.Spec.Rules {
		errs = append(errs, hostProblems(rule.Host)...)
		var seen []string
		for _, p := range rule.HTTP.Paths {
			errs = append(errs, pathProblems(p.Path)...)
			if _, err := regexp.Compile(p.Path); err != nil || illegalPath.MatchString(p.Path) {
				errs = append(errs, fmt.Errorf("path %q: %w", p.Path, err))
			}
			if location := string(*p.PathType) + p.Path; slices.Contains(seen, location) {
				errs = append(errs, fmt.Errorf("%s twice", location))
			} else {
				seen = append(seen, location)
			}
			services = append(services, p.Backend.Service.Name)
		}
	}
	return append(errs, annotationProblems(ing.Annotations, services)...)
}

func annotationProblems(annotations map[string]string, services []string) []error {
	var errs []error
	header, overrides := annotations["nginx.org/proxy-set-headers"]
	if overrides && !perIngress.MatchString(header) {
		errs = append(errs, fmt.Errorf("headers %q", header))
	}
	if overrides == (annotations["nginx.org/use-cluster-ip"] == "true") {
		errs = append(errs, fmt.Errorf("neither or both ways of routing: %v", annotations))
	}
	if grpc, found := annotations["nginx.org/grpc-services"]; found {
		for service := range strings.SplitSeq(grpc, ",") {
			if !slices.Contains(services, service) {
				errs = append(errs, fmt.Errorf("gRPC service %q has no route", service))
			}
		}
	}
	return errs
}

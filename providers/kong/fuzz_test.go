// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package kong_test

import (
	"fmt"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/meshingress/meshingress/providers/kong"
	"github.com/meshingress/meshingress/providers/providertest"
)

func FuzzTranslate(f *testing.F) { providertest.Fuzz(f, kong.New(), grammar) }

// grammar reads what is planned as KIC and Kong do, and says where they would see more
// than a literal.
func grammar(obj *unstructured.Unstructured) []error {
	switch obj.GetKind() {
	case "Ingress":
		return append(ingressGrammar(obj), listGrammar(obj.GetAnnotations()["konghq.com/plugins"])...)
	case "KongPlugin":
		return pluginGrammar(obj)
	case "Service":
		return serviceGrammar(obj)
	}
	return []error{fmt.Errorf("the kind %s is not expected", obj.GetKind())}
}

// serviceGrammar: KIC reads "true" and nothing else (internal/annotations/
// annotations.go, HasServiceUpstreamAnnotation), and the operator sets nothing else.
func serviceGrammar(obj *unstructured.Unstructured) []error {
	annotations := obj.GetAnnotations()
	if len(annotations) != 1 || annotations["ingress.kubernetes.io/service-upstream"] != "true" {
		return []error{fmt.Errorf("the Service gets the annotations %v", annotations)}
	}
	return nil
}

// listGrammar: the list is cut at commas, each item at its colon, and the controller's
// key at colons again (KIC internal/dataplane/kongstate/kongstate.go, buildPlugins).
// What is left must be the name of an object.
func listGrammar(list string) []error {
	if list == "" {
		return nil
	}
	var errs []error
	seen := map[string]bool{}
	for _, item := range strings.Split(list, ",") {
		namespace, name, found := strings.Cut(item, ":")
		if !found {
			namespace, name = "default", item
		}
		problems := append(validation.IsDNS1123Label(namespace), validation.IsDNS1123Subdomain(name)...)
		if seen[item] || len(problems) > 0 {
			errs = append(errs, fmt.Errorf("the plugin %q of %q is named twice or is no name", item, list))
		}
		seen[item] = true
	}
	return errs
}

func ingressGrammar(obj *unstructured.Unstructured) []error {
	var errs []error
	rules, _, _ := unstructured.NestedSlice(obj.Object, "spec", "rules")
	for _, r := range rules {
		list, _, _ := unstructured.NestedSlice(r.(map[string]any), "http", "paths")
		for _, p := range list {
			rule := p.(map[string]any)
			errs = append(errs, pathGrammar(rule["path"].(string), rule["pathType"].(string))...)
		}
	}
	return errs
}

// pathGrammar does to a path what KIC does (subtranslator/ingress.go,
// PathsFromIngressPaths and MaybePrependRegexPrefix): what Kong then takes for a
// regular expression must match the path, and no longer one but by its dots.
func pathGrammar(text, pathType string) []error {
	var errs []error
	for _, p := range kongPaths(text, pathType) {
		expression, isRegex := strings.CutPrefix(p, "~")
		if !isRegex {
			if unescaped, err := url.PathUnescape(p); err != nil || unescaped != p || !strings.HasPrefix(p, "/") {
				errs = append(errs, fmt.Errorf("%s %s: Kong compares %q otherwise than it is written", pathType, text, p))
			}
			continue
		}
		elements := strings.TrimSuffix(expression, "$")
		if !strings.HasPrefix(elements, "/") || elements == expression {
			errs = append(errs, fmt.Errorf("%s %s: the regular expression %q was a path", pathType, text, expression))
		}
		if dotted := regexp.QuoteMeta(elements); strings.ReplaceAll(dotted, `\.`, ".") != elements {
			errs = append(errs, fmt.Errorf("%s %s: the regular expression %q is no literal", pathType, text, expression))
		}
	}
	if clean := path.Clean(text); text != clean && text != clean+"/" {
		errs = append(errs, fmt.Errorf("%s %s: no request has this path", pathType, text))
	}
	return errs
}

// kongPaths are the paths of the route; "~" begins a regular expression, which "/~"
// becomes.
func kongPaths(text, pathType string) []string {
	all := []string{text}
	switch base := strings.Trim(text, "/"); {
	case pathType == "Exact":
		all = []string{"~/" + strings.TrimLeft(text, "/") + "$"}
	case pathType == "Prefix" && base == "":
		all = []string{"/"}
	case pathType == "Prefix":
		all = []string{"/" + base + "/", "~/" + base + "$"}
	}
	for i, p := range all {
		if rest, found := strings.CutPrefix(p, "/~"); found {
			all[i] = "~" + rest
		}
	}
	return all
}

// authority is what Linkerd's proxy reads of the header.
var authority = regexp.MustCompile(`^[a-z]([-a-z0-9]*[a-z0-9])?\.[a-z0-9]([-a-z0-9]*[a-z0-9])?\.svc\.cluster\.local$`)

// pluginGrammar: an entry is a name up to the first colon and a value, which Kong
// renders as a template of Penlight (kong/plugins/request-transformer/access.lua, iter
// and param_value).
func pluginGrammar(obj *unstructured.Unstructured) []error {
	added, _, _ := unstructured.NestedStringSlice(obj.Object, "config", "add", "headers")
	removed, _, _ := unstructured.NestedStringSlice(obj.Object, "config", "remove", "headers")
	if len(added) != 1 || len(removed) != 1 || removed[0] != "l5d-dst-override" {
		return []error{fmt.Errorf("adds %q and removes %q", added, removed)}
	}
	name, value, _ := strings.Cut(added[0], ":")
	host, port, _ := strings.Cut(value, ":")
	number, err := strconv.Atoi(port)
	if name != "l5d-dst-override" || !authority.MatchString(host) || err != nil || number < 1 || number > 65535 {
		return []error{fmt.Errorf("adds %q", added[0])}
	}
	if strings.ContainsAny(value, "$#") || obj.Object["plugin"] != "request-transformer" {
		return []error{fmt.Errorf("the plugin %v has the template %q", obj.Object["plugin"], value)}
	}
	return nil
}

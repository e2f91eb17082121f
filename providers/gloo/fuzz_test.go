// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gloo_test

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/meshingress/meshingress/providers/gloo"
	"github.com/meshingress/meshingress/providers/providertest"
)

func FuzzTranslate(f *testing.F) { providertest.Fuzz(f, gloo.New(), grammar) }

var (
	// pathGrammar is what Gloo takes as a path, and badInPath what it refuses of that
	// (projects/gloo/pkg/translator/route_config.go, ValidateRoutePath).
	pathGrammar = regexp.MustCompile(`^(?:([A-Za-z0-9/:@._~!$&'()*+,;=-]*|%[0-9a-fA-F]{2}))*$`)
	badInPath   = []string{"//", "/./", "/../", "%2f", "%2F", "#"}

	// plain is a value in which neither Envoy ("%") nor Inja ("{", "#") finds anything.
	plain = regexp.MustCompile(`^[a-z0-9.:-]+$`)
)

// grammar walks through a VirtualService, or what is set on Settings, by the names of
// fields. Whatever it does not know is wrong.
func grammar(obj *unstructured.Unstructured) []error {
	spec, _ := obj.Object["spec"].(map[string]any)
	if obj.GetKind() == "Settings" {
		if len(spec) == 1 && spec["linkerd"] == true {
			return nil
		}
		return []error{fmt.Errorf("sets %v", spec)}
	}
	return walk("spec", spec)
}

func walk(at string, value any) []error {
	switch v := value.(type) {
	case map[string]any:
		var errs []error
		for key, inner := range v {
			errs = append(errs, walk(at+"."+key, inner)...)
		}
		return errs
	case []any:
		var errs []error
		for _, inner := range v {
			errs = append(errs, walk(at, inner)...)
		}
		return errs
	case string:
		if err := checkText(at[strings.LastIndex(at, ".")+1:], v); err != nil {
			return []error{fmt.Errorf("%s: %w", at, err)}
		}
		return nil
	default: // a number or a boolean
		return nil
	}
}

// checkText checks a string by the last name of where it is.
func checkText(field, text string) error {
	var ok bool
	switch field {
	case "domains":
		ok = text == "*" || isDomain(text)
	case "sniDomains":
		ok = isDomain(text)
	case "exact", "prefix":
		ok = isPath(text)
	case "text", "key":
		ok = plain.MatchString(text)
	case "name":
		ok = text == ":authority" || len(validation.IsDNS1123Subdomain(text)) == 0
	case "namespace":
		ok = len(validation.IsDNS1123Label(text)) == 0
	case "value":
		ok = plain.MatchString(text) || isAuthority(text)
	}
	if !ok {
		return fmt.Errorf("%s is %q", field, text)
	}
	return nil
}

// isDomain takes what Envoy takes for an exact or a suffix match, lower case, without
// a port.
func isDomain(text string) bool {
	return len(validation.IsDNS1123Subdomain(strings.TrimPrefix(text, "*."))) == 0
}

func isPath(text string) bool {
	parsed, err := url.Parse(text)
	if err != nil || parsed.RawQuery != "" || parsed.Fragment != "" || !pathGrammar.MatchString(text) {
		return false
	}
	for _, bad := range badInPath {
		if strings.Contains(text, bad) {
			return false
		}
	}
	return !strings.HasSuffix(text, "/..") && !strings.HasSuffix(text, "/.")
}

// isAuthority takes the pattern of one label and a name: it must not match a name with
// another dot, another letter in place of a dot, or more before or after it.
func isAuthority(pattern string) bool {
	re, err := regexp.Compile("^(?:" + pattern + ")$")
	if err != nil {
		return false
	}
	name := strings.ReplaceAll(strings.TrimPrefix(pattern, `(?i)[^.]+\.`), `\`, "")
	return len(validation.IsDNS1123Subdomain(name)) == 0 &&
		re.MatchString("a."+name) && re.MatchString("A."+strings.ToUpper(name)) &&
		!re.MatchString("a.b."+name) && !re.MatchString(name) && !re.MatchString("a."+name+".b") &&
		!re.MatchString("a."+strings.ReplaceAll(name, ".", "-")+"x")
}

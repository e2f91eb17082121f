// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package traefik

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/providers/providertest"
)

func FuzzTranslate(f *testing.F) { providertest.Fuzz(f, New(), grammar) }

var (
	quoted   = regexp.MustCompile("`[^`]+`")
	skeleton = regexp.MustCompile(`^(Host|HostRegexp|Path|PathPrefix|&&|\|\||[() ])*$`)
	address  = regexp.MustCompile(`^http://[-a-z0-9.]+:[0-9]+/[-A-Za-z0-9/._~]*$`)
)

// grammar checks that in a rule nothing that a user wrote is outside of backticks,
// which quote it (traefik/traefik pkg/rules/parser.go v2.11.14 parses Go's grammar of
// raw strings), that no literal holds the braces of a variable, but for our own, and
// that an address is one. Nothing else of Traefik's is parsed.
func grammar(obj *unstructured.Unstructured) []error {
	var errs []error
	routes, _, _ := unstructured.NestedSlice(obj.Object, "spec", "routes")
	for _, route := range routes {
		rule, _ := route.(map[string]any)["match"].(string)
		if bare := quoted.ReplaceAllString(rule, ""); !skeleton.MatchString(bare) {
			errs = append(errs, fmt.Errorf("the rule %q holds %q besides its literals", rule, bare))
		}
		for _, literal := range quoted.FindAllString(rule, -1) {
			if strings.ContainsAny(strings.Replace(literal, "{subdomain:[^.]+}", "", 1), "{}\n") {
				errs = append(errs, fmt.Errorf("the rule %q holds a variable or a newline in %q", rule, literal))
			}
		}
	}
	asked, found, _ := unstructured.NestedString(obj.Object, "spec", "forwardAuth", "address")
	if found && !address.MatchString(asked) {
		errs = append(errs, fmt.Errorf("forwardAuth asks %q", asked))
	}
	return errs
}

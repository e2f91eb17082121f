// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package providertest

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/translate"
	"github.com/meshingress/meshingress/providers"
)

// shown is all that a plan says beside what its objects are called: a name may hold
// the name of a Service that the object then forgets.
type shown struct {
	scalars []string
	weights []int
}

func shownBy(result translate.Result) shown {
	var s shown
	for _, obj := range planOf(result) {
		for _, name := range []string{"name", "namespace", "labels", "ownerReferences"} {
			unstructured.RemoveNestedField(obj.Object, "metadata", name)
		}
		unstructured.RemoveNestedField(obj.Object, "metadata", "annotations", v1alpha1.OwnerAnnotation)
		s.add("", obj.Object)
	}
	for _, set := range result.Plan.Fields {
		s.scalars = append(s.scalars, set.Target.Name)
	}
	return s
}

// add leaves out what l5d-dst-override is set to: a destination names the Service,
// too, and is no route to it.
func (s *shown) add(key string, value any) {
	switch v := value.(type) {
	case map[string]any:
		for k, item := range v {
			s.scalars = append(s.scalars, k)
			if !isOverride(k) && (k != "value" || !hasOverride(v)) {
				s.add(k, item)
			}
		}
	case []any:
		for _, item := range v {
			s.add(key, item)
		}
	default:
		text := inText.ReplaceAllString(fmt.Sprint(v), "")
		s.scalars = append(s.scalars, text)
		if n, err := strconv.Atoi(text); err == nil && strings.Contains(strings.ToLower(key), "weight") {
			s.weights = append(s.weights, n)
		}
	}
}

// missing says what a plan does not show of a probe.
func (s shown) missing(p probe) []error {
	var errs []error
	for _, text := range p.texts() {
		if !s.has(text) {
			errs = append(errs, fmt.Errorf("%q is not in the plan", text))
		}
	}
	for _, n := range p.numbers() {
		if !s.has(strconv.Itoa(n)) {
			errs = append(errs, fmt.Errorf("the port %d is not in the plan", n))
		}
	}
	if p.feature == providers.FeatureWeights && !s.inProportion(30, 10) {
		errs = append(errs, fmt.Errorf("no weights in the plan are as 30 to 10, but %v", s.weights))
	}
	return errs
}

// has reports whether a text stands somewhere by itself, and not as a part of a longer
// name; a path may stand behind anything. Of a wildcard it is enough that what follows
// the first label is there, since each vendor has a grammar of its own for the rest,
// which may quote the dots.
func (s shown) has(text string) bool {
	before := `(^|[^-A-Za-z0-9])`
	if strings.HasPrefix(text, "/") {
		before = ""
	}
	token := regexp.MustCompile(before + regexp.QuoteMeta(strings.TrimPrefix(text, "*.")) + `($|[^-A-Za-z0-9])`)
	return slices.ContainsFunc(s.scalars, func(scalar string) bool {
		return token.MatchString(scalar) || token.MatchString(strings.ReplaceAll(scalar, `\`, ""))
	})
}

// inProportion reports whether two weights are as a to b. A vendor that counts in
// percent may leave the last share to the reader.
func (s shown) inProportion(a, b int) bool {
	all := slices.Clone(s.weights)
	for _, w := range s.weights {
		all = append(all, 100-w)
	}
	for _, x := range all {
		for _, y := range all {
			if x > 0 && y > 0 && x*b == y*a {
				return true
			}
		}
	}
	return false
}

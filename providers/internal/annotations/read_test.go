// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package annotations_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/providers/internal/annotations"
)

func TestLookup(t *testing.T) {
	cases := map[string]struct {
		all   map[string]string
		want  string
		found bool
	}{
		"neither":                       {nil, "", false},
		"the first":                     {map[string]string{"new/a": "1"}, "1", true},
		"the second":                    {map[string]string{"old/a": "2"}, "2", true},
		"both":                          {map[string]string{"new/a": "1", "old/a": "2"}, "1", true},
		"an empty first before another": {map[string]string{"new/a": "", "old/a": "2"}, "", true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got, found := annotations.Lookup(tc.all, "new/a", "old/a"); got != tc.want || found != tc.found {
				t.Errorf("got %q, %t, want %q, %t", got, found, tc.want, tc.found)
			}
		})
	}
}

func TestClassBefore(t *testing.T) {
	cases := map[string]struct {
		annotations map[string]string
		field, want string
	}{
		"nothing":                 {nil, "", ""},
		"the field":               {nil, "field", "field"},
		"an annotation":           {map[string]string{"own/class": "own"}, "", "own"},
		"an annotation wins":      {map[string]string{"own/class": "own"}, "field", "own"},
		"the first annotation":    {map[string]string{"own/class": "own", "other/class": "other"}, "", "own"},
		"the second annotation":   {map[string]string{"other/class": "other"}, "field", "other"},
		"an empty one":            {map[string]string{"own/class": ""}, "field", "field"},
		"an empty one before one": {map[string]string{"own/class": "", "other/class": "other"}, "field", "field"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			obj := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{}}}
			obj.SetAnnotations(tc.annotations)
			if tc.field != "" {
				obj.Object["spec"] = map[string]any{"ingressClassName": tc.field}
			}
			if got := annotations.ClassBefore(obj, "own/class", "other/class"); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

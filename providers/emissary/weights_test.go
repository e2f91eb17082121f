// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package emissary_test

import (
	"slices"
	"testing"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/emissary"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

// The first Mapping has no weight and gets the rest; no backend gets nothing, and
// weights that are not in whole percents are told.
func TestWeights(t *testing.T) {
	tests := map[string]struct {
		weights []int32
		want    []int64 // of all Mappings but the first
		rounded bool
	}{
		"one backend":                     {[]int32{7}, nil, false},
		"percents":                        {[]int32{90, 10}, []int64{10}, false},
		"what makes percents":             {[]int32{3, 1}, []int64{25}, false},
		"three that leave a third":        {[]int32{1, 1, 1}, []int64{33, 33}, true},
		"rounded to the nearest":          {[]int32{1, 2}, []int64{67}, true},
		"a little is one percent":         {[]int32{999, 1}, []int64{1}, true},
		"a first with a little keeps one": {[]int32{1, 999}, []int64{99}, true},
		"a first between little and much": {[]int32{1, 1, 9998}, []int64{1, 98}, true},
		"the greatest there are":          {[]int32{1 << 30, 1 << 30}, []int64{50}, false},
		"sixteen with one that takes most": {
			append(slices.Repeat([]int32{1}, 15), 10000), append(slices.Repeat([]int64{1}, 14), 85), true,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var backends []providers.Backend
			for i, weight := range tc.weights {
				backends = append(backends, story.Weighted(string(rune('a'+i)), weight))
			}
			in := input(to("example.com", "/", v1alpha1.PathTypePrefix, backends...))
			var got []int64
			for i, spec := range mappings(t, in) {
				weight, ok := spec["weight"].(int64)
				if i == 0 && ok {
					t.Errorf("the first Mapping has the weight %d", weight)
				}
				if i > 0 {
					got = append(got, weight)
				}
			}
			story.Diff(t, "weights", tc.want, got)
			story.Diff(t, "told", tc.rounded, slices.Contains(reasons(t, in), emissary.ReasonWeightsRounded))
		})
	}
}

func TestABackendTwiceIsOne(t *testing.T) {
	in := input(to("example.com", "/", v1alpha1.PathTypePrefix, story.Weighted("a", 50), story.Weighted("b", 25), story.Weighted("b", 25)))
	specs := mappings(t, in)
	story.Diff(t, "number", 2, len(specs))
	story.Diff(t, "weight", any(int64(50)), specs[1]["weight"])
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package f5nginx

import (
	"cmp"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
)

// ReasonWeightsRounded is the Reason of the notice on weights that are no whole
// percents.
const ReasonWeightsRounded = "WeightsRounded"

// percents splits 100 by weight, the largest remainders up, because the weights of
// splits are whole percents (pkg/apis/configuration/validation/virtualserver.go,
// validateSplits). It tells whether nothing was rounded.
func percents(backends []providers.Backend) (shares []int64, exact bool) {
	var sum int64
	for _, b := range backends {
		sum += int64(b.Weight)
	}
	left := int64(100)
	order := make([]int, len(backends))
	remainders := make([]int64, len(backends))
	for i, b := range backends {
		hundredfold := 100 * int64(b.Weight)
		shares = append(shares, hundredfold/sum)
		order[i], remainders[i] = i, hundredfold%sum
		left -= shares[i]
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(remainders[b], remainders[a]) })
	for _, i := range order[:left] {
		shares[i]++
	}
	return shares, left == 0
}

// checkShares refuses a backend for which no percent is left: it would get nothing.
func checkShares(backends []providers.Backend) ([]int64, field.ErrorList) {
	shares, _ := percents(backends)
	var errs field.ErrorList
	for i, b := range backends {
		if shares[i] == 0 {
			errs = append(errs, field.Invalid(b.Field, b.Weight,
				"is less than one percent of the weights of its path, and NGINX splits by whole percents: "+
					"raise the weight, or make it 0"))
		}
	}
	return shares, errs
}

// weightNotices tells that some weights do not hold to the dot.
func weightNotices(in providers.Input) []v1alpha1.Notice {
	rounded := slices.ContainsFunc(in.Routes, func(r providers.Route) bool {
		_, exact := percents(r.Backends)
		return !exact
	})
	if !rounded {
		return nil
	}
	return []v1alpha1.Notice{{
		Reason: ReasonWeightsRounded,
		Message: "NGINX splits requests by whole percents, so the weights of a path are rounded: " +
			"choose weights that add up to 100 to have them as they are.",
	}}
}

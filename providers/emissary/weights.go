// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package emissary

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/routes"
)

// ReasonWeightsRounded is the Reason of the notice that weights are not in whole
// percents.
const ReasonWeightsRounded = "WeightsRounded"

// share is a backend and its percentage of the requests of its route. 0 is what the
// others leave: Emissary gives it to the Mapping without weight.
type share struct {
	providers.Backend
	percent int64
}

// split turns weights into percents, and reports whether they are the same. Emissary
// adds up the weights of Mappings of one group: above 100 it takes all of them out of
// service, and below 100, where none is without weight, some requests find no Mapping
// (ir/irbasemappinggroup.py, normalize_weights_in_mappings). With the first backend
// without weight the sum is right at any moment while two backends change.
//
// A backend with a weight gets 1 percent at least.
func split(backends []providers.Backend) (shares []share, exact bool) {
	var total int64
	for _, b := range backends {
		total += int64(b.Weight)
	}
	shares, exact = []share{}, true
	for _, b := range routes.Merged(backends) {
		hundredfold := int64(b.Weight) * 100
		percent := max(1, (hundredfold+total/2)/total)
		exact = exact && percent*total == hundredfold
		shares = append(shares, share{b, percent})
	}
	shares[0].percent = 0
	return leaveOne(shares), exact
}

// leaveOne takes from the greatest shares until the first backend has 1 percent.
func leaveOne(shares []share) []share {
	for rest(shares) < 1 {
		byPercent := func(a, b share) int { return cmp.Compare(a.percent, b.percent) }
		greatest := slices.MaxFunc(shares, byPercent)
		shares[slices.IndexFunc(shares, func(s share) bool { return s.percent == greatest.percent })].percent--
	}
	return shares
}

// rest is the percentage of the backend without weight.
func rest(shares []share) int64 {
	left := int64(100)
	for _, s := range shares {
		left -= s.percent
	}
	return left
}

func roundedNotice(r providers.Route, shares []share) v1alpha1.Notice {
	texts := make([]string, 0, len(shares))
	for _, s := range shares {
		texts = append(texts, fmt.Sprintf("%d%% to %s:%d", cmp.Or(s.percent, rest(shares)), s.Service, s.Port))
	}
	return v1alpha1.Notice{
		Reason: ReasonWeightsRounded,
		Message: fmt.Sprintf("Emissary splits requests in whole percents, so those to %s%s go %s: "+
			"use weights that add up to 100 to choose.", hostname(r.Host), r.Path, strings.Join(texts, ", ")),
	}
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package linkerd

import (
	"strings"

	"k8s.io/apimachinery/pkg/util/version"
)

// IngressModeFailsRequests reports whether a version's proxies, in ingress mode, fail
// requests to a pod's address that do not send OverrideHeader: 2.13.0 to 2.13.4
// (linkerd/website tasks/using-ingress.md; linkerd/linkerd2 issue 10908), and of the edge
// releases, by their .proxy-version, those with linkerd/linkerd2-proxy from 3dec105d3
// (v2.192.0) until f0277cc77 (v2.203.1 and v2.205.0): edge-23.3.2 to edge-23.6.3. A version
// that cannot be read has no fault.
func IngressModeFailsRequests(v string) bool {
	parsed, err := version.ParseGeneric(number(v))
	if err != nil {
		return false
	}
	first, fixed := "2.13.0", "2.13.5"
	if parsed.Major() > 2 {
		first, fixed = "23.3.2", "23.7.1"
	}
	return parsed.AtLeast(version.MustParseGeneric(first)) && parsed.LessThan(version.MustParseGeneric(fixed))
}

// number is a version without its channel: stable-2.13.1, edge-23.4.1, and enterprise-2.15.1
// and preview-24.1.1 of Buoyant's distribution (its documentation, overview/versions). Edge
// releases and previews are numbered by their date.
func number(v string) string {
	if channel, rest, found := strings.Cut(v, "-"); found && !strings.ContainsAny(channel, "0123456789") {
		return rest
	}
	return v
}

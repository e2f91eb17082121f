// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package injection

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/meshingress/meshingress/internal/linkerd"
)

// skipOutbound adds the vendor's ports to those that bypass the proxy on the way out
// anyway: a pod's annotation takes the place of its Namespace's, and either that of what
// Linkerd was installed with (linkerd/linkerd2 pkg/inject/inject.go b24cd4059,
// GetConfigOverride and ProxyIgnoreOutboundPortsAnnotation; in CNI mode
// linkerd/linkerd2-proxy-init cni-plugin/main.go 183e791, outboundSkipOverride).
func (d Discovery) skipOutbound(annotations map[string]string, w Workload, c Cluster) {
	if len(d.SkipOutbound) == 0 {
		return
	}
	anyway := c.Linkerd.IgnoreOutboundPorts
	if ns := c.Namespaces[w.Namespace]; ns != nil {
		anyway = cmp.Or(ns.Annotations[linkerd.SkipOutboundPortsAnnotation], anyway)
	}
	annotations[linkerd.SkipOutboundPortsAnnotation] = unitePorts(linkerd.JoinPorts(d.SkipOutbound), anyway)
}

// mergeOutbound adds the ports of one claim to those of another.
func mergeOutbound(into, from map[string]string) {
	const key = linkerd.SkipOutboundPortsAnnotation
	if ports := unitePorts(into[key], from[key]); ports != "" {
		into[key] = ports
	}
}

// unitePorts joins lists of ports and lo-hi ranges, sorted, each once, without spaces.
// What is neither is left out: Linkerd skips nothing for it
// (linkerd/linkerd2-proxy-init pkg/util/portrange.go).
func unitePorts(lists ...string) string {
	var items []string
	for item := range strings.SplitSeq(strings.Join(lists, ","), ",") {
		if item = strings.TrimSpace(item); isPorts(item) {
			items = append(items, item)
		}
	}
	slices.SortFunc(items, func(a, b string) int {
		return cmp.Or(cmp.Compare(firstPort(a), firstPort(b)), cmp.Compare(a, b))
	})
	return strings.Join(slices.Compact(items), ",")
}

// isPorts reports whether an item is a port or a range.
func isPorts(item string) bool {
	lo, hi, isRange := strings.Cut(item, "-")
	if !isRange {
		hi = lo
	}
	from, errFrom := strconv.ParseUint(lo, 10, 16)
	to, errTo := strconv.ParseUint(hi, 10, 16)
	return errFrom == nil && errTo == nil && from <= to
}

func firstPort(item string) uint64 {
	lo, _, _ := strings.Cut(item, "-")
	port, _ := strconv.ParseUint(lo, 10, 16)
	return port
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package linkerd

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Ports is a set of ports, as SkipInboundPortsAnnotation lists them. The zero value is
// the empty set.
type Ports struct {
	ranges []portRange // sorted; between two of them is at least one port
}

type portRange struct{ lo, hi int32 }

// ParsePorts reads a list of ports and lo-hi ranges the way that Linkerd's iptables do:
// what cannot be read, a name or a number with a space, is passed over and so not skipped
// (linkerd/linkerd2-proxy-init pkg/util/portrange.go and pkg/iptables/iptables.go,
// makeMultiportDestinations, 183e791).
func ParsePorts(list string) Ports {
	var ranges []portRange
	for item := range strings.SplitSeq(list, ",") {
		lo, hi, isRange := strings.Cut(item, "-")
		if !isRange {
			hi = lo
		}
		from, errFrom := strconv.ParseInt(lo, 10, 32)
		to, errTo := strconv.ParseInt(hi, 10, 32)
		if errFrom == nil && errTo == nil && 0 <= from && from <= to && to <= maxPort {
			ranges = append(ranges, portRange{int32(from), int32(to)})
		}
	}
	return normal(ranges)
}

// PortsOf makes a set of single ports.
func PortsOf(ports ...int32) Ports {
	ranges := make([]portRange, len(ports))
	for i, p := range ports {
		ranges[i] = portRange{p, p}
	}
	return normal(ranges)
}

// Union holds the ports of all sets.
func (p Ports) Union(others ...Ports) Ports {
	ranges := slices.Clone(p.ranges)
	for _, o := range others {
		ranges = append(ranges, o.ranges...)
	}
	return normal(ranges)
}

// Contains reports whether a port is in the set.
func (p Ports) Contains(port int32) bool { return p.Covers(PortsOf(port)) }

// Covers reports whether every port of another set is in this one.
func (p Ports) Covers(other Ports) bool {
	for _, o := range other.ranges {
		within := func(r portRange) bool { return r.lo <= o.lo && o.hi <= r.hi }
		if !slices.ContainsFunc(p.ranges, within) {
			return false
		}
	}
	return true
}

// IsEmpty reports whether there is no port in the set.
func (p Ports) IsEmpty() bool { return len(p.ranges) == 0 }

// String is a value for SkipInboundPortsAnnotation: sorted, no spaces, three or more
// neighbors as a range.
func (p Ports) String() string {
	var items []string
	for _, r := range p.ranges {
		lo, hi := strconv.Itoa(int(r.lo)), strconv.Itoa(int(r.hi))
		switch r.hi - r.lo {
		case 0:
			items = append(items, lo)
		case 1:
			items = append(items, lo, hi)
		default:
			items = append(items, lo+"-"+hi)
		}
	}
	return strings.Join(items, ",")
}

// normal sorts ranges and joins those that overlap or touch. It may change its argument.
func normal(ranges []portRange) Ports {
	slices.SortFunc(ranges, func(a, b portRange) int { return cmp.Compare(a.lo, b.lo) })
	var joined []portRange
	for _, r := range ranges {
		if last := len(joined) - 1; last >= 0 && r.lo <= joined[last].hi+1 {
			joined[last].hi = max(joined[last].hi, r.hi)
			continue
		}
		joined = append(joined, r)
	}
	return Ports{joined}
}

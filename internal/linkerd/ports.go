// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package linkerd

import (
	"fmt"
	"strconv"
	"strings"
)

const maxPort = 65535

// PortsContain reports whether a list of ports and lo-hi ranges, as Linkerd's
// annotations have them, holds a port by number or by name. What cannot be read
// is passed over, as Linkerd does (linkerd/linkerd2 pkg/util/{parsing,portrange}.go).
func PortsContain(list string, number int32, name string) bool {
	for item := range strings.SplitSeq(list, ",") {
		item = strings.TrimSpace(item)
		if item != "" && item == name {
			return true
		}
		lo, hi, isRange := strings.Cut(item, "-")
		if !isRange {
			hi = lo
		}
		from, errFrom := strconv.ParseInt(lo, 10, 32)
		to, errTo := strconv.ParseInt(hi, 10, 32)
		if errFrom == nil && errTo == nil && to <= maxPort && from <= int64(number) && int64(number) <= to {
			return true
		}
	}
	return false
}

// JoinPorts makes the value of SkipInboundPortsAnnotation, as Ports.String does. No
// ports make an empty string.
func JoinPorts(ports []int32) string { return PortsOf(ports...).String() }

// ParsePort reads one port number, from 1 to 65535.
func ParsePort(s string) (int32, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 32)
	if err != nil {
		return 0, fmt.Errorf("reading port %q: %w", s, err)
	}
	if n < 1 || n > maxPort {
		return 0, fmt.Errorf("reading port %q: it is not from 1 to %d", s, maxPort)
	}
	return int32(n), nil
}

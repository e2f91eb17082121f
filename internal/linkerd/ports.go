// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package linkerd

import (
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

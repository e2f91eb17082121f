// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package names

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"

	"github.com/meshingress/meshingress/providers"
)

// maxLength fits a DNS label, which some vendors make of an object's name.
const maxLength = 63

// hashLength keeps two different names apart: 40 bits.
const hashLength = 10

// hashed names end like those that Join makes of several parts.
var hashed = regexp.MustCompile(`-[0-9a-f]{10}$`)

// Of is the name of an object that is generated for a MeshIngress: of the
// MeshIngress, of its class, so that the routes of two classes can stand side by side
// while they move from one to the other, and of what else tells it from the others.
func Of(in providers.Input, parts ...string) string {
	return Join(append([]string{in.Name, in.Class.Name}, parts...)...)
}

// OfHost is Of for the object that holds one host of a MeshIngress, "*." and a name
// included. It depends on the host alone, never on how many hosts there are, so that
// a host does not move to another object when others come.
func OfHost(in providers.Input, host string) string { return Of(in, HostParts(host)...) }

// HostParts are the parts of a name that stand for a host, "*." and a name included.
func HostParts(host string) []string {
	if base, ok := strings.CutPrefix(host, "*."); ok {
		return []string{"wildcard", base}
	}
	return []string{host}
}

// Join joins parts of lower case letters, digits, "-" and "." with "-" into a name
// of at most 63 characters, without "-" and "." at its ends. A name that is longer,
// whose parts could be cut in another place, or that could be taken for such a name
// ends in a hash of the parts, so that different parts never make the same name.
func Join(parts ...string) string {
	joined := strings.Join(parts, "-")
	if len(parts) == 1 && len(joined) <= maxLength && joined == trim(joined) && !hashed.MatchString(joined) {
		return joined
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "/")))
	hash := hex.EncodeToString(sum[:])[:hashLength]
	room := min(len(joined), maxLength-1-hashLength)
	return trim(trim(joined[:room]) + "-" + hash)
}

func trim(s string) string { return strings.Trim(s, "-.") }

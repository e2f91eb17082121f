// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package names makes names for generated objects.
package names

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
)

// maxLength fits a DNS label, which some vendors make of an object's name.
const maxLength = 63

// hashLength keeps two different names apart: 40 bits.
const hashLength = 10

// hashed names end like those that Join makes of several parts.
var hashed = regexp.MustCompile(`-[0-9a-f]{10}$`)

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

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package names makes names for generated objects.
package names

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// maxLength fits a DNS label, which some vendors make of an object's name.
const maxLength = 63

// hashLength keeps two different names apart: 40 bits.
const hashLength = 10

// Join joins parts with "-" into a name of at most 63 characters. A name that is
// longer, or whose parts could be cut in another place, ends in a hash of the
// parts, so that different parts never make the same name.
func Join(parts ...string) string {
	joined := strings.Join(parts, "-")
	if len(parts) == 1 && len(joined) <= maxLength {
		return joined
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "/")))
	hash := hex.EncodeToString(sum[:])[:hashLength]
	if room := maxLength - 1 - hashLength; len(joined) > room {
		joined = strings.TrimRight(joined[:room], "-.")
	}
	return joined + "-" + hash
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gobuild

import (
	"fmt"
	"os"
	"strconv"
	"time"
)

// SourceDate is the time that reproducible builds take for the present one: that of the
// environment variable SOURCE_DATE_EPOCH, in seconds since 1970, or 1970 itself. See
// https://reproducible-builds.org/specs/source-date-epoch.
func SourceDate() (time.Time, error) {
	value := os.Getenv("SOURCE_DATE_EPOCH")
	if value == "" {
		value = "0"
	}
	seconds, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("reading SOURCE_DATE_EPOCH: %w", err)
	}
	return time.Unix(seconds, 0).UTC(), nil
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package injection

import (
	"time"

	"github.com/meshingress/meshingress/api/v1alpha1"
)

// restartInterval is how long after a restart of a workload's pods the next one may be.
const restartInterval = 10 * time.Minute

// RestartedAt is the value of v1alpha1.RestartedAtAnnotation for a time: the next full
// second, lest the interval be shorter by a part of one.
func RestartedAt(now time.Time) string {
	return now.Add(time.Second - time.Nanosecond).UTC().Format(time.RFC3339)
}

// RestartIn is how long until the pods of a target may be restarted, given its
// annotations; 0 where they may be now. It takes no notice of a time that cannot be
// read.
func RestartIn(annotations map[string]string, now time.Time) time.Duration {
	last, err := time.Parse(time.RFC3339, annotations[v1alpha1.RestartedAtAnnotation])
	if err != nil {
		return 0
	}
	return min(max(last.Add(restartInterval).Sub(now), 0), restartInterval)
}

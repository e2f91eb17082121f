// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package injection

import (
	"slices"
	"time"

	"github.com/meshingress/meshingress/api/v1alpha1"
)

const (
	// restartInterval is how long after a restart of a workload's pods the next one may be.
	restartInterval = 10 * time.Minute

	// fruitlessInterval is the same where the pods that the last one made came up without
	// a proxy, too: whatever is the reason, restarts do not mend it.
	fruitlessInterval = time.Hour
)

// RestartedAt is the value of v1alpha1.RestartedAtAnnotation for a time: the next full
// second, lest the interval be shorter by a part of one.
func RestartedAt(now time.Time) string {
	return now.Add(time.Second - time.Nanosecond).UTC().Format(time.RFC3339)
}

// LastRestart is when the pods of a workload were restarted last, as the annotations of its
// target say or what is remembered; zero where neither does. It takes no notice of a time
// that is further in the future than clocks differ: somebody has written that, and it would
// forbid restarts until then.
func LastRestart(annotations map[string]string, remembered []time.Time, now time.Time) time.Time {
	var last time.Time
	if at, err := time.Parse(time.RFC3339, annotations[v1alpha1.RestartedAtAnnotation]); err == nil {
		remembered = append(slices.Clone(remembered), at)
	}
	for _, at := range remembered {
		if at.After(last) && !at.After(now.Add(restartInterval)) {
			last = at
		}
	}
	return last
}

// RestartIn is how long until the pods of a workload may be restarted, given the time of
// the last restart and of the making of the first pod that came up without its proxy; 0
// where they may be now. A pod made within ten minutes of a restart counts as made by it.
func RestartIn(last, made, now time.Time) time.Duration {
	interval := restartInterval
	if made.Before(last.Add(restartInterval)) {
		interval = fruitlessInterval
	}
	return max(last.Add(interval).Sub(now), 0)
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package injection_test

import (
	"testing"
	"time"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/injection"
)

func TestRestartIn(t *testing.T) {
	now := day(1).Time
	for name, tc := range map[string]struct {
		last string
		want time.Duration
	}{
		"never restarted":          {"", 0},
		"just now":                 {injection.RestartedAt(now), 10 * time.Minute},
		"four minutes ago":         {injection.RestartedAt(now.Add(-4 * time.Minute)), 6 * time.Minute},
		"ten minutes ago":          {injection.RestartedAt(now.Add(-10 * time.Minute)), 0},
		"long ago":                 {"2020-02-02T02:02:02Z", 0},
		"by a clock that is ahead": {injection.RestartedAt(now.Add(time.Hour)), 10 * time.Minute},
		"no time":                  {"yesterday", 0},
	} {
		t.Run(name, func(t *testing.T) {
			got := injection.RestartIn(map[string]string{v1alpha1.RestartedAtAnnotation: tc.last}, now)
			if got != tc.want {
				t.Errorf("in %s, want %s", got, tc.want)
			}
		})
	}
}

// A time with seconds only must not let the next restart come too soon.
func TestRestartedAtIsNeverEarly(t *testing.T) {
	at := time.Date(2026, 1, 1, 13, 0, 0, 1, time.FixedZone("east", 3600))
	if got := injection.RestartedAt(at); got != "2026-01-01T12:00:01Z" {
		t.Errorf("restarted at %s", got)
	}
}

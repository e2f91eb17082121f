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
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	for name, tc := range map[string]struct {
		last, made time.Time
		want       time.Duration
	}{
		"never":                                {time.Time{}, ago(0), 0},
		"just now, pods made otherwise":        {ago(0), now.Add(time.Hour), 10 * time.Minute},
		"long ago, and pods made just now":     {ago(oneDay), ago(0), 0},
		"its pods are without a proxy":         {ago(20 * time.Minute), ago(19 * time.Minute), 40 * time.Minute},
		"its pods are so for an hour":          {ago(time.Hour), ago(59 * time.Minute), 0},
		"and others came up after ten minutes": {ago(20 * time.Minute), ago(10 * time.Minute), 0},
		"by a clock that is a little ahead":    {now.Add(time.Minute), now.Add(time.Hour), 11 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			if got := injection.RestartIn(tc.last, tc.made, now); got != tc.want {
				t.Errorf("in %s, want %s", got, tc.want)
			}
		})
	}
}

const oneDay = 24 * time.Hour

func TestLastRestart(t *testing.T) {
	now := day(1).Time
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	for name, tc := range map[string]struct {
		annotation string
		remembered []time.Time
		want       time.Time
	}{
		"nowhere":                        {"", nil, time.Time{}},
		"on the target":                  {injection.RestartedAt(now), nil, now},
		"on the target, and before":      {injection.RestartedAt(now), []time.Time{ago(time.Hour)}, now},
		"removed from the target":        {"", []time.Time{ago(time.Hour), ago(time.Minute)}, ago(time.Minute)},
		"set back on the target":         {"2020-02-02T02:02:02Z", []time.Time{ago(time.Minute)}, ago(time.Minute)},
		"no time":                        {"yesterday", nil, time.Time{}},
		"by a clock that is ahead":       {injection.RestartedAt(now.Add(time.Minute)), nil, now.Add(time.Minute)},
		"in a year, as somebody says":    {injection.RestartedAt(now.Add(365 * oneDay)), []time.Time{ago(time.Minute)}, ago(time.Minute)},
		"in a year, and nobody knows of": {injection.RestartedAt(now.Add(365 * oneDay)), nil, time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			annotations := map[string]string{v1alpha1.RestartedAtAnnotation: tc.annotation}
			if got := injection.LastRestart(annotations, tc.remembered, now); !got.Equal(tc.want) {
				t.Errorf("%s, want %s", got, tc.want)
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

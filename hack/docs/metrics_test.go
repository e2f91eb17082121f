// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/meshingress/meshingress/internal/metrics"
)

func TestMetricsPage(t *testing.T) {
	got := metricsPage(
		[]metrics.Definition{{
			Name: "boxes_total", Type: metrics.TypeCounter, Help: "Boxes made.", Use: "More is better.",
			Labels: []metrics.Label{{Name: "lid", Values: "open or shut"}, {Name: "size", Values: "a number"}},
		}},
		[]metrics.Definition{{Name: "memory_bytes", Type: metrics.TypeGauge, Help: "Memory in use."}},
		[]alert{{
			Name: "BoxStuck", For: "5m", Labels: map[string]string{"severity": "warning"},
			Annotations: map[string]string{"summary": "Box {{ $labels.name }} is stuck."},
		}},
	)
	cases := map[string]string{
		"a metric":            "### boxes_total\n\nCounter, by `lid`, `size`. Boxes made.\n\nMore is better.\n\n- `lid`: open or shut\n- `size`: a number\n",
		"a metric of another": "| `memory_bytes` | gauge | | Memory in use. |\n",
		"an alert":            "| [BoxStuck](runbooks/BoxStuck.md) | warning | 5m | Box *name* is stuck. |\n",
	}
	for name, want := range cases {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(got, want) {
				t.Errorf("the page lacks\n%s\nin\n%s", want, got)
			}
		})
	}
}

func TestReadAlerts(t *testing.T) {
	tests := map[string]struct{ content, err string }{
		"no YAML":   {"a: b: c", "reading"},
		"no alerts": {"spec: {groups: []}", "no alerts"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "rule.yaml")
			if err := os.WriteFile(path, []byte(tt.content), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := readAlerts(path); err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("readAlerts() = %v, want an error with %q", err, tt.err)
			}
		})
	}
}

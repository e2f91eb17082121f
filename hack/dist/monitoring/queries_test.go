// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package monitoring_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshingress/meshingress/hack/dist/monitoring"
	"github.com/meshingress/meshingress/internal/metrics"
)

func TestUsed(t *testing.T) {
	tests := map[string]struct {
		query string
		want  []string
		err   string
	}{
		"a metric of the operator": {
			query: `sum by (class) (meshingress_routes{strategy="Header",namespace="x"})`, want: []string{"meshingress_routes"},
		},
		"a histogram": {
			query: `histogram_quantile(0.9, sum by (le) (rate(controller_runtime_reconcile_time_seconds_bucket[5m])))`,
			want:  []string{"controller_runtime_reconcile_time_seconds"},
		},
		"two metrics": {
			query: `workqueue_depth and on (job) meshingress_build_info`, want: []string{"meshingress_build_info", "workqueue_depth"},
		},
		"no PromQL":               {query: `sum(`, err: "parse"},
		"an unknown metric":       {query: `up == 0`, err: "no metric up"},
		"a histogram by its name": {query: `controller_runtime_reconcile_time_seconds`, err: "no metric"},
		"an unknown label":        {query: `meshingress_routes{host="x"}`, err: "no label host"},
		"grouping by a label of no metric": {
			query: `max by (reason) (meshingress_routes)`, err: "label reason",
		},
		"joining on a label of no metric": {
			query: `meshingress_routes and on (reason) meshingress_build_info`, err: "label reason",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			used, err := monitoring.Used(tt.query)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("Used() = %v, want an error with %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, names(used)); diff != "" {
				t.Errorf("metrics (-want +got):\n%s", diff)
			}
		})
	}
}

// What the alerts and the dashboard use of controller-runtime's metrics is what the
// documentation lists of them.
func TestEveryRuntimeMetricThatIsListedIsUsed(t *testing.T) {
	var used []string
	for _, query := range append(alertQueries(t), dashboardQueries(t)...) {
		definitions, err := monitoring.Used(query)
		if err != nil {
			t.Error(err)
		}
		used = append(used, names(definitions)...)
	}
	for _, d := range definitions() {
		if !slices.Contains(used, d.Name) {
			t.Errorf("no alert and no panel uses %s", d.Name)
		}
	}
}

func definitions() []metrics.Definition {
	return append(metrics.Definitions(), metrics.Runtime()...)
}

// names are sorted, each once.
func names(definitions []metrics.Definition) []string {
	var all []string
	for _, d := range definitions {
		all = append(all, d.Name)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

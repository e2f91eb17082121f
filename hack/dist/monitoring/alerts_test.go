// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package monitoring_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/rules"
	"sigs.k8s.io/yaml"

	"github.com/meshingress/meshingress/hack/dist/monitoring"
	"github.com/meshingress/meshingress/internal/metrics"
)

// interval is between two scrapes, and between two evaluations.
const interval = time.Minute

// scenario is what Prometheus has scraped, and what fires then.
type scenario struct {
	// Name says what has happened.
	Name string `json:"name"`

	// Series has the samples of each series, a minute apart, in promtool's notation.
	Series map[string]string `json:"series"`

	// At is when it must fire, after the first sample, or until when it must not.
	At string `json:"at"`

	// Fires are the labels of what fires, beside the severity; nothing for silence.
	Fires []map[string]string `json:"fires,omitempty"`
}

// Each alert fires where it should, with the labels by which it is routed, and is silent
// where it should not.
func TestAlerts(t *testing.T) {
	for _, alert := range alerts(t) {
		t.Run(alert.Alert, func(t *testing.T) {
			fired, silent := 0, 0
			for _, s := range scenarios(t, alert.Alert) {
				if len(s.Fires) > 0 {
					fired++
				} else {
					silent++
				}
				t.Run(s.Name, func(t *testing.T) {
					want := []map[string]string{}
					for _, l := range s.Fires {
						l = maps.Clone(l)
						l["severity"], l[labels.AlertName] = alert.Labels["severity"], alert.Alert
						want = append(want, l)
					}
					got := []map[string]string{}
					evaluate(t, s, func(now map[string][]map[string]string) {
						// Where it should be silent, it is so all the time.
						if fires := now[alert.Alert]; len(s.Fires) > 0 || len(fires) > 0 {
							got = fires
						}
					})
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("%s fires (-want +got):\n%s", alert.Alert, diff)
					}
				})
			}
			if fired == 0 || silent == 0 {
				t.Errorf("%d scenarios in which it fires and %d in which it does not, want both", fired, silent)
			}
		})
	}
}

// Nothing fires where all is well, and the scenario of that has every metric.
func TestNoAlertWhereAllIsWell(t *testing.T) {
	for _, s := range scenarios(t, "healthy") {
		t.Run(s.Name, func(t *testing.T) {
			for _, d := range definitions() {
				if !slices.ContainsFunc(slices.Collect(maps.Keys(s.Series)), isOf(d)) {
					t.Errorf("there is no %s", d.Name)
				}
			}
			evaluate(t, s, func(now map[string][]map[string]string) {
				for alert, fires := range now {
					if len(fires) > 0 {
						t.Errorf("%s fires: %v", alert, fires)
					}
				}
			})
		})
	}
}

func isOf(d metrics.Definition) func(series string) bool {
	return func(series string) bool {
		name, _, _ := strings.Cut(series, "{")
		found, _ := monitoring.Find(name)
		return found.Name == d.Name
	}
}

// scenarios reads testdata/<name>.yaml.
func scenarios(t *testing.T, name string) []scenario {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", name+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var list []scenario
	if err := yaml.UnmarshalStrict(content, &list); err != nil {
		t.Fatal(err)
	}
	for _, s := range list {
		for series := range s.Series {
			if _, err := monitoring.Used(series); err != nil {
				t.Error(err)
			}
		}
	}
	return list
}

// evaluate evaluates all rules from minute to minute, as Prometheus does, and hands over
// the labels of what fires each time, by alert, in the order of the labels.
func evaluate(t *testing.T, s scenario, see func(firing map[string][]map[string]string)) {
	t.Helper()
	at, err := time.ParseDuration(s.At)
	if err != nil {
		t.Fatal(err)
	}
	prometheus := load(t, s)
	groups := loadGroups(t, prometheus)
	for now := time.Duration(0); now <= at; now += interval {
		prometheus.WithSamplesTill(time.Unix(0, 0).UTC().Add(now), func(err error) {
			if err != nil {
				t.Fatal(err)
			}
			for _, g := range groups {
				g.Eval(prometheus.Context(), time.Unix(0, 0).UTC().Add(now))
			}
		})
		see(collect(t, groups))
	}
}

// load gives the series of a scenario to a Prometheus.
func load(t *testing.T, s scenario) *promqltest.LazyLoader {
	t.Helper()
	var input strings.Builder
	fmt.Fprintln(&input, "load 1m")
	for series, values := range s.Series {
		fmt.Fprintf(&input, "  %s %s\n", series, values)
	}
	prometheus, err := promqltest.NewLazyLoader(input.String(), promqltest.LazyLoaderOpts{
		EnableAtModifier: true, EnableNegativeOffset: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = prometheus.Close() })
	return prometheus
}

func loadGroups(t *testing.T, prometheus *promqltest.LazyLoader) []*rules.Group {
	t.Helper()
	manager := rules.NewManager(&rules.ManagerOptions{
		QueryFunc:  rules.EngineQueryFunc(prometheus.QueryEngine(), prometheus.Storage()),
		Appendable: prometheus.Storage(), Context: t.Context(), Logger: slog.New(slog.DiscardHandler),
		NotifyFunc: func(context.Context, string, ...*rules.Alert) {}, Parser: monitoring.NewParser(),
		GroupLoader: loader{},
	})
	loaded, errs := manager.LoadGroups(interval, labels.EmptyLabels(), "", nil, false, rulePath)
	for _, err := range errs {
		t.Error(err)
	}
	return slices.Collect(maps.Values(loaded))
}

// loader reads a PrometheusRule where Prometheus reads its own files.
type loader struct{}

// Load implements rules.GroupLoader.
func (loader) Load(path string, _ bool, _ model.ValidationScheme) (*rulefmt.RuleGroups, []error) {
	groups, err := monitoring.ReadRules(path)
	if err != nil {
		return nil, []error{err}
	}
	return groups, nil
}

// Parse implements rules.GroupLoader.
func (loader) Parse(query string) (parser.Expr, error) {
	return monitoring.NewParser().ParseExpr(query)
}

func collect(t *testing.T, groups []*rules.Group) map[string][]map[string]string {
	t.Helper()
	firing := map[string][]map[string]string{}
	for _, g := range groups {
		for _, r := range g.AlertingRules() {
			if r.LastError() != nil {
				t.Errorf("%s: %v", r.Name(), r.LastError())
			}
			firing[r.Name()] = []map[string]string{}
			active := r.ActiveAlerts()
			slices.SortFunc(active, func(a, b *rules.Alert) int { return labels.Compare(a.Labels, b.Labels) })
			for _, a := range active {
				a.Annotations.Range(func(l labels.Label) {
					if strings.Contains(l.Value, "<no value>") || strings.Contains(l.Value, "<error") {
						t.Errorf("%s: the %s is %q", r.Name(), l.Name, l.Value)
					}
				})
				if a.State == rules.StateFiring {
					firing[r.Name()] = append(firing[r.Name()], a.Labels.Map())
				}
			}
		}
	}
	return firing
}

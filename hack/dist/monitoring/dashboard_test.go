// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package monitoring_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/meshingress/meshingress/hack/dist/monitoring"
)

const dashboardPath = root + "/config/grafana/meshingress.json"

func dashboard(t *testing.T) *monitoring.Dashboard {
	t.Helper()
	d, err := monitoring.ReadDashboard(dashboardPath)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func dashboardQueries(t *testing.T) []string {
	t.Helper()
	return dashboard(t).Queries()
}

func TestTheDashboardCanBeImported(t *testing.T) {
	d := dashboard(t)
	if d.ID != nil || d.UID != "meshingress" || d.Title == "" || d.SchemaVersion < 36 || len(d.Panels) == 0 {
		t.Errorf("id %v, uid %q, title %q, schema %d, %d panels", d.ID, d.UID, d.Title, d.SchemaVersion, len(d.Panels))
	}
	ids := map[int]bool{}
	for i, p := range d.Panels {
		if ids[p.ID] || p.ID == 0 || p.Title == "" {
			t.Errorf("panel %d %q: an id of its own and a title are needed", p.ID, p.Title)
		}
		ids[p.ID] = true
		if p.GridPos.W < 1 || p.GridPos.H < 1 || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("panel %q is outside the grid: %+v", p.Title, p.GridPos)
		}
		for _, other := range d.Panels[:i] {
			if overlap(p.GridPos, other.GridPos) {
				t.Errorf("panel %q lies on %q", p.Title, other.Title)
			}
		}
	}
}

func overlap(a, b monitoring.GridPos) bool {
	return a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H
}

// Every panel says what it shows, and asks the data source that the viewer chooses.
func TestThePanels(t *testing.T) {
	known := []string{"row", "stat", "table", "timeseries"}
	for _, p := range dashboard(t).Panels {
		if !slices.Contains(known, p.Type) {
			t.Errorf("panel %q is of type %s, want one of %v", p.Title, p.Type, known)
		}
		if p.Type == "row" {
			continue
		}
		if p.Description == "" || len(p.Targets) == 0 {
			t.Errorf("panel %q needs a description and a query", p.Title)
		}
		sources, refs := []*monitoring.Datasource{p.Datasource}, []string{}
		for _, target := range p.Targets {
			sources, refs = append(sources, target.Datasource), append(refs, target.RefID)
		}
		for _, source := range sources {
			if source == nil || *source != (monitoring.Datasource{Type: "prometheus", UID: "${datasource}"}) {
				t.Errorf("panel %q: data source %+v, want the variable", p.Title, source)
			}
		}
		if slices.Sort(refs); len(slices.Compact(refs)) != len(p.Targets) {
			t.Errorf("panel %q: two queries have one refId", p.Title)
		}
	}
}

// Each variable that is used is declared, or Grafana's own.
func TestTheVariables(t *testing.T) {
	d := dashboard(t)
	declared := []string{"__rate_interval"}
	for _, v := range d.Templating.List {
		declared = append(declared, v.Name)
		if v.Datasource != nil && v.Datasource.UID != "${datasource}" {
			t.Errorf("variable %s asks the data source %s, want the variable", v.Name, v.Datasource.UID)
		}
	}
	text := read(t, dashboardPath)
	for _, used := range regexp.MustCompile(`\$\{?(\w+)`).FindAllStringSubmatch(text, -1) {
		if !slices.Contains(declared, used[1]) {
			t.Errorf("variable %s is not declared", used[1])
		}
	}
	for _, name := range declared {
		if !strings.Contains(text, "$"+name) && !strings.Contains(text, "${"+name+"}") {
			t.Errorf("variable %s is not used", name)
		}
	}
}

// On a healthy cluster each panel shows something, but for those of troubles.
func TestThePanelsShowSomething(t *testing.T) {
	troubles := []string{"Not ready", "Needs attention", "Hazards"}
	prometheus := load(t, scenarios(t, "healthy")[0])
	at := time.Unix(0, 0).UTC().Add(time.Hour)
	prometheus.WithSamplesTill(at, func(err error) {
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range dashboard(t).Panels {
			for _, query := range (&monitoring.Dashboard{Panels: []monitoring.Panel{p}}).Queries() {
				q, err := prometheus.QueryEngine().NewInstantQuery(t.Context(), prometheus.Queryable(), nil,
					strings.ReplaceAll(query, "$class", ".*"), at)
				if err != nil {
					t.Fatal(err)
				}
				found, err := q.Exec(t.Context()).Vector()
				if err != nil || (len(found) == 0) != slices.Contains(troubles, p.Title) {
					t.Errorf("panel %q: %v, %v", p.Title, found, err)
				}
			}
		}
	})
}

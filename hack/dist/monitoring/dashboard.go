// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package monitoring

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// Dashboard is what Grafana needs of a dashboard, of the fields that this one has: schema
// version 39 of the "JSON model" in Grafana's documentation, grafana/grafana
// docs/sources/visualizations/dashboards/build-dashboards/view-dashboard-json-model/index.md.
type Dashboard struct {
	// UID stays, so that links to the dashboard do.
	UID           string   `json:"uid"`
	Title         string   `json:"title"`
	Description   string   `json:"description"`
	Tags          []string `json:"tags"`
	SchemaVersion int      `json:"schemaVersion"`

	// ID is Grafana's own, and must not be in a file.
	ID *int `json:"id"`

	Panels     []Panel `json:"panels"`
	Templating struct {
		List []Variable `json:"list"`
	} `json:"templating"`
}

// Panel is a panel, or the heading of a row of them.
type Panel struct {
	ID          int         `json:"id"`
	Type        string      `json:"type"`
	Title       string      `json:"title"`
	Description string      `json:"description"`
	Datasource  *Datasource `json:"datasource"`
	GridPos     GridPos     `json:"gridPos"`
	Targets     []Target    `json:"targets"`
}

// GridPos is where a panel is, on a grid 24 wide.
type GridPos struct {
	H int `json:"h"`
	W int `json:"w"`
	X int `json:"x"`
	Y int `json:"y"`
}

// Target is a query of a panel.
type Target struct {
	RefID      string      `json:"refId"`
	Datasource *Datasource `json:"datasource"`
	Expr       string      `json:"expr"`
}

// Datasource is where a query goes.
type Datasource struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

// Variable is what a viewer may choose.
type Variable struct {
	Name  string `json:"name"`
	Type  string `json:"type"`
	Query string `json:"query"`

	// Datasource of a query; a variable that chooses one has none.
	Datasource *Datasource `json:"datasource"`
}

// ReadDashboard reads a dashboard.
func ReadDashboard(path string) (*Dashboard, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the dashboard: %w", err)
	}
	var d Dashboard
	if err := json.Unmarshal(content, &d); err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return &d, nil
}

// Queries are all queries of the dashboard, in PromQL: Grafana's own variables and
// functions are replaced by what they may stand for.
func (d *Dashboard) Queries() []string {
	var queries []string
	for _, p := range d.Panels {
		for _, t := range p.Targets {
			queries = append(queries, strings.ReplaceAll(t.Expr, "$__rate_interval", "5m"))
		}
	}
	for _, v := range d.Templating.List {
		// label_values(metric, label)
		if values, ok := strings.CutPrefix(v.Query, "label_values("); ok {
			metric, label, _ := strings.Cut(strings.TrimSuffix(values, ")"), ", ")
			queries = append(queries, fmt.Sprintf("count by (%s) (%s)", label, metric))
		}
	}
	return queries
}

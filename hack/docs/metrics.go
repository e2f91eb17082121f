// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/meshingress/meshingress/internal/metrics"
)

// alert is an alert of a PrometheusRule.
type alert struct {
	Name        string            `json:"alert"`
	For         string            `json:"for"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

// readAlerts reads the alerts of a PrometheusRule, in the order of the file.
func readAlerts(path string) ([]alert, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the alerts: %w", err)
	}
	var rule struct {
		Spec struct {
			Groups []struct {
				Rules []alert `json:"rules"`
			} `json:"groups"`
		} `json:"spec"`
	}
	if err := yaml.Unmarshal(content, &rule); err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	var alerts []alert
	for _, group := range rule.Spec.Groups {
		alerts = append(alerts, group.Rules...)
	}
	if len(alerts) == 0 {
		return nil, fmt.Errorf("%s has no alerts", path)
	}
	return alerts, nil
}

// metricsPage tells the metrics and the alerts.
func metricsPage(own, runtime []metrics.Definition, alerts []alert) string {
	p := &page{}
	p.heading(1, "Metrics and alerts")
	p.paragraph("How to have them scraped, and how to import the dashboard: [observability](observability.md).")
	p.heading(2, "Metrics of the operator")
	p.paragraph("The replica that leads tells the state of MeshIngresses and classes, as it is when it is asked; " +
		"the other one tells only its build, so nothing is counted twice. The namespace of an object is in the " +
		"label `resource_namespace`: `namespace` is where the operator runs.")
	for _, d := range own {
		p.heading(3, "%s", d.Name)
		p.paragraph("%s, %s. %s", strings.ToUpper(string(d.Type[:1]))+string(d.Type[1:]), labels(d), d.Help)
		p.paragraph("%s", d.Use)
		var items []string
		for _, l := range d.Labels {
			items = append(items, code(l.Name)+": "+l.Values)
		}
		p.list(items)
	}
	p.heading(2, "Metrics of controller-runtime")
	p.paragraph("The operator exposes all metrics of controller-runtime, client-go and the Go client of Prometheus. " +
		"The alerts and the dashboard use these. Other programs expose the same names; " +
		"`and on (job, instance) meshingress_build_info` keeps to the operator.")
	var rows [][]string
	for _, d := range runtime {
		rows = append(rows, []string{code(d.Name), string(d.Type), codes(d.LabelNames()), d.Help})
	}
	p.table([]string{"Metric", "Type", "Labels", "Meaning"}, rows)
	writeAlerts(p, alerts)
	return p.String()
}

func labels(d metrics.Definition) string {
	if len(d.Labels) == 0 {
		return "no labels"
	}
	return "by " + codes(d.LabelNames())
}

// writeAlerts writes a table of alerts, each with its runbook.
func writeAlerts(p *page, alerts []alert) {
	p.heading(2, "Alerts")
	p.paragraph("They are in [config/prometheus/rule.yaml](../config/prometheus/rule.yaml). The name leads to what to do.")
	template := strings.NewReplacer("{{ $labels.", "*", " }}", "*")
	var rows [][]string
	for _, a := range alerts {
		rows = append(rows, []string{
			fmt.Sprintf("[%s](runbooks/%s.md)", a.Name, a.Name), a.Labels["severity"], a.For,
			template.Replace(a.Annotations["summary"]),
		})
	}
	p.table([]string{"Alert", "Severity", "After", "Says"}, rows)
}

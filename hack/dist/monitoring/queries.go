// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package monitoring

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/meshingress/meshingress/internal/metrics"
)

// targetLabels are those that Prometheus, or the Prometheus Operator, sets on whatever it
// scrapes.
var targetLabels = []string{"job", "instance", "namespace", "pod", "container", "service", "endpoint"}

// Used are the definitions of the metrics that a query asks for. That a query asks for a
// metric that is not exposed, or for a label that none of its metrics has, is an error.
func Used(query string) ([]metrics.Definition, error) {
	expr, err := NewParser().ParseExpr(query)
	if err != nil {
		return nil, fmt.Errorf("parsing %q: %w", query, err)
	}
	var used []metrics.Definition
	for _, selectors := range parser.ExtractSelectors(expr) {
		d, err := check(selectors)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", query, err)
		}
		used = append(used, d)
	}
	known := targetLabels
	for _, d := range used {
		known = append(slices.Clone(known), labelNames(d)...)
	}
	for _, label := range grouped(expr) {
		if !slices.Contains(known, label) {
			return nil, fmt.Errorf("%q: no metric in it has the label %s", query, label)
		}
	}
	return used, nil
}

// check finds the metric of a selector, and its labels in the definition.
func check(matchers []*labels.Matcher) (metrics.Definition, error) {
	var d metrics.Definition
	for _, m := range matchers {
		if m.Name == model.MetricNameLabel {
			found, ok := Find(m.Value)
			if !ok {
				return d, fmt.Errorf("the operator exposes no metric %s", m.Value)
			}
			d = found
		}
	}
	for _, m := range matchers {
		if m.Name != model.MetricNameLabel && !slices.Contains(append(labelNames(d), targetLabels...), m.Name) {
			return d, fmt.Errorf("%s has no label %s", d.Name, m.Name)
		}
	}
	return d, nil
}

// Find returns the definition of the metric that has a series of a name.
func Find(series string) (metrics.Definition, bool) {
	for _, d := range append(metrics.Definitions(), metrics.Runtime()...) {
		rest, isPrefix := strings.CutPrefix(series, d.Name)
		parts := []string{""}
		if d.Type == metrics.TypeHistogram {
			parts = []string{"_bucket", "_count", "_sum"}
		}
		if isPrefix && slices.Contains(parts, rest) {
			return d, true
		}
	}
	return metrics.Definition{}, false
}

func labelNames(d metrics.Definition) []string {
	names := d.LabelNames()
	if d.Type == metrics.TypeHistogram {
		names = append(names, "le")
	}
	return names
}

// grouped are the labels that a query aggregates and joins by.
func grouped(expr parser.Expr) []string {
	var names []string
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		switch n := node.(type) {
		case *parser.AggregateExpr:
			names = append(names, n.Grouping...)
		case *parser.BinaryExpr:
			if n.VectorMatching != nil {
				names = append(names, n.VectorMatching.MatchingLabels...)
				names = append(names, n.VectorMatching.Include...)
			}
		}
		return nil
	})
	return names
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package monitoring

import (
	"fmt"
	"log/slog"
	"os"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"sigs.k8s.io/yaml"
)

// NewParser returns a parser of PromQL without experimental features.
func NewParser() parser.Parser { return parser.NewParser(parser.Options{}) }

// ReadRules reads the spec of a PrometheusRule as Prometheus reads a file of rules:
// unknown fields, bad queries and bad templates are errors.
func ReadRules(path string) (*rulefmt.RuleGroups, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the alerts: %w", err)
	}
	var resource struct {
		Spec map[string]any `json:"spec"`
	}
	if err := yaml.Unmarshal(content, &resource); err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	spec, err := yaml.Marshal(resource.Spec)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	groups, errs := rulefmt.Parse(spec, false, model.UTF8Validation, NewParser(), slog.New(slog.DiscardHandler))
	if len(errs) > 0 {
		return nil, fmt.Errorf("reading %s: %w", path, errs[0])
	}
	return groups, nil
}

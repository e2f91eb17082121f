// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics

import "github.com/prometheus/client_golang/prometheus"

// Type is that of a metric, in Prometheus' words.
type Type string

// The types in use.
const (
	TypeCounter   Type = "counter"
	TypeGauge     Type = "gauge"
	TypeHistogram Type = "histogram"
)

// Definition says what a metric is.
type Definition struct {
	// Name of the metric.
	Name string

	Type Type

	// Help is the sentence that is exposed with it.
	Help string

	// Labels, in the order in which their values are given.
	Labels []Label

	// Use tells what to read from it, for the documentation.
	Use string
}

// Label is a label of a metric.
type Label struct {
	Name string

	// Values tells which there are, in words, and so how many.
	Values string
}

// LabelNames are the names of the labels, in order.
func (d Definition) LabelNames() []string {
	names := make([]string, 0, len(d.Labels))
	for _, l := range d.Labels {
		names = append(names, l.Name)
	}
	return names
}

func (d Definition) desc() *prometheus.Desc {
	return prometheus.NewDesc(d.Name, d.Help, d.LabelNames(), nil)
}

func (d Definition) counter() *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: d.Name, Help: d.Help}, d.LabelNames())
}

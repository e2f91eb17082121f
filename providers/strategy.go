// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package providers

import (
	"fmt"
	"slices"
	"strings"

	"github.com/meshingress/meshingress/api/v1alpha1"
)

// ChooseStrategy picks the vendor's first way that fits the class's routing and
// what is served. Auto passes over opt-in ways. The error says what is missing
// and is meant for the class's status.
func ChooseStrategy(d Description, routing v1alpha1.Routing, served Served) (StrategySupport, error) {
	var missing []string
	for _, s := range d.Strategies {
		if !fits(s, routing) {
			continue
		}
		lacks := unserved(s.Needs, served)
		if len(lacks) == 0 {
			return s, nil
		}
		if text := strings.Join(lacks, " and "); !slices.Contains(missing, text) {
			missing = append(missing, text)
		}
	}
	if len(missing) == 0 {
		return StrategySupport{}, &UnsupportedRoutingError{Title: d.Title, Routing: routing}
	}
	return StrategySupport{}, &NotServedError{Title: d.Title, Missing: missing}
}

func fits(s StrategySupport, routing v1alpha1.Routing) bool {
	if routing == v1alpha1.RoutingAuto || routing == "" {
		return !s.OptIn
	}
	return string(s.Strategy) == string(routing)
}

func unserved(needs []Kind, served Served) []string {
	var names []string
	for _, k := range needs {
		if !served.Has(k) {
			names = append(names, k.CRDName())
		}
	}
	return names
}

// UnsupportedRoutingError means that the vendor has no way for the routing asked.
type UnsupportedRoutingError struct {
	Title   string
	Routing v1alpha1.Routing
}

func (e *UnsupportedRoutingError) Error() string {
	return fmt.Sprintf("%s has no %s routing: set spec.routing to Auto", e.Title, e.Routing)
}

// NotServedError means that the vendor's CRDs are not installed.
type NotServedError struct {
	Title   string
	Missing []string // what would do, each once
}

func (e *NotServedError) Error() string {
	return fmt.Sprintf("%s needs the CustomResourceDefinition %s: install the vendor's CRDs",
		e.Title, strings.Join(e.Missing, ", or "))
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package providers

import (
	"fmt"
	"slices"
	"strings"

	"github.com/meshingress/meshingress/api/v1alpha1"
)

// Wish is what a class asks of the choice of a strategy.
type Wish struct {
	Routing v1alpha1.Routing

	// Form as FormChooser has it; empty for other vendors.
	Form string
}

// WishOf is what a class asks of a provider.
func WishOf(p Provider, class Class) Wish {
	w := Wish{Routing: class.Spec.Routing}
	if chooser, ok := p.(FormChooser); ok {
		w.Form = chooser.Form(class)
	}
	return w
}

// ChooseStrategy picks the vendor's first way that fits the class's wish and what
// is served. Auto passes over opt-in ways. The error says what is missing and is
// meant for the class's status.
func ChooseStrategy(d Description, wish Wish, served Served) (StrategySupport, error) {
	var missing []string
	for _, s := range d.Strategies {
		if !fits(s, wish) {
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
		return StrategySupport{}, &UnsupportedRoutingError{Title: d.Title, Routing: wish.Routing, Form: wish.Form}
	}
	return StrategySupport{}, &NotServedError{Title: d.Title, Missing: missing}
}

func fits(s StrategySupport, wish Wish) bool {
	switch {
	case s.Form != "" && s.Form != wish.Form:
		return false
	case wish.Routing == v1alpha1.RoutingAuto || wish.Routing == "":
		return !s.OptIn
	default:
		return string(s.Strategy) == string(wish.Routing)
	}
}

func unserved(needs []Kind, served Served) []string {
	var names []string
	for _, k := range needs {
		if served.Has(k) {
			continue
		}
		name := k.CRDName()
		if k.Field != "" {
			name += " with the field " + k.Field
		}
		names = append(names, name)
	}
	return names
}

// UnsupportedRoutingError means that the vendor has no way for the routing asked.
type UnsupportedRoutingError struct {
	Title   string
	Routing v1alpha1.Routing
	Form    string // empty where the vendor has no forms
}

func (e *UnsupportedRoutingError) Error() string {
	with := ""
	if e.Form != "" {
		with = " with " + e.Form
	}
	return fmt.Sprintf("%s has no %s routing%s: set spec.routing to Auto", e.Title, e.Routing, with)
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

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/meshingress/meshingress/providers"
)

func vendorsPage(all []providers.Provider, features []constant) string {
	p := &page{}
	p.heading(1, "Vendors")
	p.paragraph("A MeshIngressClass names one of these as `spec.vendor`. `routing: Auto` takes the vendor's first way " +
		"whose kinds the API server serves; a way that is opt-in is taken only when the class names its strategy.")
	writeMatrix(p, all)
	writeFeatures(p, features)
	for _, provider := range all {
		writeVendor(p, provider)
	}
	return p.String()
}

// writeMatrix shows which way of which vendor supports which feature.
func writeMatrix(p *page, all []providers.Provider) {
	p.heading(2, "Features")
	columns := []string{"Vendor", "Strategy", "Needs"}
	for _, f := range providers.Features() {
		columns = append(columns, string(f))
	}
	var rows [][]string
	for _, provider := range all {
		d := provider.Describe()
		for _, s := range d.Strategies {
			row := []string{code(string(d.Vendor)), strategyName(s), groups(s.Needs)}
			for _, f := range providers.Features() {
				row = append(row, yesOrDash(s.Supports(f)))
			}
			rows = append(rows, row)
		}
	}
	p.table(columns, rows)
}

func writeFeatures(p *page, features []constant) {
	p.paragraph("What a way does not support ends in a condition that names the field:")
	var items []string
	for _, f := range features {
		items = append(items, fmt.Sprintf("%s %s", code(f.Value), prose(f.Doc)))
	}
	p.list(items)
}

func writeVendor(p *page, provider providers.Provider) {
	d := provider.Describe()
	p.heading(2, "%s", d.Vendor)
	p.paragraph("%s, [%s](https://github.com/%s).", d.Title, d.Source, d.Source)

	p.heading(3, "How %s is routed", d.Vendor)
	var ways []string
	for _, s := range d.Strategies {
		ways = append(ways, strategyName(s)+needing(s.Needs)+": "+prose(s.Reason))
	}
	p.numbers(ways)

	p.heading(3, "What is done to objects of %s", d.Vendor)
	p.list(slices.Concat(
		kindItems("written", d.AllWrites()), kindItems("patched", d.AllPatches()), kindItems("looked through", d.Routes),
		abilities(provider),
	))

	p.heading(3, "Where %s is found", d.Vendor)
	p.paragraph("A workload is the data plane if its pod template has all of the labels and the container of one row.")
	var rows [][]string
	for _, w := range d.DataPlane.Workloads {
		rows = append(rows, []string{strings.Join(w.Kinds, ", "), labelList(w.Labels), code(w.Container), w.Source})
	}
	p.table([]string{"Kinds", "Labels", "Container", "Source"}, rows)

	if len(d.Notices) > 0 {
		p.heading(3, "What every class of %s is told", d.Vendor)
		var items []string
		for _, n := range d.Notices {
			items = append(items, code(n.Reason)+": "+prose(n.Message))
		}
		p.list(items)
	}
}

// abilities tells what a provider does beyond what every provider does.
func abilities(provider providers.Provider) []string {
	var items []string
	if _, ok := provider.(providers.Observer); ok {
		items = append(items, "the vendor's verdict in the status of what is written decides on `Programmed`")
	}
	if _, ok := provider.(providers.RelayAuditor); ok {
		items = append(items, "in header routing, routes of others that let a client choose the Service are reported")
	}
	if _, ok := provider.(providers.ClassTranslator); ok {
		items = append(items, "a class may need settings of the controller as a whole; its status lists what was written")
	}
	return items
}

func strategyName(s providers.StrategySupport) string {
	if s.OptIn {
		return code(string(s.Strategy)) + " (opt-in)"
	}
	return code(string(s.Strategy))
}

func needing(kinds []providers.Kind) string {
	if len(kinds) == 0 {
		return ""
	}
	var names []string
	for _, k := range kinds {
		names = append(names, k.CRDName())
	}
	return ", if the API server serves " + codes(names)
}

// groups are the API groups of kinds, without repetition, in order of appearance.
func groups(kinds []providers.Kind) string {
	var names []string
	for _, k := range kinds {
		if !slices.Contains(names, k.Group) {
			names = append(names, k.Group)
		}
	}
	return codes(names)
}

func kindItems(what string, kinds []providers.Kind) []string {
	if len(kinds) == 0 {
		return nil
	}
	var names []string
	for _, k := range kinds {
		apiVersion, kind := k.ToAPIVersionAndKind()
		names = append(names, code(kind+" "+apiVersion))
	}
	return []string{what + ": " + strings.Join(names, ", ")}
}

func labelList(labels map[string]string) string {
	var items []string
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		items = append(items, key+"="+labels[key])
	}
	return codes(items)
}

func yesOrDash(b bool) string {
	if b {
		return "yes"
	}
	return "–"
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/providers"
)

// vendorsPage is derived from the providers, and from the schema of the spec of a
// MeshIngressClass, which has the options of each vendor.
func vendorsPage(all []providers.Provider, features []constant, spec apiextensionsv1.JSONSchemaProps) string {
	p := &page{}
	p.heading(1, "Vendors")
	p.paragraph("A MeshIngressClass names one of these as `spec.vendor`. `routing: Auto` takes the vendor's first way " +
		"whose kinds and fields the API server serves; a way that is opt-in is taken only when the class names its " +
		"strategy. A form is what the class chooses with an option of the vendor.")
	writeMatrix(p, all)
	writeFeatures(p, features)
	for _, provider := range all {
		writeVendor(p, provider, spec)
	}
	return p.String()
}

// writeMatrix shows which way of which vendor supports which feature.
func writeMatrix(p *page, all []providers.Provider) {
	p.heading(2, "Features")
	columns := []string{"Vendor", "Strategy", "Form", "Needs", "Auto"}
	for _, f := range providers.Features() {
		columns = append(columns, string(f))
	}
	var rows [][]string
	for _, provider := range all {
		d := provider.Describe()
		for i, s := range d.Strategies {
			row := []string{code(string(d.Vendor)), strategyName(s), formName(s), groups(s.Needs), yesOrDash(isAuto(d, i))}
			for _, f := range providers.Features() {
				row = append(row, yesOrDash(s.Supports(f)))
			}
			rows = append(rows, row)
		}
	}
	p.table(columns, rows)
	p.paragraph("Auto: whether `routing: Auto` takes the way where the API server serves what it needs, and nothing more.")
}

// isAuto reports whether routing: Auto takes a way, given its form, where the API
// server serves what it needs and nothing more.
func isAuto(d providers.Description, way int) bool {
	served := providers.Served{}
	for _, k := range d.Strategies[way].Needs {
		served[k], served[k.WithoutField()] = true, true
	}
	wish := providers.Wish{Routing: v1alpha1.RoutingAuto, Form: d.Strategies[way].Form}
	taken, err := providers.ChooseStrategy(d, wish, served)
	return err == nil && reflect.DeepEqual(taken, d.Strategies[way])
}

func writeFeatures(p *page, features []constant) {
	p.paragraph("What a way does not support ends in a condition that names the field:")
	var items []string
	for _, f := range features {
		items = append(items, fmt.Sprintf("%s %s", code(f.Value), prose(f.Doc)))
	}
	p.list(items)
}

func writeVendor(p *page, provider providers.Provider, spec apiextensionsv1.JSONSchemaProps) {
	d := provider.Describe()
	p.heading(2, "%s", d.Vendor)
	p.paragraph("%s, [%s](https://github.com/%s).", d.Title, d.Source, d.Source)

	p.heading(3, "How %s is routed", d.Vendor)
	var ways []string
	for _, s := range d.Strategies {
		ways = append(ways, strategyName(s)+choosing(s)+needing(s.Needs)+": "+prose(s.Reason))
	}
	p.numbers(ways)
	writeOptions(p, d.Vendor, spec)

	p.heading(3, "What is done to objects of %s", d.Vendor)
	p.list(slices.Concat(
		kindItems("written", d.AllWrites()), kindItems("patched", d.AllPatches()), kindItems("looked through", d.Routes),
		kindItems("read", d.ReadOnly), abilities(provider), stickyItems(d.Sticky),
	))

	p.heading(3, "Where %s is found", d.Vendor)
	writeDataPlane(p, d.DataPlane)

	if notices := d.AllNotices(); len(notices) > 0 {
		p.heading(3, "What every class of %s is told", d.Vendor)
		var items []string
		for _, n := range notices {
			items = append(items, code(n.Reason)+": "+prose(n.Message))
		}
		p.list(items)
	}
}

// writeOptions lists the fields of a class that only one vendor has. They are below
// the field that has the vendor's name.
func writeOptions(p *page, vendor v1alpha1.Vendor, spec apiextensionsv1.JSONSchemaProps) {
	for _, name := range slices.Sorted(maps.Keys(spec.Properties)) {
		if !strings.EqualFold(name, string(vendor)) {
			continue
		}
		p.heading(3, "What a class of %s can say besides", vendor)
		p.table([]string{"Field", "Type", "Default", "Validation", "Description"}, fieldRows("spec."+name, spec.Properties[name]))
	}
}

func writeDataPlane(p *page, d providers.DataPlane) {
	if d.Outside != "" {
		p.paragraph("Nowhere in the cluster, so that `Meshed` is False with the reason `DataPlaneOutsideCluster`: %s.",
			prose(strings.TrimSuffix(d.Outside, ".")))
		return
	}
	p.paragraph("A workload is the data plane if its pod template has all of the labels and the container of one row.")
	var rows [][]string
	for _, w := range d.Workloads {
		rows = append(rows, []string{strings.Join(w.Kinds, ", "), labelList(w), container(w), w.Source})
	}
	p.table([]string{"Kinds", "Labels", "Container", "Source"}, rows)
	var items []string
	if len(d.Controllers) > 0 {
		items = append(items, "an IngressClass or GatewayClass is the vendor's if its controller is "+codes(d.Controllers)+
			", or such a one with a `/` and more")
	}
	if flags := flagNames(d.Workloads); len(flags) > 0 {
		items = append(items, "of several workloads, that of a class is known by what it is started with: "+codes(flags))
	}
	if d.NoInbound {
		items = append(items, "clients reach it through no Service, so there is no port to skip")
	}
	if len(d.SkipOutboundPorts) > 0 {
		items = append(items, "it connects past its proxy to port "+code(linkerd.PortsOf(d.SkipOutboundPorts...).String()))
	}
	if len(d.Targets) > 0 {
		items = append(items, "annotations for the injector may go on "+targetList(d.Targets))
	}
	p.list(append(items, kindItems("annotated", d.Kinds)...))
}

func flagNames(workloads []providers.WorkloadSelector) []string {
	var names []string
	for _, w := range workloads {
		for _, f := range w.ClassFlags {
			for _, name := range []string{f.Arg, f.Env} {
				if name != "" && !slices.Contains(names, name) {
					names = append(names, name)
				}
			}
		}
	}
	return names
}

func targetList(targets []v1alpha1.InjectionTarget) string {
	names := make([]string, 0, len(targets))
	for _, t := range targets {
		names = append(names, string(t))
	}
	return codes(names) + "; `Auto` is the first that can be"
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

// stickyItems tell which annotations of Services a MeshIngress warns of.
func stickyItems(annotations []providers.StickyAnnotation) []string {
	var items []string
	for _, a := range annotations {
		items = append(items, fmt.Sprintf("sticky sessions of a Service by %s are reported (`Hazard`); source: %s", codes(a.Keys), a.Source))
	}
	return items
}

func strategyName(s providers.StrategySupport) string {
	if s.OptIn {
		return code(string(s.Strategy)) + " (opt-in)"
	}
	return code(string(s.Strategy))
}

// choosing says what the class has to choose.
func choosing(s providers.StrategySupport) string {
	if s.Form == "" {
		return ""
	}
	return " with " + code(s.Form)
}

func formName(s providers.StrategySupport) string {
	if s.Form == "" {
		return ""
	}
	return code(s.Form)
}

func needing(kinds []providers.Kind) string {
	if len(kinds) == 0 {
		return ""
	}
	var names []string
	for _, k := range kinds {
		name := code(k.CRDName())
		if k.Field != "" {
			name += " with " + code(k.Field)
		}
		names = append(names, name)
	}
	return ", if the API server serves " + strings.Join(names, ", ")
}

// groups are the API groups of kinds, and the fields that are needed, without
// repetition, in order of appearance.
func groups(kinds []providers.Kind) string {
	var names []string
	for _, k := range kinds {
		name := k.Group
		if k.Field != "" {
			name = k.Kind + " " + k.Field
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
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

func labelList(w providers.WorkloadSelector) string {
	var items []string
	for _, key := range slices.Sorted(maps.Keys(w.Labels)) {
		items = append(items, key+"="+w.Labels[key])
	}
	list := codes(items)
	if !w.Owner.Empty() {
		list += ", made by the controller of a " + code(w.Owner.Kind)
	}
	for _, label := range []struct{ key, value string }{
		{w.GatewayName, "name"}, {w.GatewayNamespace, "namespace"},
	} {
		if label.key != "" {
			list += fmt.Sprintf(", %s with the %s of `gatewayRef`", code(label.key), label.value)
		}
	}
	return strings.TrimPrefix(list, ", ")
}

func container(w providers.WorkloadSelector) string {
	if w.Container == "" {
		return "the first"
	}
	return code(w.Container)
}

func yesOrDash(b bool) string {
	if b {
		return "yes"
	}
	return "–"
}

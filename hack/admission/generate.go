// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"embed"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"text/template"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
)

//go:embed *.yaml.tmpl
var templates embed.FS

// facts are what the templates are filled with.
type facts struct {
	// Vendors that have ended, with what is said of them.
	Retired []retirement

	// Decisive are the paths below spec of the fields that say what is done to objects of
	// others, but for the list of workloads: "routing", "dataPlane.injection".
	Decisive []string

	// Workloads are the indexes of spec.dataPlane.workloads.
	Workloads []int

	// WorkloadResources are the kinds of workloads, as rights have them.
	WorkloadResources []string

	// Templates are the vendors whose workloads the operator finds and patches.
	Templates []string

	// Namespaces are the vendors that can have the annotations on a Namespace.
	Namespaces []found

	// Found are the objects that the operator finds by itself, from the workload on.
	Found []found
}

// retirement is what a vendor that has ended says.
type retirement struct {
	Vendor  v1alpha1.Vendor
	Message string
}

// found is a kind that gets the annotations of a vendor's workloads, where
// injectionTarget is one of Targets.
type found struct {
	Vendor  v1alpha1.Vendor
	Kind    providers.Kind
	Targets []string
}

// maxWorkloads is the most that spec.dataPlane.workloads holds. Each has a rule of its own,
// because the API server lets an expression ask for two rights at most
// (kubernetes/kubernetes staging/src/k8s.io/apiserver/pkg/cel/library/cost.go v1.36.3).
const maxWorkloads = 8

// generate returns the content of each generated file of config/admission, by its name.
func generate(descriptions []providers.Description) (map[string][]byte, error) {
	parsed, err := template.New("").Funcs(template.FuncMap{"optional": optional, "list": list}).
		ParseFS(templates, "*.yaml.tmpl")
	if err != nil {
		return nil, fmt.Errorf("reading the templates: %w", err)
	}
	data := factsOf(descriptions)
	files := map[string][]byte{}
	for _, t := range parsed.Templates() {
		var content bytes.Buffer
		if err := t.Execute(&content, data); err != nil {
			return nil, fmt.Errorf("filling in %s: %w", t.Name(), err)
		}
		files[strings.TrimSuffix(t.Name(), ".tmpl")] = content.Bytes()
	}
	return files, nil
}

func factsOf(descriptions []providers.Description) facts {
	data := facts{Decisive: decisive(), WorkloadResources: []string{"deployments", "daemonsets", "statefulsets"}}
	for i := range maxWorkloads {
		data.Workloads = append(data.Workloads, i)
	}
	for _, d := range descriptions {
		if d.Retired != nil {
			data.Retired = append(data.Retired, retirement{d.Vendor, d.Retired.Message})
		}
		if patchesTemplates(d.DataPlane) {
			data.Templates = append(data.Templates, string(d.Vendor))
		}
		for _, k := range d.DataPlane.Kinds {
			f := found{Vendor: d.Vendor, Kind: k, Targets: reaching(k, d.DataPlane.Targets)}
			switch k.Kind {
			case providers.KindNamespace.Kind: // the class names it, with its workloads
				data.Namespaces = append(data.Namespaces, f)
			case string(v1alpha1.InjectionTargetGateway): // the class names it: gatewayRef
			default:
				data.Found = append(data.Found, f)
			}
		}
	}
	return data
}

func patchesTemplates(d providers.DataPlane) bool {
	return d.Outside == "" && (len(d.Targets) == 0 || slices.Contains(d.Targets, v1alpha1.InjectionTargetWorkload))
}

// reaching are the values of injectionTarget with which the annotations may go to a kind.
// Auto takes a vendor's first target or, where that is the workload and somebody else
// generates it, another.
func reaching(k providers.Kind, targets []v1alpha1.InjectionTarget) []string {
	if first := targets[0]; string(first) == k.Kind || first == v1alpha1.InjectionTargetWorkload {
		return []string{string(v1alpha1.InjectionTargetAuto), k.Kind}
	}
	return []string{k.Kind}
}

// decisive lists the fields of a class, but for those that touch no object of others:
// vendor cannot change, allowedNamespaces is about MeshIngresses. A new field is in the
// list until somebody says here that it is as harmless.
func decisive() []string {
	var paths []string
	for _, name := range fieldsOf(reflect.TypeFor[v1alpha1.MeshIngressClassSpec]()) {
		switch name {
		case "vendor", "allowedNamespaces":
		case "dataPlane":
			for _, below := range fieldsOf(reflect.TypeFor[v1alpha1.DataPlane]()) {
				if below != "workloads" { // has rules of its own
					paths = append(paths, name+"."+below)
				}
			}
		default:
			paths = append(paths, name)
		}
	}
	return paths
}

// fieldsOf are the names that the fields of a type have in JSON.
func fieldsOf(t reflect.Type) []string {
	var names []string
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}

// optional is the path of a field in CEL, none of whose parts need be there.
func optional(path string) string { return "?" + strings.ReplaceAll(path, ".", ".?") }

// list is a list of strings in CEL.
func list(items []string) string { return "['" + strings.Join(items, "', '") + "']" }

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package providertest

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/meshingress/meshingress/internal/render"
	"github.com/meshingress/meshingress/providers"
)

// maxName fits a DNS label, which some vendors make of an object's name.
const maxName = 63

// CheckOutput checks what must hold for everything that is planned, and returns
// what does not: kinds are described, names are valid and used once, no object
// carries what the API server writes, patches stay within what can be taken
// back, and every l5d-dst-override is a destination.
func CheckOutput(d providers.Description, out render.Output) []error {
	var errs []error
	seen := map[string]bool{}
	check := func(owner string, p render.Plan, workloads bool) {
		for _, content := range p.Objects {
			obj := &unstructured.Unstructured{Object: content}
			if id := identity(obj); seen[id] {
				errs = append(errs, fmt.Errorf("%s: %s is planned twice", owner, id))
			}
			seen[identity(obj)] = true
			errs = append(errs, prefix(owner+": "+identity(obj), checkObject(d, obj))...)
		}
		for _, patch := range p.Patches {
			what := fmt.Sprintf("%s: patch of %s %s", owner, patch.Target.Kind, patch.Target.Name)
			errs = append(errs, prefix(what, checkPatch(d, patch, workloads))...)
		}
	}
	for _, m := range out.MeshIngresses {
		check("MeshIngress "+m.Namespace+"/"+m.Name, m.Plan, false)
	}
	for _, c := range out.Classes {
		check("MeshIngressClass "+c.Name, c.Plan, true)
	}
	return errs
}

func identity(obj *unstructured.Unstructured) string {
	return fmt.Sprintf("%s %s/%s", obj.GroupVersionKind().GroupKind(), obj.GetNamespace(), obj.GetName())
}

func prefix(what string, errs []error) []error {
	for i, err := range errs {
		errs[i] = fmt.Errorf("%s: %w", what, err)
	}
	return errs
}

func checkObject(d providers.Description, obj *unstructured.Unstructured) []error {
	var errs []error
	if !describes(d.AllWrites(), obj.GroupVersionKind()) {
		errs = append(errs, fmt.Errorf("%s is not in Describe().Writes", obj.GroupVersionKind()))
	}
	if problems := validation.IsDNS1123Subdomain(obj.GetName()); len(problems) > 0 || len(obj.GetName()) > maxName {
		errs = append(errs, fmt.Errorf("the name is no DNS name of at most %d characters", maxName))
	}
	for _, path := range [][]string{
		{"status"}, {"metadata", "creationTimestamp"}, {"metadata", "managedFields"}, {"metadata", "resourceVersion"},
	} {
		if _, found, _ := unstructured.NestedFieldNoCopy(obj.Object, path...); found {
			errs = append(errs, fmt.Errorf("carries %v, which is the API server's", path))
		}
	}
	return append(errs, checkOverrides(obj.Object)...)
}

func checkPatch(d providers.Description, p render.Patch, workloads bool) []error {
	var errs []error
	gv, err := schema.ParseGroupVersion(p.Target.APIVersion)
	if err != nil {
		errs = append(errs, err)
	}
	isWorkload := workloads && gv.String() == "apps/v1" &&
		slices.Contains([]string{"Deployment", "DaemonSet", "StatefulSet"}, p.Target.Kind)
	if !isWorkload && !describes(d.AllPatches(), gv.WithKind(p.Target.Kind)) {
		errs = append(errs, fmt.Errorf("%s is not in Describe().Patches", p.Target.Kind))
	}
	return append(append(errs, checkPaths(p.Fields, nil)...), checkOverrides(p.Fields)...)
}

func describes(kinds []providers.Kind, gvk schema.GroupVersionKind) bool {
	return slices.ContainsFunc(kinds, func(k providers.Kind) bool { return k.GroupVersionKind == gvk })
}

// patchable are the maps of others' objects in which single keys can be set and
// taken back without a trace, and the fields that can be so themselves.
func patchable() [][]string {
	return [][]string{
		{"metadata", "annotations"},
		{"metadata", "labels"},
		{"data"},
		{"spec", "template", "metadata", "annotations"},
		{"spec", "template", "spec", "automountServiceAccountToken"},
		{"spec", "template", "spec", "serviceAccountName"},
		{"spec", "template", "spec", "serviceAccount"},
		// Of a Gateway, of an EnvoyProxy of Envoy Gateway, of a ContourDeployment, and of
		// Gloo's Settings.
		{"spec", "infrastructure", "annotations"},
		{"spec", "provider", "kubernetes", "envoyDeployment", "pod", "annotations"},
		{"spec", "provider", "kubernetes", "envoyDaemonSet", "pod", "annotations"},
		{"spec", "envoy", "podAnnotations"},
		// Of a DataPlane and of a GatewayConfiguration of the Kong Operator.
		{"spec", "deployment", "podTemplateSpec", "metadata", "annotations"},
		{"spec", "dataPlaneOptions", "deployment", "podTemplateSpec", "metadata", "annotations"},
		{"spec", "routingType"},
		{"spec", "linkerd"},
	}
}

// checkPaths checks that every value is patchable, or a key of a map that is.
func checkPaths(fields map[string]any, at []string) []error {
	if isPatchable(at) {
		return nil
	}
	var errs []error
	for key, value := range fields {
		path := append(slices.Clone(at), key)
		if inner, ok := value.(map[string]any); ok {
			errs = append(errs, checkPaths(inner, path)...)
			continue
		}
		if !isPatchable(path) {
			errs = append(errs, fmt.Errorf("sets %v, which cannot be taken back without a trace", path))
		}
	}
	return errs
}

func isPatchable(path []string) bool {
	return slices.ContainsFunc(patchable(), func(p []string) bool { return slices.Equal(p, path) })
}

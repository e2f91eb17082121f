// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/all"
)

const (
	root        = "../.."
	rightsFile  = "class_rights.yaml"
	retiredFile = "class_retired.yaml"
)

func TestConfigIsWhatTheGeneratorWrites(t *testing.T) {
	files := generated(t)
	var names []string
	for name, want := range files {
		names = append(names, name)
		if diff := cmp.Diff(string(want), read(t, directory, name)); diff != "" {
			t.Errorf("%s, run 'make manifests' (-want +got):\n%s", name, diff)
		}
	}
	slices.Sort(names)
	var k struct{ Resources []string }
	decode(t, read(t, directory, "kustomization.yaml"), &k)
	if diff := cmp.Diff(names, k.Resources); diff != "" {
		t.Errorf("resources of the kustomization (-want +got):\n%s", diff)
	}
}

func TestTheChartCanTakeTheFilesAsTheyAre(t *testing.T) {
	for name, content := range generated(t) {
		if strings.Contains(string(content), "{{") {
			t.Errorf("%s has what Helm would take for a template", name)
		}
	}
}

func TestEachWorkloadHasARule(t *testing.T) {
	var crd apiextensionsv1.CustomResourceDefinition
	decode(t, read(t, "config/crd/bases", "networking.meshingress.dev_meshingressclasses.yaml"), &crd)
	schema := crd.Spec.Versions[0].Schema.OpenAPIV3Schema
	for _, name := range []string{"spec", "dataPlane", "workloads"} {
		below := schema.Properties[name]
		schema = &below
	}
	if schema.MaxItems == nil || *schema.MaxItems != maxWorkloads {
		t.Errorf("spec.dataPlane.workloads holds %v, and the policy looks at %d", schema.MaxItems, maxWorkloads)
	}
}

// ofMeshIngresses are kinds that the operator writes for MeshIngresses, beside routes, in
// their own namespace: the rights on a class have nothing to do with them.
func ofMeshIngresses() []string {
	return []string{
		"middlewares.traefik.io", "middlewares.traefik.containo.us", "kongplugins.configuration.konghq.com",
		"backendconfigs.cloud.google.com", "services.", "hosts.getambassador.io",
		"backendtrafficpolicies.gateway.envoyproxy.io",
	}
}

func TestEveryKindThatAClassWritesTakesARight(t *testing.T) {
	policy := string(generated(t)[rightsFile])
	for _, d := range descriptions(t) {
		for _, k := range slices.Concat(d.AllWrites(), d.AllPatches()) {
			if slices.Contains(d.Routes, k) || slices.Contains(ofMeshIngresses(), k.CRDName()) {
				continue
			}
			if !strings.Contains(policy, fmt.Sprintf("group('%s').resource('%s')", k.Group, k.Resource)) {
				t.Errorf("%s: no rule is about %s: add one to the template, or the kind to ofMeshIngresses", d.Vendor, k.CRDName())
			}
		}
	}
}

// What a class does not name, the provider has a default for. The policy has to have the
// same.
func TestDefaultsAreThoseOfTheProviders(t *testing.T) {
	for vendor, want := range map[v1alpha1.Vendor]v1alpha1.ObjectKey{
		v1alpha1.VendorGloo:    {Namespace: "gloo-system", Name: "default"},
		v1alpha1.VendorEnRoute: {Namespace: "default"},
	} {
		got := written(t, vendor)
		if want.Name == "" {
			got.Name = "" // it is made, and no right can be on a name that is not there
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", vendor, diff)
		}
		for _, part := range []string{want.Namespace, want.Name} {
			if part != "" && !strings.Contains(string(generated(t)[rightsFile]), "orValue('"+part+"')") {
				t.Errorf("%s: the policy has no default %q", vendor, part)
			}
		}
	}
}

// written is the one object that a class writes which says nothing but its vendor.
func written(t *testing.T, vendor v1alpha1.Vendor) v1alpha1.ObjectKey {
	t.Helper()
	registry, err := all.New()
	if err != nil {
		t.Fatal(err)
	}
	provider, _ := registry.Get(vendor)
	plan, errs := provider.(providers.ClassTranslator).TranslateClass(providers.ClassInput{
		Class:         providers.Class{Name: "web", Spec: v1alpha1.MeshIngressClassSpec{Vendor: vendor}},
		ClusterDomain: "cluster.local",
	})
	if len(errs) > 0 || len(plan.Objects)+len(plan.Fields) != 1 {
		t.Fatalf("%s: %v, %d objects and %d sets of fields", vendor, errs, len(plan.Objects), len(plan.Fields))
	}
	for _, o := range plan.Objects {
		return v1alpha1.ObjectKey{Namespace: o.GetNamespace(), Name: o.GetName()}
	}
	return v1alpha1.ObjectKey{Namespace: plan.Fields[0].Target.Namespace, Name: plan.Fields[0].Target.Name}
}

func TestAVendorThatEndsIsWarnedOf(t *testing.T) {
	files, err := generate([]providers.Description{
		{Vendor: "Old", Retired: &v1alpha1.Notice{Reason: "Gone", Message: `It is "gone".`}}, {Vendor: "New"},
	})
	if err != nil {
		t.Fatal(err)
	}
	var policy admissionregistrationv1.ValidatingAdmissionPolicy
	document, _, _ := strings.Cut(string(files[retiredFile]), "\n---\n")
	decode(t, document, &policy)
	want := []admissionregistrationv1.Validation{{
		Expression: "object.spec.vendor != 'Old'", Message: `spec.vendor: Old: It is "gone".`,
	}}
	if diff := cmp.Diff(want, policy.Spec.Validations); diff != "" {
		t.Errorf("validations (-want +got):\n%s", diff)
	}
}

func TestAFieldIsDecisiveUntilItIsSaidToBeHarmless(t *testing.T) {
	got := decisive()
	for _, path := range []string{"routing", "gatewayRef", "dataPlane.repair", "dataPlane.conflictPolicy", "gloo"} {
		if !slices.Contains(got, path) {
			t.Errorf("%s is not looked at", path)
		}
	}
	for _, path := range []string{"vendor", "allowedNamespaces", "dataPlane", "dataPlane.workloads"} {
		if slices.Contains(got, path) {
			t.Errorf("%s is looked at", path)
		}
	}
}

func descriptions(t *testing.T) []providers.Description {
	t.Helper()
	descriptions, err := all.Describe()
	if err != nil {
		t.Fatal(err)
	}
	return descriptions
}

func generated(t *testing.T) map[string][]byte {
	t.Helper()
	files, err := generate(descriptions(t))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func decode(t *testing.T, content string, into any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(content), into); err != nil {
		t.Fatal(err)
	}
}

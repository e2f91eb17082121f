// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"github.com/meshingress/meshingress/internal/permissions"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/all"
)

func TestFilesAreWhatTheGeneratorWrites(t *testing.T) {
	descriptions, err := all.Describe()
	if err != nil {
		t.Fatal(err)
	}
	want, err := generate(descriptions)
	if err != nil {
		t.Fatal(err)
	}
	root := filepath.Join("..", "..")
	present, err := generatedIn(root)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(slices.Values(present))); diff != "" {
		t.Errorf("generated files, run 'make manifests' (-want +got):\n%s", diff)
	}
	for name, content := range want {
		got, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Error(err)
			continue
		}
		if diff := cmp.Diff(string(content), string(got)); diff != "" {
			t.Errorf("%s, run 'make manifests' (-want +got):\n%s", name, diff)
		}
	}
}

func TestTheManagerIsBoundToTheSumOfTheRoles(t *testing.T) {
	files := generateFor(t, fooBar())

	var sum rbacv1.ClusterRole
	decode(t, files["config/rbac/role.yaml"], &sum)
	if sum.AggregationRule == nil || len(sum.AggregationRule.ClusterRoleSelectors) != 1 {
		t.Fatalf("aggregation %v, want one selector", sum.AggregationRule)
	}
	selector, err := metav1.LabelSelectorAsSelector(&sum.AggregationRule.ClusterRoleSelectors[0])
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]permissions.Rules{
		"config/rbac/base_role.yaml":                permissions.Base(),
		"config/rbac/vendor_foobar_role.yaml":       permissions.Vendor(fooBar()),
		"config/rbac/optin/foobar/role.yaml":        permissions.OptIn(fooBar()),
		"config/rbac/optin/authorization/role.yaml": permissions.Authorization(),
	} {
		var part rbacv1.ClusterRole
		decode(t, files[name], &part)
		if !selector.Matches(labels.Set(part.Labels)) {
			t.Errorf("%s: the labels %v do not make it part of the manager's role", name, part.Labels)
		}
		if diff := cmp.Diff(want.All(), part.Rules); diff != "" {
			t.Errorf("%s: rules (-want +got):\n%s", name, diff)
		}
	}

	var binding rbacv1.ClusterRoleBinding
	decode(t, files["config/rbac/role_binding.yaml"], &binding)
	if binding.RoleRef.Name != sum.Name {
		t.Errorf("the binding gives %q, want %q", binding.RoleRef.Name, sum.Name)
	}
}

// Applying an empty list again would take the permissions away until the control plane
// has filled it in.
func TestTheManifestLeavesTheRulesOfTheSumToTheControlPlane(t *testing.T) {
	var sum map[string]any
	decode(t, generateFor(t)["config/rbac/role.yaml"], &sum)
	if rules, found := sum["rules"]; found {
		t.Errorf("the manifest has rules %v", rules)
	}
}

func TestAVendorsRolesCanBeSelected(t *testing.T) {
	files := generateFor(t, fooBar())
	for _, name := range []string{"config/rbac/vendor_foobar_role.yaml", "config/rbac/optin/foobar/role.yaml"} {
		var role rbacv1.ClusterRole
		decode(t, files[name], &role)
		if got := role.Labels[permissions.VendorLabel]; got != "FooBar" {
			t.Errorf("%s: label %s is %q, want FooBar", name, permissions.VendorLabel, got)
		}
	}
}

func TestTheChartHasTheSameRules(t *testing.T) {
	plain := providers.Description{Vendor: "Plain", Writes: []providers.Kind{providers.KindIngress}}
	var got chartRules
	decode(t, generateFor(t, fooBar(), plain)[chartFile], &got)

	optIn := permissions.OptIn(fooBar())
	want := chartRules{
		Base: permissions.Base(), LeaderElection: permissions.LeaderElection(), Authorization: permissions.Authorization(),
		Vendors: map[string]vendorRules{
			"FooBar": {Rules: permissions.Vendor(fooBar()), OptIn: &optIn},
			"Plain":  {Rules: permissions.Vendor(plain)},
		},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
}

// fooBar is a vendor with rules of each sort.
func fooBar() providers.Description {
	kind := func(name, resource string) providers.Kind {
		return providers.Kind{
			GroupVersionKind: schema.GroupVersionKind{Group: "foo.example", Version: "v1", Kind: name}, Resource: resource,
		}
	}
	return providers.Description{
		Vendor:   "FooBar",
		Writes:   []providers.Kind{kind("Bar", "bars")},
		ReadOnly: []providers.Kind{kind("BarClass", "barclasses").InCluster()},
		Strategies: []providers.StrategySupport{{
			OptIn: true, Writes: []providers.Kind{providers.KindConfigMap},
		}},
	}
}

func generateFor(t *testing.T, descriptions ...providers.Description) map[string][]byte {
	t.Helper()
	files, err := generate(descriptions)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestEveryBindingIsForTheManagersServiceAccount(t *testing.T) {
	var account corev1.ServiceAccount
	content, err := os.ReadFile(filepath.Join("..", "..", rbacDir, "service_account.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	decode(t, content, &account)
	got := manager()[0]
	if got.Name != account.Name || got.Namespace != account.Namespace {
		t.Errorf("subject %s/%s, want %s/%s", got.Namespace, got.Name, account.Namespace, account.Name)
	}
}

func TestTheKustomizationListsEveryFileButOptIns(t *testing.T) {
	files := generateFor(t, fooBar())
	var k struct{ Resources []string }
	decode(t, files["config/rbac/kustomization.yaml"], &k)

	want := writtenByHand()
	for name := range files {
		if path.Dir(name) == rbacDir && path.Base(name) != kustomizationFile {
			want = append(want, path.Base(name))
		}
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(want)), k.Resources); diff != "" {
		t.Errorf("resources (-want +got):\n%s", diff)
	}
}

func TestWriteRemovesOnlyWhatItOnceWrote(t *testing.T) {
	root := t.TempDir()
	for name, content := range map[string]string{
		"config/rbac/vendor_gone_role.yaml": header + "kind: ClusterRole\n",
		"config/rbac/optin/gone/role.yaml":  header + "kind: ClusterRole\n",
		"config/rbac/by_hand.yaml":          "kind: ServiceAccount\n",
	} {
		if err := os.MkdirAll(filepath.Join(root, filepath.Dir(name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := write(root, map[string][]byte{"config/rbac/optin/new/role.yaml": []byte(header)}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"config/rbac/by_hand.yaml", "config/rbac/optin/new/role.yaml"}, filesIn(t, root)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func filesIn(t *testing.T, root string) []string {
	t.Helper()
	var names []string
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func decode(t *testing.T, content []byte, into any) {
	t.Helper()
	if err := yaml.Unmarshal(content, into); err != nil {
		t.Fatal(err)
	}
}

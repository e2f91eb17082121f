// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"github.com/meshingress/meshingress/internal/permissions"
	"github.com/meshingress/meshingress/providers"
)

func TestConfigIsWhatTheGeneratorWrites(t *testing.T) {
	descriptions, err := describeAll()
	if err != nil {
		t.Fatal(err)
	}
	want, err := generate(descriptions)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join("..", "..", directory)
	names := slices.Sorted(slices.Values(slices.Concat(slices.Collect(maps.Keys(want)), writtenByHand())))
	if diff := cmp.Diff(names, fileNames(t, dir)); diff != "" {
		t.Errorf("files in %s, run 'make manifests' (-want +got):\n%s", directory, diff)
	}
	for name, content := range want {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
			continue
		}
		if diff := cmp.Diff(string(content), string(got)); diff != "" {
			t.Errorf("%s, run 'make manifests' (-want +got):\n%s", name, diff)
		}
	}
}

func TestAVendorHasItsOwnRoleAndBinding(t *testing.T) {
	vendor := providers.Description{Vendor: "FooBar", Writes: []providers.Kind{{
		GroupVersionKind: schema.GroupVersionKind{Group: "foo.example", Version: "v1", Kind: "Bar"}, Resource: "bars",
	}}}
	files, err := generate([]providers.Description{vendor})
	if err != nil {
		t.Fatal(err)
	}

	var role rbacv1.ClusterRole
	decode(t, files["vendor_foobar_role.yaml"], &role)
	if diff := cmp.Diff(permissions.Vendor(vendor), role.Rules); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}

	var binding rbacv1.ClusterRoleBinding
	decode(t, files["vendor_foobar_role_binding.yaml"], &binding)
	if binding.RoleRef.Name != role.Name {
		t.Errorf("the binding gives %q, want %q", binding.RoleRef.Name, role.Name)
	}
}

func TestEveryBindingIsForTheManagersServiceAccount(t *testing.T) {
	var account struct {
		Metadata struct{ Name, Namespace string }
	}
	content, err := os.ReadFile(filepath.Join("..", "..", directory, "service_account.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	decode(t, content, &account)
	got := manager()[0]
	if got.Name != account.Metadata.Name || got.Namespace != account.Metadata.Namespace {
		t.Errorf("subject %s/%s, want %s/%s", got.Namespace, got.Name, account.Metadata.Namespace, account.Metadata.Name)
	}
}

func TestTheKustomizationListsEveryFile(t *testing.T) {
	files, err := generate([]providers.Description{{Vendor: "B"}, {Vendor: "A"}})
	if err != nil {
		t.Fatal(err)
	}
	var k struct{ Resources []string }
	decode(t, files[kustomizationFile], &k)

	delete(files, kustomizationFile)
	maps.DeleteFunc(files, func(name string, _ []byte) bool { return strings.HasPrefix(name, "optin_") })
	want := slices.Sorted(slices.Values(slices.Concat(slices.Collect(maps.Keys(files)), writtenByHand())))
	if diff := cmp.Diff(want, k.Resources); diff != "" {
		t.Errorf("resources (-want +got):\n%s", diff)
	}
}

func TestWriteRemovesOnlyWhatItOnceWrote(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"vendor_gone_role.yaml": header + "kind: ClusterRole\n",
		"by_hand.yaml":          "kind: ServiceAccount\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := write(dir, map[string][]byte{"role.yaml": []byte(header)}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"by_hand.yaml", "role.yaml"}, fileNames(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func fileNames(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func decode(t *testing.T, content []byte, into any) {
	t.Helper()
	if err := yaml.Unmarshal(content, into); err != nil {
		t.Fatal(err)
	}
}

func TestOptInRolesAreNotInstalledByDefault(t *testing.T) {
	files, err := generate([]providers.Description{{Vendor: "FooBar", Strategies: []providers.StrategySupport{{
		OptIn: true, Writes: []providers.Kind{providers.KindConfigMap},
	}}}})
	if err != nil {
		t.Fatal(err)
	}
	var k struct{ Resources []string }
	decode(t, files[kustomizationFile], &k)
	for _, name := range []string{
		"optin_foobar_role.yaml", "optin_foobar_role_binding.yaml",
		"optin_authorization_role.yaml", "optin_authorization_role_binding.yaml",
	} {
		if files[name] == nil {
			t.Errorf("%s is not written", name)
		}
		if slices.Contains(k.Resources, name) {
			t.Errorf("%s is installed by default", name)
		}
	}
}

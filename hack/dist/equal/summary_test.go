// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package equal_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/hack/dist/equal"
	"github.com/meshingress/meshingress/hack/dist/manifests"
)

// installed is a small installation whose manager may read Services everywhere.
const installed = `
kind: Deployment
metadata: {name: manager, namespace: system, labels: {a: b}}
spec: {template: {spec: {serviceAccountName: account, containers: [{image: one}]}}}
---
kind: ConfigMap
metadata: {name: settings, namespace: system, annotations: {a: b}}
---
kind: ClusterRole
metadata: {name: sum}
aggregationRule: {clusterRoleSelectors: [{matchLabels: {part: "true"}}]}
---
kind: ClusterRole
metadata: {name: part, labels: {part: "true"}}
rules: [{apiGroups: [""], resources: [services], verbs: [get, list]}]
---
kind: ClusterRoleBinding
metadata: {name: sum}
roleRef: {kind: ClusterRole, name: sum}
subjects: [{kind: ServiceAccount, name: account, namespace: system}]
---
kind: ClusterRole
metadata: {name: people, labels: {rbac.authorization.k8s.io/aggregate-to-view: "true"}}
rules: [{apiGroups: [x], resources: [things], verbs: [get]}]
`

func TestNamesLabelsAndTheCutOfRolesDoNotCount(t *testing.T) {
	cases := map[string][]string{ // What is replaced by what.
		"other names":           {"name: settings", "name: other", "name: people", "name: others"},
		"other labels":          {"labels: {a: b}", "labels: {a: c}"},
		"another account":       {"account", "robot"},
		"another namespace":     {"system", "elsewhere"},
		"a role that is no sum": {"roleRef: {kind: ClusterRole, name: sum}", "roleRef: {kind: ClusterRole, name: part}"},
		"two rules for one": {
			"[{apiGroups: [\"\"], resources: [services], verbs: [get, list]}]",
			"[{apiGroups: [\"\"], resources: [services], verbs: [list]}, {apiGroups: [\"\"], resources: [services], verbs: [get]}]",
		},
	}
	for name, replacements := range cases {
		t.Run(name, func(t *testing.T) {
			changed := replaced(t, replacements...)
			if strings.Contains(name, "no sum") {
				// The sum is then a role that nobody has.
				changed = slices.DeleteFunc(changed, func(o *unstructured.Unstructured) bool { return o.GetName() == "sum" && o.GetKind() == "ClusterRole" })
			}
			if diff := cmp.Diff(summary(t, replaced(t)), summary(t, changed)); diff != "" {
				t.Errorf("the summaries differ (-before +after):\n%s", diff)
			}
		})
	}
}

func TestEverythingElseCounts(t *testing.T) {
	cases := map[string]struct {
		old, new string
		want     string // a line that comes or goes
	}{
		"the image":               {"image: one", "image: two", "      - image: two"},
		"an annotation":           {"annotations: {a: b}", "annotations: {a: c}", "    a: c"},
		"a verb":                  {"[get, list]", "[get, list, delete]", "everywhere: delete services"},
		"a group":                 {`apiGroups: [""]`, `apiGroups: [z]`, "everywhere: get services.z"},
		"a name":                  {"resources: [services]", "resources: [services], resourceNames: [a]", "everywhere: get services a"},
		"where it holds":          {"ClusterRoleBinding\nmetadata: {name: sum}", "RoleBinding\nmetadata: {name: sum, namespace: other}", "other: get services"},
		"a part that is none":     {"labels: {part: \"true\"}", "labels: {part: \"no\"}", "everywhere: get services"},
		"what people's roles do":  {"resources: [things]", "resources: [others]", "  - others"},
		"who gets people's roles": {"aggregate-to-view", "aggregate-to-edit", "    rbac.authorization.k8s.io/aggregate-to-edit: \"true\""},
		"another kind":            {"kind: ConfigMap", "kind: Secret", "kind: Secret"},
		"an account of people":    {"name: account, namespace: system}]", "name: account, namespace: system}, {kind: User, name: u}]", "- kind: User"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			before, after := summary(t, replaced(t)), summary(t, replaced(t, tc.old, tc.new))
			if hasLine(before, tc.want) == hasLine(after, tc.want) {
				t.Errorf("%q tells nothing apart:\n%s\n%s", tc.want, before, after)
			}
		})
	}
}

func TestWhatIsNoInstallationIsRefused(t *testing.T) {
	cases := map[string]struct{ old, new, wantErr string }{
		"no Deployment":             {"kind: Deployment", "kind: DaemonSet", "0 Deployments"},
		"two Deployments":           {"kind: ConfigMap", "kind: Deployment", "2 Deployments"},
		"no account":                {"serviceAccountName: account, ", "", "names no ServiceAccount"},
		"a role that is not there":  {"roleRef: {kind: ClusterRole, name: sum}", "roleRef: {kind: ClusterRole, name: gone}", "ClusterRole gone"},
		"a role of another kind":    {"roleRef: {kind: ClusterRole, name: sum}", "roleRef: {kind: Role, name: sum}", "Role sum"},
		"a selector that is wrong":  {`matchLabels: {part: "true"}`, `matchLabels: {"-": "-"}`, "aggregationRule"},
		"a role that has no format": {"verbs: [get, list]", "verbs: {}", "reading ClusterRole part"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := equal.Summary(replaced(t, tc.old, tc.new))
			if err == nil || !strings.Contains(err.Error(), tc.wantErr) {
				t.Errorf("the error is %v, not %q", err, tc.wantErr)
			}
		})
	}
}

func hasLine(text, line string) bool { return slices.Contains(strings.Split(text, "\n"), line) }

// replaced are the objects of installed with parts of the text replaced, each of which
// must be there.
func replaced(t *testing.T, oldnew ...string) []*unstructured.Unstructured {
	t.Helper()
	for i := 0; i < len(oldnew); i += 2 {
		if !strings.Contains(installed, oldnew[i]) {
			t.Fatalf("there is no %q to replace", oldnew[i])
		}
	}
	objects, err := manifests.Decode([]byte(strings.NewReplacer(oldnew...).Replace(installed)))
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package monitoring_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/rulefmt"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"

	"github.com/meshingress/meshingress/hack/dist/monitoring"
	"github.com/meshingress/meshingress/internal/permissions"
)

const (
	root     = "../../.."
	rulePath = root + "/config/prometheus/rule.yaml"
	runbooks = root + "/docs/runbooks"
	crds     = root + "/config/crd/bases/networking.meshingress.dev_"

	// runbookURL is where the project's documentation is read.
	runbookURL = "https://github.com/meshingress/meshingress/blob/main/docs/runbooks/"
)

func alerts(t *testing.T) []rulefmt.Rule {
	t.Helper()
	groups, err := monitoring.ReadRules(rulePath)
	if err != nil {
		t.Fatal(err)
	}
	var all []rulefmt.Rule
	for _, g := range groups.Groups {
		all = append(all, g.Rules...)
	}
	return all
}

func alertQueries(t *testing.T) []string {
	t.Helper()
	var queries []string
	for _, a := range alerts(t) {
		queries = append(queries, a.Expr)
	}
	return queries
}

func TestAlertsSayWhatTheyMean(t *testing.T) {
	for _, a := range alerts(t) {
		t.Run(a.Alert, func(t *testing.T) {
			if !slices.Contains([]string{"critical", "warning"}, a.Labels["severity"]) {
				t.Errorf("severity %q, want critical or warning", a.Labels["severity"])
			}
			if a.For == 0 {
				t.Error("it fires at once: a failover, or a rollout, would set it off")
			}
			for _, text := range []string{"summary", "description"} {
				if a.Annotations[text] == "" {
					t.Errorf("it has no %s", text)
				}
			}
			if want := runbookURL + a.Alert + ".md"; a.Annotations["runbook_url"] != want {
				t.Errorf("runbook_url %q, want %q", a.Annotations["runbook_url"], want)
			}
		})
	}
}

func TestAlertsAndRunbooksArePairs(t *testing.T) {
	var names, pages []string
	for _, a := range alerts(t) {
		names = append(names, a.Alert+".md")
	}
	files, err := os.ReadDir(runbooks)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		pages = append(pages, f.Name())
	}
	slices.Sort(names)
	if diff := cmp.Diff(names, pages); diff != "" {
		t.Errorf("pages of alerts (-alerts +pages):\n%s", diff)
	}
}

// A page has the same sections as every other, and names conditions, reasons and metrics
// that exist: each word in code that looks like one is looked up.
func TestRunbooksNameWhatExists(t *testing.T) {
	known := vocabulary(t)
	for _, a := range alerts(t) {
		t.Run(a.Alert, func(t *testing.T) {
			page := read(t, filepath.Join(runbooks, a.Alert+".md"))
			var headings []string
			for line := range strings.SplitSeq(page, "\n") {
				if strings.HasPrefix(line, "#") {
					headings = append(headings, line)
				}
			}
			want := []string{"# " + a.Alert, "## Meaning", "## Impact", "## Diagnosis", "## Mitigation"}
			if diff := cmp.Diff(want, headings); diff != "" {
				t.Errorf("headings (-want +got):\n%s", diff)
			}
			if !strings.Contains(page, "```console\n") {
				t.Error("it has no command to look with")
			}
			for _, word := range regexp.MustCompile("`([A-Z][A-Za-z]+|meshingress_\\w+)`").FindAllStringSubmatch(page, -1) {
				if !slices.Contains(known, word[1]) {
					t.Errorf("%s is no condition, reason, kind, value or metric", word[1])
				}
			}
			for _, field := range regexp.MustCompile("(?:`|{\\.|range \\.)((?:spec|status)(?:\\.\\w+)+)").FindAllStringSubmatch(page, -1) {
				if !isField(t, field[1]) {
					t.Errorf("neither kind has the field %s", field[1])
				}
			}
			for _, reason := range regexp.MustCompile(`reason[!=~]+"([^"]+)"`).FindAllStringSubmatch(a.Expr, -1) {
				for r := range strings.SplitSeq(reason[1], "|") {
					if !slices.Contains(known, r) {
						t.Errorf("the alert asks for the reason %s, which is not declared", r)
					}
				}
			}
		})
	}
}

// isField reports whether a MeshIngress or a class has the field of a path.
func isField(t *testing.T, path string) bool {
	t.Helper()
	for _, kind := range []string{"meshingresses", "meshingressclasses"} {
		var crd apiextensionsv1.CustomResourceDefinition
		if err := yaml.Unmarshal([]byte(read(t, crds+kind+".yaml")), &crd); err != nil {
			t.Fatal(err)
		}
		schema, found := *crd.Spec.Versions[0].Schema.OpenAPIV3Schema, true
		for name := range strings.SplitSeq(path, ".") {
			if schema.Items != nil {
				schema = *schema.Items.Schema
			}
			if schema, found = schema.Properties[name]; !found {
				break
			}
		}
		if found {
			return true
		}
	}
	return false
}

// vocabulary are the words of the API and of what the alerts are about.
func vocabulary(t *testing.T) []string {
	t.Helper()
	words := []string{"MeshIngress", "MeshIngressClass", "True", "False", "Unknown"}
	source := read(t, root+"/api/v1alpha1/conditions.go")
	for _, constant := range regexp.MustCompile(`\b(?:Condition|Reason)\w+\s+= "(\w+)"`).FindAllStringSubmatch(source, -1) {
		words = append(words, constant[1])
	}
	for _, field := range regexp.MustCompile(`enum:\n((?:\s+- \w+\n)+)`).FindAllStringSubmatch(
		read(t, crds+"meshingressclasses.yaml")+
			read(t, crds+"meshingresses.yaml"), -1) {
		words = append(words, strings.Fields(strings.ReplaceAll(field[1], "- ", ""))...)
	}
	for _, d := range definitions() {
		words = append(words, d.Name)
	}
	for _, a := range alerts(t) {
		words = append(words, a.Alert)
	}
	return words
}

func TestTheLeaseIsTheOperators(t *testing.T) {
	found := 0
	for _, query := range append(alertQueries(t), dashboardQueries(t)...) {
		for _, m := range regexp.MustCompile(`leader_election_master_status\{name="([^"]*)"`).FindAllStringSubmatch(query, -1) {
			found++
			if m[1] != permissions.LeaseName {
				t.Errorf("the lease is %s, want %s", m[1], permissions.LeaseName)
			}
		}
	}
	if found == 0 {
		t.Error("nothing asks who leads")
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

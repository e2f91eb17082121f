// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/operator-framework/api/pkg/manifests"
	"github.com/operator-framework/api/pkg/validation"
	verrors "github.com/operator-framework/api/pkg/validation/errors"
	validator "github.com/operator-framework/api/pkg/validation/interfaces"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

const root = "../../.."

// warnings of the validators that we live with, by a part of their text, and why.
var warnings = map[string]string{
	"channel(s) [\"alpha\"] are not following": "Nothing before 1.0 is a candidate for stable; alpha says so.",
}

// validators are all that there are for bundles, as `operator-sdk bundle validate
// --select-optional suite=operatorframework` runs them, and the others of the library
// that need nothing but the bundle. Left out: MultipleArchitecturesValidator, which pulls
// the image; OperatorHubValidator, which OperatorHubV2Validator and the two for
// capabilities and categories replace.
func validators() validator.Validators {
	return validator.Validators{
		validation.ClusterServiceVersionValidator,
		validation.CustomResourceDefinitionValidator,
		validation.BundleValidator,
		validation.OperatorHubV2Validator,
		validation.StandardCategoriesValidator,
		validation.StandardCapabilitiesValidator,
		validation.ObjectValidator,
		validation.OperatorGroupValidator,
		validation.CommunityOperatorValidator,
		validation.AlphaDeprecatedAPIsValidator,
		validation.GoodPracticesValidator,
	}
}

func TestBundlesAreValid(t *testing.T) {
	met := map[string]bool{}
	for _, dir := range bundles(t) {
		for _, problem := range validate(load(t, dir)) {
			part, known := accepted(problem)
			if !known {
				t.Errorf("%s: %s", dir, problem)
			}
			met[part] = true
		}
	}
	for part := range warnings {
		if !met[part] {
			t.Errorf("no bundle has the accepted warning %q: strike it out", part)
		}
	}
}

func TestValidatorsFindWhatIsWrong(t *testing.T) {
	b := load(t, filepath.Join(root, "bundle"))
	b.CSV.Annotations["categories"] = "Knitting"
	b.CSV.Spec.CustomResourceDefinitions.Owned = b.CSV.Spec.CustomResourceDefinitions.Owned[:1]
	found := strings.Join(validate(b), "\n")
	for _, want := range []string{"Knitting", "Kind=MeshIngress\" is present in bundle"} {
		if !strings.Contains(found, want) {
			t.Errorf("nothing is said of %s in:\n%s", want, found)
		}
	}
}

func accepted(problem string) (string, bool) {
	for part := range warnings {
		if strings.Contains(problem, part) && !strings.HasPrefix(problem, "Error") {
			return part, true
		}
	}
	return "", false
}

func validate(b *manifests.Bundle) []string {
	var problems []string
	for _, result := range validators().Validate(b.ObjectsToValidate()...) {
		for _, e := range append(append([]verrors.Error{}, result.Errors...), result.Warnings...) {
			problems = append(problems, fmt.Sprint(e))
		}
	}
	return problems
}

// What operatorhub.io and the consoles show or filter by, and what OpenShift asks of
// every operator:
// k8s-operatorhub/community-operators docs/packaging-required-fields.md.
func TestTheCatalogEntryIsComplete(t *testing.T) {
	csv := load(t, filepath.Join(root, "bundle")).CSV
	for _, key := range []string{
		"alm-examples", "capabilities", "categories", "containerImage", "createdAt", "description", "olm.skipRange",
		"operatorframework.io/suggested-namespace", "operatorframework.io/suggested-namespace-template",
		"repository", "support",
	} {
		if csv.Annotations[key] == "" {
			t.Errorf("the annotation %s is missing", key)
		}
	}
	for _, feature := range []string{
		"cnf", "cni", "csi", "disconnected", "fips-compliant", "proxy-aware", "tls-profiles",
		"token-auth-aws", "token-auth-azure", "token-auth-gcp",
	} {
		if v := csv.Annotations["features.operators.openshift.io/"+feature]; v != "true" && v != "false" {
			t.Errorf("feature %s is %q, neither true nor false", feature, v)
		}
	}
	if _, err := time.Parse(time.RFC3339, csv.Annotations["createdAt"]); err != nil {
		t.Error(err)
	}
	if n := len(csv.Annotations["description"]); n > 135 {
		t.Errorf("the description of one line has %d characters, and consoles cut it at 135", n)
	}
	for _, heading := range []string{"Features", "Before you begin", "What it does to your cluster", "How to begin", "How to leave"} {
		if !strings.Contains(csv.Spec.Description, "### "+heading) {
			t.Errorf("the description has no chapter %q", heading)
		}
	}
	if csv.Spec.RelatedImages[0].Image != csv.Annotations["containerImage"] {
		t.Errorf("relatedImages names %s, containerImage %s", csv.Spec.RelatedImages[0].Image, csv.Annotations["containerImage"])
	}
}

// A console begins the forms for new objects with the first example of each kind.
func TestTheFirstExamplesGoTogether(t *testing.T) {
	var class, routes *unstructured.Unstructured
	for _, example := range examples(t, load(t, filepath.Join(root, "bundle"))) {
		switch {
		case example.GetKind() == "MeshIngressClass" && class == nil:
			class = &example
		case example.GetKind() == "MeshIngress" && routes == nil:
			routes = &example
		}
	}
	if name, _, _ := unstructured.NestedString(routes.Object, "spec", "className"); name != class.GetName() {
		t.Errorf("the first MeshIngress is of class %q, and the first class is %q", name, class.GetName())
	}
}

// Links lead to files of this repository.
func TestLinksLeadSomewhere(t *testing.T) {
	csv := load(t, filepath.Join(root, "bundle")).CSV
	const blob = "https://github.com/meshingress/meshingress/blob/main/"
	text := csv.Spec.Description
	for _, link := range csv.Spec.Links {
		text += " " + link.URL + " "
	}
	parts := strings.Split(text, blob)[1:]
	if len(parts) == 0 {
		t.Fatal("there is no link to a file")
	}
	for _, part := range parts {
		path, _, _ := strings.Cut(strings.TrimRight(strings.Fields(part)[0], ",:."), ")")
		if _, err := os.Stat(filepath.Join(root, path)); err != nil {
			t.Errorf("the link to %s: %v", path, err)
		}
	}
}

// bundles are the directories of all bundles: this one and those released.
func bundles(t *testing.T) []string {
	t.Helper()
	metadata, err := filepath.Glob("../previous/*/metadata")
	if err != nil || len(metadata) == 0 {
		t.Fatalf("there is no released bundle (%v)", err)
	}
	dirs := []string{filepath.Join(root, "bundle")}
	for _, dir := range metadata {
		dirs = append(dirs, filepath.Dir(dir))
	}
	return dirs
}

func load(t *testing.T, dir string) *manifests.Bundle {
	t.Helper()
	b, err := manifests.GetBundleFromDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

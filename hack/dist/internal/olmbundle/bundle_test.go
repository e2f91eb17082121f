// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package olmbundle_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/meshingress/meshingress/hack/dist/internal/olmbundle"
	"github.com/meshingress/meshingress/hack/dist/manifests"
)

// A whole installation, as small as can be.
const installation = `
apiVersion: operators.coreos.com/v1alpha1
kind: ClusterServiceVersion
metadata: {name: meshingress.v0.0.0, annotations: {createdAt: base, support: us}}
spec: {displayName: Small, install: {strategy: deployment, spec: {deployments: []}}}
---
apiVersion: v1
kind: Namespace
metadata: {name: system}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.com}
spec:
  group: example.com
  scope: Cluster
  names: {kind: Thing, plural: things}
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, description: Thing is new.}}}
  - {name: v1beta1, served: false, storage: false, schema: {openAPIV3Schema: {type: object, description: Thing is old.}}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: manager, namespace: system}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: manager}
rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: manager}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: manager}
subjects: [{kind: ServiceAccount, name: manager, namespace: system}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: manager, namespace: system, labels: {a: b}}
spec:
  selector: {matchLabels: {a: b}}
  template:
    metadata: {labels: {a: b}}
    spec: {serviceAccountName: manager, containers: [{name: manager, image: controller}]}
---
apiVersion: v1
kind: Service
metadata: {name: metrics, namespace: system}
spec: {selector: {a: b}}
---
apiVersion: example.com/v1
kind: Thing
metadata: {name: first}
spec: {size: 1, color: green}
---
apiVersion: example.com/v1
kind: Thing
metadata: {name: second}
`

var options = olmbundle.Options{
	Version: "1.0.0", Image: "manager:v1.0.0", Channel: "alpha", Icon: []byte("<svg/>"), Scorecard: []byte("kind: Configuration\n"),
}

func TestBuild(t *testing.T) {
	files, csv := build(t, installation, options)

	for _, path := range []string{
		"manifests/example.com_things.yaml", "manifests/metrics_service.yaml",
		"metadata/annotations.yaml", "tests/scorecard/config.yaml",
	} {
		if files[path] == nil {
			t.Errorf("there is no %s", path)
		}
	}
	if strings.Contains(string(files["manifests/metrics_service.yaml"]), "namespace") {
		t.Error("the Service has a namespace, which is for OLM to choose")
	}
	for path := range files {
		if strings.Contains(path, "manager") {
			t.Errorf("%s is for OLM to make", path)
		}
	}

	strategy := csv.Spec.InstallStrategy.StrategySpec
	want := []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"get"}}}
	if diff := cmp.Diff(want, strategy.ClusterPermissions[0].Rules); diff != "" {
		t.Errorf("permissions (-want +got):\n%s", diff)
	}
	if len(strategy.Permissions) > 0 {
		t.Errorf("there are permissions in the namespace: %v", strategy.Permissions)
	}
	if got := strategy.DeploymentSpecs[0].Spec.Template.Spec.Containers[0].Image; got != "manager:v1.0.0" {
		t.Errorf("the image is %s", got)
	}
}

// Each version of a CRD is owned, served or not, or the bundle is not valid.
func TestEachVersionOfACRDIsOwned(t *testing.T) {
	_, csv := build(t, installation, options)
	var got []string
	for _, owned := range csv.Spec.CustomResourceDefinitions.Owned {
		got = append(got, owned.Kind+" "+owned.Version+": "+owned.Description)
	}
	if diff := cmp.Diff([]string{"Thing v1: Thing is new.", "Thing v1beta1: Thing is old."}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestExamplesAreInTheOrderOfTheSamples(t *testing.T) {
	_, csv := build(t, installation, options)
	var got []struct{ Metadata struct{ Name string } }
	if err := yaml.Unmarshal([]byte(csv.Annotations["alm-examples"]), &got); err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[0].Metadata.Name != "first" {
		t.Errorf("the examples are %v", got)
	}
}

func TestAnUpgrade(t *testing.T) {
	o := options
	o.Replaces, o.Image, o.CreatedAt = "0.9.0", "manager@sha256:"+strings.Repeat("a", 64), "2026-01-01T00:00:00Z"
	_, csv := build(t, installation, o)
	got := map[string]string{"replaces": csv.Spec.Replaces, "related": csv.Spec.RelatedImages[0].Image}
	for _, key := range []string{
		"olm.skipRange", "containerImage", "createdAt", "support", "features.operators.openshift.io/disconnected",
	} {
		got[key] = csv.Annotations[key]
	}
	want := map[string]string{
		"replaces": "meshingress.v0.9.0", "olm.skipRange": ">=0.9.0 <1.0.0", "related": o.Image, "containerImage": o.Image,
		"createdAt": o.CreatedAt, "support": "us", "features.operators.openshift.io/disconnected": "true",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	_, first := build(t, installation, options)
	if first.Spec.Replaces != "" || first.Annotations["olm.skipRange"] != "" {
		t.Error("a first version replaces another")
	}
	if got := first.Annotations["features.operators.openshift.io/disconnected"]; got != "false" {
		t.Errorf("with an image by tag, disconnected is %s", got)
	}
	if got := first.Annotations["createdAt"]; got != "base" {
		t.Errorf("createdAt is %s, not what the base says", got)
	}
}

func TestBuildRefuses(t *testing.T) {
	cases := map[string]struct {
		installation string
		version      string
		want         string
	}{
		"a kind that OLM cannot install": {
			installation: installation + "---\napiVersion: batch/v1\nkind: CronJob\nmetadata: {name: clock}\n",
			want:         "CronJob clock: OLM cannot install it",
		},
		"a second Deployment": {
			installation: installation + "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: two}\n",
			want:         "another Deployment, manager",
		},
		"permissions in another namespace": {
			installation: installation + `---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: far, namespace: elsewhere}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: manager}
subjects: [{kind: ServiceAccount, name: manager, namespace: system}]
`,
			want: "in the namespace elsewhere",
		},
		"two objects in one file": {
			installation: installation + "---\napiVersion: v1\nkind: Service\nmetadata: {name: metrics, namespace: other}\n",
			want:         "metrics_service.yaml",
		},
		"a field that no ClusterServiceVersion has": {
			installation: strings.Replace(installation, "displayName: Small", "displayname: Small", 1),
			want:         "displayname",
		},
		"an installation without a Deployment": {
			installation: strings.Replace(installation, "kind: Deployment", "kind: ConfigMap", 1),
			want:         "no Deployment",
		},
		"a version that is none": {version: "v1", want: "the version"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			o := options
			if tc.version != "" {
				o.Version, tc.installation = tc.version, installation
			}
			_, err := olmbundle.Build(decode(t, tc.installation), o)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("the error is %v, and does not say %q", err, tc.want)
			}
		})
	}
}

func build(t *testing.T, documents string, o olmbundle.Options) (olmbundle.Files, operatorsv1alpha1.ClusterServiceVersion) {
	t.Helper()
	files, err := olmbundle.Build(decode(t, documents), o)
	if err != nil {
		t.Fatal(err)
	}
	var csv operatorsv1alpha1.ClusterServiceVersion
	if err := yaml.UnmarshalStrict(files["manifests/meshingress.clusterserviceversion.yaml"], &csv); err != nil {
		t.Fatal(err)
	}
	return files, csv
}

func decode(t *testing.T, documents string) []*unstructured.Unstructured {
	t.Helper()
	objects, err := manifests.Decode([]byte(documents))
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

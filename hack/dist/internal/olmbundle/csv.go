// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package olmbundle

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"github.com/blang/semver/v4"
	"github.com/operator-framework/api/pkg/lib/version"
	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"
	appsv1 "k8s.io/api/apps/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/meshingress/meshingress/hack/dist/internal/rules"
)

// Name is the name of the ClusterServiceVersion of a version.
func Name(version string) string { return Package + ".v" + version }

// clusterServiceVersion completes the base.
func (s *sorted) clusterServiceVersion(o Options) (map[string]any, error) {
	v, err := semver.Parse(o.Version)
	if err != nil {
		return nil, fmt.Errorf("reading the version: %w", err)
	}
	csv := s.base.DeepCopy()
	csv.Name = Name(o.Version)
	csv.Spec.Version = version.OperatorVersion{Version: v}
	csv.Spec.Icon = []operatorsv1alpha1.Icon{{
		Data: base64.StdEncoding.EncodeToString(o.Icon), MediaType: "image/svg+xml",
	}}
	csv.Spec.RelatedImages = []operatorsv1alpha1.RelatedImage{{Name: "manager", Image: o.Image}}
	if err := s.annotate(csv, o); err != nil {
		return nil, err
	}
	if csv.Spec.CustomResourceDefinitions.Owned, err = s.owned(); err != nil {
		return nil, err
	}
	if csv.Spec.InstallStrategy, err = s.installStrategy(o.Image); err != nil {
		return nil, err
	}
	if o.Replaces != "" {
		csv.Spec.Replaces = Name(o.Replaces)
	}
	return tidy(csv)
}

// annotate adds the annotations that are not written by hand.
func (s *sorted) annotate(csv *operatorsv1alpha1.ClusterServiceVersion, o Options) error {
	examples, err := s.examples()
	if err != nil {
		return err
	}
	namespace, err := json.Marshal(s.namespace.Object)
	if err != nil {
		return fmt.Errorf("writing the Namespace: %w", err)
	}
	more := map[string]string{
		"alm-examples":   examples,
		"containerImage": o.Image,
		"operatorframework.io/suggested-namespace":          s.namespace.GetName(),
		"operatorframework.io/suggested-namespace-template": string(namespace),
		// A mirror of a cluster without a way out copies images by their digests.
		"features.operators.openshift.io/disconnected": fmt.Sprint(strings.Contains(o.Image, "@sha256:")),
	}
	if o.Replaces != "" {
		more[operatorsv1alpha1.SkipRangeAnnotationKey] = fmt.Sprintf(">=%s <%s", o.Replaces, o.Version)
	}
	if o.CreatedAt != "" {
		more["createdAt"] = o.CreatedAt
	}
	if csv.Annotations == nil {
		csv.Annotations = map[string]string{}
	}
	maps.Copy(csv.Annotations, more)
	return nil
}

// examples are the samples as a JSON list, in their order. A console begins a form with the
// first one of a kind.
func (s *sorted) examples() (string, error) {
	list := make([]map[string]any, 0, len(s.samples))
	for _, sample := range s.samples {
		list = append(list, sample.Object)
	}
	data, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return "", fmt.Errorf("writing the examples: %w", err)
	}
	return string(data), nil
}

// installStrategy is what OLM is to run, and the permissions that it is to give.
func (s *sorted) installStrategy(image string) (operatorsv1alpha1.NamedInstallStrategy, error) {
	none := operatorsv1alpha1.NamedInstallStrategy{}
	deployment := &appsv1.Deployment{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(
		s.deployment.Object, deployment, true); err != nil {
		return none, fmt.Errorf("reading the Deployment: %w", err)
	}
	containers := deployment.Spec.Template.Spec.Containers
	if len(containers) != 1 {
		return none, fmt.Errorf("the Deployment has %d containers, not 1", len(containers))
	}
	containers[0].Image = image

	account := deployment.Spec.Template.Spec.ServiceAccountName
	effective, err := rules.Of(s.all, types.NamespacedName{Namespace: deployment.Namespace, Name: account})
	if err != nil {
		return none, err
	}
	for namespace := range effective.Namespaced {
		if namespace != deployment.Namespace {
			return none, fmt.Errorf("a ClusterServiceVersion cannot give permissions in the namespace %s", namespace)
		}
	}
	strategy := operatorsv1alpha1.StrategyDetailsDeployment{
		DeploymentSpecs: []operatorsv1alpha1.StrategyDeploymentSpec{{
			Name: deployment.Name, Label: deployment.Labels, Spec: deployment.Spec,
		}},
		ClusterPermissions: permissions(account, effective.Cluster),
		Permissions:        permissions(account, effective.Namespaced[deployment.Namespace]),
	}
	return operatorsv1alpha1.NamedInstallStrategy{
		StrategyName: operatorsv1alpha1.InstallStrategyNameDeployment, StrategySpec: strategy,
	}, nil
}

func permissions(account string, rules []rbacv1.PolicyRule) []operatorsv1alpha1.StrategyDeploymentPermissions {
	if len(rules) == 0 {
		return nil
	}
	return []operatorsv1alpha1.StrategyDeploymentPermissions{{ServiceAccountName: account, Rules: rules}}
}

// tidy leaves out what Go's types write although nobody set it.
func tidy(csv *operatorsv1alpha1.ClusterServiceVersion) (map[string]any, error) {
	data, err := json.Marshal(csv)
	if err != nil {
		return nil, fmt.Errorf("writing the ClusterServiceVersion: %w", err)
	}
	var content map[string]any
	if err := json.Unmarshal(data, &content); err != nil {
		return nil, fmt.Errorf("reading the ClusterServiceVersion back: %w", err)
	}
	delete(content, "status")
	spec := content["spec"].(map[string]any)
	delete(spec, "cleanup")
	delete(spec, "apiservicedefinitions")
	return content, nil
}

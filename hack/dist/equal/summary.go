// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package equal

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// account is the ServiceAccount of the manager.
type account struct{ namespace, name string }

// Summary returns what an installation amounts to, as text: its objects as YAML, sorted by
// kind, then what the manager may do, a line for each verb (see Permission).
//
// What names an object is left out: metadata.name, metadata.namespace and labels, except
// those labels that Kubernetes acts on by itself. The roles and bindings of the manager are
// left out too, since what they allow is there. There must be one Deployment, the
// manager's.
func Summary(objects []*unstructured.Unstructured) (string, error) {
	manager, err := managerAccount(objects)
	if err != nil {
		return "", err
	}
	permissions, others, err := resolve(objects, manager)
	if err != nil {
		return "", err
	}
	contents := make([]string, 0, len(others))
	for _, obj := range others {
		content, err := yaml.Marshal(anonymous(obj))
		if err != nil {
			return "", fmt.Errorf("writing %s %s: %w", obj.GetKind(), obj.GetName(), err)
		}
		contents = append(contents, "--- "+obj.GetKind()+"\n"+string(content))
	}
	slices.Sort(contents)
	return strings.Join(contents, "") + "--- The manager may\n" + strings.Join(permissions, "\n") + "\n", nil
}

func managerAccount(objects []*unstructured.Unstructured) (account, error) {
	deployments := ofKind(objects, "Deployment")
	if len(deployments) != 1 {
		return account{}, fmt.Errorf("there are %d Deployments, not one", len(deployments))
	}
	name, _, err := unstructured.NestedString(deployments[0].Object, "spec", "template", "spec", "serviceAccountName")
	if err != nil {
		return account{}, fmt.Errorf("reading the Deployment: %w", err)
	}
	if name == "" {
		return account{}, errors.New("the Deployment names no ServiceAccount")
	}
	return account{namespace: deployments[0].GetNamespace(), name: name}, nil
}

func ofKind(objects []*unstructured.Unstructured, kind string) []*unstructured.Unstructured {
	return slices.DeleteFunc(slices.Clone(objects), func(o *unstructured.Unstructured) bool { return o.GetKind() != kind })
}

// anonymous is the content of an object without what names it. The name of a
// CustomResourceDefinition says what it defines, so that stays. The Deployment names the
// ServiceAccount whose permissions were resolved.
func anonymous(obj *unstructured.Unstructured) map[string]any {
	content := obj.DeepCopy().Object
	switch obj.GetKind() {
	case "CustomResourceDefinition":
	case "Deployment":
		unstructured.RemoveNestedField(content, "spec", "template", "spec", "serviceAccountName")
		fallthrough
	default:
		unstructured.RemoveNestedField(content, "metadata", "name")
	}
	unstructured.RemoveNestedField(content, "metadata", "namespace")
	unstructured.RemoveNestedField(content, "metadata", "labels")
	metadata, _ := content["metadata"].(map[string]any)
	if acting := actingLabels(obj); len(acting) > 0 {
		metadata["labels"] = acting
	}
	if len(metadata) == 0 {
		delete(content, "metadata")
	}
	return content
}

// actingLabels are those that Kubernetes acts on.
func actingLabels(obj *unstructured.Unstructured) map[string]any {
	acting := map[string]any{}
	for key, value := range obj.GetLabels() {
		if strings.HasPrefix(key, "rbac.authorization.k8s.io/") || strings.HasPrefix(key, "pod-security.kubernetes.io/") {
			acting[key] = value
		}
	}
	return acting
}

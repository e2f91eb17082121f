// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package injection

import (
	"maps"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/meshingress/meshingress/providers"
)

// Fields of a PodSpec that are looked at here.
const (
	automountField      = "automountServiceAccountToken"
	serviceAccountField = "serviceAccountName"
)

// podSpecOn are the fields that the class sets in the pod template that is a target. A
// target that is no workload has no place for them.
func podSpecOn(t Target, c Cluster) map[string]any {
	if !t.IsWorkload() {
		return nil
	}
	return c.PodSpec
}

// with is the workload as its injector will see it: with a token that the class mounts.
func (w Workload) with(podSpec map[string]any) Workload {
	if mounts, ok := podSpec[automountField].(bool); ok {
		w.Template.Spec.AutomountServiceAccountToken = &mounts
	}
	return w
}

// withPodSpec adds fields of a pod template's spec to those of a workload.
func withPodSpec(workload, podSpec map[string]any) map[string]any {
	if len(podSpec) == 0 {
		return workload
	}
	template := workload["spec"].(map[string]any)["template"].(map[string]any)
	template["spec"] = runtime.DeepCopyJSON(podSpec)
	return workload
}

// mergePodSpec adds to the fields of an older class those of a younger that the older
// one leaves open.
func mergePodSpec(older, younger map[string]any) map[string]any {
	if len(younger) == 0 {
		return older
	}
	merged := maps.Clone(younger)
	maps.Copy(merged, older)
	return merged
}

// ServiceAccounts are those that claims name, in the namespaces of their workloads, each
// once, without marks of an owner.
func ServiceAccounts(claims []Claim) []*unstructured.Unstructured {
	var all []*unstructured.Unstructured
	seen := map[string]bool{}
	for _, c := range claims {
		name, _ := c.PodSpec[serviceAccountField].(string)
		key := c.Workload.Namespace + "/" + name
		if name == "" || seen[key] {
			continue
		}
		seen[key] = true
		account := &unstructured.Unstructured{}
		account.SetGroupVersionKind(providers.KindServiceAccount.GroupVersionKind)
		account.SetNamespace(c.Workload.Namespace)
		account.SetName(name)
		all = append(all, account)
	}
	return all
}

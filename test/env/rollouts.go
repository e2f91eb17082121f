// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package env

import (
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// WithoutRollouts leaves out what a rollout changes for good: Pods, ReplicaSets and
// ControllerRevisions, and of a Deployment or DaemonSet the status and the numbers of its
// revisions. It changes the snapshot that it is called on.
func (s Snapshot) WithoutRollouts() Snapshot {
	for key, object := range s {
		kind, _, _ := strings.Cut(key, " ")
		switch kind {
		case "Pod", "ReplicaSet.apps", "ControllerRevision.apps":
			delete(s, key)
		case "Deployment.apps", "DaemonSet.apps":
			withoutRollout(object)
		}
	}
	return s
}

func withoutRollout(object *unstructured.Unstructured) {
	delete(object.Object, "status")
	annotations := object.GetAnnotations()
	delete(annotations, "deployment.kubernetes.io/revision")
	delete(annotations, "deprecated.daemonset.template.generation")
	object.SetAnnotations(annotations)
	object.SetManagedFields(slices.DeleteFunc(object.GetManagedFields(), func(f metav1.ManagedFieldsEntry) bool {
		return f.Subresource == "status"
	}))
}

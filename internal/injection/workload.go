// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package injection

import (
	"cmp"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
)

// Workload is what a Deployment, DaemonSet and StatefulSet have in common.
type Workload struct {
	v1alpha1.WorkloadReference
	UID      types.UID
	Template corev1.PodTemplateSpec
	Selector *metav1.LabelSelector

	// Desired is the number of pods that should run.
	Desired int32

	// Owner is the object that the workload is generated from, see OwnerOf; nil where
	// there is none.
	Owner *metav1.OwnerReference

	// RolledOut reports whether every pod is of the current template, as the
	// workload's controller sees it.
	RolledOut bool

	// Generation of the workload, and the last one that its controller has seen; that
	// is 0 before its first look, when there are no pods yet.
	Generation, ObservedGeneration int64

	// Stuck says why its controller does not go on with a rollout, and what to do;
	// empty where nothing is said against it.
	Stuck string

	// Deadline is how long a pod may take to become ready.
	Deadline time.Duration

	// Changed is when anything but the status was set last; zero for a Deployment, whose
	// controller has an eye on the time itself.
	Changed time.Time
}

// FromDeployment reads a Deployment.
func FromDeployment(d *appsv1.Deployment) Workload {
	desired := replicas(d.Spec.Replicas)
	rolledOut := d.Status.ObservedGeneration >= d.Generation &&
		d.Status.UpdatedReplicas == desired && d.Status.Replicas == desired
	return Workload{
		WorkloadReference: reference("Deployment", d), UID: d.UID, Owner: OwnerOf(d),
		Template: d.Spec.Template, Selector: d.Spec.Selector, Desired: desired, RolledOut: rolledOut,
		Generation: d.Generation, ObservedGeneration: d.Status.ObservedGeneration,
		Stuck: stuckDeployment(d, rolledOut), Deadline: progressDeadline(d),
	}
}

// FromDaemonSet reads a DaemonSet.
func FromDaemonSet(d *appsv1.DaemonSet) Workload {
	desired := d.Status.DesiredNumberScheduled
	rolledOut := d.Status.ObservedGeneration >= d.Generation && d.Status.UpdatedNumberScheduled == desired
	w := Workload{
		WorkloadReference: reference("DaemonSet", d), UID: d.UID, Owner: OwnerOf(d),
		Template: d.Spec.Template, Selector: d.Spec.Selector, Desired: desired, RolledOut: rolledOut,
		Generation: d.Generation, ObservedGeneration: d.Status.ObservedGeneration, Deadline: defaultDeadline,
		Changed: changed(d),
	}
	if !rolledOut && d.Spec.UpdateStrategy.Type == appsv1.OnDeleteDaemonSetStrategyType {
		w.Stuck = stuckOnDelete
	}
	return w
}

// FromStatefulSet reads a StatefulSet.
func FromStatefulSet(s *appsv1.StatefulSet) Workload {
	desired := replicas(s.Spec.Replicas)
	rolledOut := s.Status.ObservedGeneration >= s.Generation &&
		s.Status.UpdatedReplicas == desired && s.Status.Replicas == desired
	return Workload{
		WorkloadReference: reference("StatefulSet", s), UID: s.UID, Owner: OwnerOf(s),
		Template: s.Spec.Template, Selector: s.Spec.Selector, Desired: desired, RolledOut: rolledOut,
		Generation: s.Generation, ObservedGeneration: s.Status.ObservedGeneration,
		Stuck: stuckStatefulSet(s, rolledOut), Deadline: defaultDeadline, Changed: changed(s),
	}
}

// OwnerOf is the object that a workload is generated from: its controller, or where no
// owner is marked as that, the first owner. Istio and Envoy Gateway mark none
// (istio/istio manifests/charts/istio-control/istio-discovery/files/kube-gateway.yaml
// 03404d0; envoyproxy/gateway internal/infrastructure/kubernetes/proxy/resource_provider.go
// v1.9.0, ownerReferences). nil where there is no owner.
func OwnerOf(workload metav1.Object) *metav1.OwnerReference {
	owners := workload.GetOwnerReferences()
	if owner := metav1.GetControllerOf(workload); owner != nil || len(owners) == 0 {
		return owner
	}
	return &owners[0]
}

// changed is when anything but the status was set last.
func changed(obj metav1.Object) time.Time {
	last := obj.GetCreationTimestamp().Time
	for _, e := range obj.GetManagedFields() {
		if e.Subresource == "" && e.Time != nil && e.Time.After(last) {
			last = e.Time.Time
		}
	}
	return last
}

func reference(kind string, obj metav1.Object) v1alpha1.WorkloadReference {
	return v1alpha1.WorkloadReference{Kind: kind, Namespace: obj.GetNamespace(), Name: obj.GetName()}
}

func replicas(n *int32) int32 {
	if n == nil {
		return 1
	}
	return *n
}

// Facts are what a provider may see of the workload.
func (w Workload) Facts() providers.WorkloadFacts {
	return providers.WorkloadFacts{
		Kind: w.Kind, Namespace: w.Namespace, Name: w.Name, Labels: w.Template.Labels, Owner: w.Owner,
	}
}

// String is "<kind> <namespace>/<name>".
func (w Workload) String() string { return RefString(w.WorkloadReference) }

// RefString is "<kind> <namespace>/<name>".
func RefString(r v1alpha1.WorkloadReference) string {
	return r.Kind + " " + r.Namespace + "/" + r.Name
}

// PodSelector selects the workload's pods; nothing where it cannot be read.
func (w Workload) PodSelector() labels.Selector {
	s, err := metav1.LabelSelectorAsSelector(w.Selector)
	if err != nil {
		return labels.Nothing()
	}
	return s
}

// Containers are the containers and init containers of the pod template.
func (w Workload) Containers() []corev1.Container {
	return slices.Concat(w.Template.Spec.Containers, w.Template.Spec.InitContainers)
}

// imageTag is the tag of an image, empty where there is none.
func imageTag(image string) string {
	image, _, _ = strings.Cut(image, "@")
	if i := strings.LastIndex(image, ":"); i > strings.LastIndex(image, "/") {
		return image[i+1:]
	}
	return ""
}

// SortWorkloads orders workloads by kind, namespace and name.
func SortWorkloads(ws []Workload) {
	slices.SortFunc(ws, compareWorkloads)
}

func compareWorkloads(a, b Workload) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
}

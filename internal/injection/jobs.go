// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package injection

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
)

// Job is what a Job and a CronJob have in common.
type Job struct {
	// Kind is Job or CronJob.
	Kind, Namespace, Name string

	Template corev1.PodTemplateSpec

	// Idle reports whether it makes no pods as it is: it is finished, it is suspended,
	// or it is that of a CronJob, which stands for it.
	Idle bool
}

// FromJob reads a Job. It is finished where it is Complete or has Failed
// (kubernetes/kubernetes pkg/controller/job/utils.go v1.36.3).
func FromJob(j *batchv1.Job) Job {
	finished := slices.ContainsFunc(j.Status.Conditions, func(c batchv1.JobCondition) bool {
		return (c.Type == batchv1.JobComplete || c.Type == batchv1.JobFailed) && c.Status == corev1.ConditionTrue
	})
	owner := metav1.GetControllerOf(j)
	return Job{
		Kind: "Job", Namespace: j.Namespace, Name: j.Name, Template: j.Spec.Template,
		Idle: finished || isTrue(j.Spec.Suspend) || owner != nil && owner.Kind == "CronJob",
	}
}

// FromCronJob reads a CronJob.
func FromCronJob(j *batchv1.CronJob) Job {
	return Job{
		Kind: "CronJob", Namespace: j.Namespace, Name: j.Name, Template: j.Spec.JobTemplate.Spec.Template,
		Idle: isTrue(j.Spec.Suspend),
	}
}

func isTrue(b *bool) bool { return b != nil && *b }

// JobNamespaces are the namespaces of workloads where every new pod gets a proxy beside
// which a Job does not end: the Namespace is annotated, or is the target of a claim, and
// proxies are no native sidecars there. Sorted; only Jobs there can be a hazard.
func JobNamespaces(claims []Claim, c Cluster) []string {
	return slices.Sorted(maps.Keys(jobNamespaces(claims, c)))
}

// jobNamespaces holds the annotations of those Namespaces.
func jobNamespaces(claims []Claim, c Cluster) map[string]map[string]string {
	found := map[string]map[string]string{}
	for _, claim := range claims {
		annotations := namespaceAnnotations(claim, c)
		if injects(annotations[linkerd.InjectAnnotation]) && !c.Linkerd.SidecarIsNative(annotations) {
			found[claim.Workload.Namespace] = annotations
		}
	}
	return found
}

// JobsHang tells of Jobs and CronJobs in the namespaces of a class's workloads that get a
// proxy which does not end, so that they never finish (linkerd/linkerd2 issues 4031 and
// 7425). Those whose proxy is told to end, by linkerd-await say, are known by
// linkerd.AdminShutdownAnnotation.
func JobsHang(claims []Claim, jobs []Job, d Discovery, c Cluster) []v1alpha1.Notice {
	namespaces := jobNamespaces(claims, c)
	names := map[string][]string{}
	for _, j := range jobs {
		if annotations, looked := namespaces[j.Namespace]; looked && hangs(j, annotations, c) {
			names[j.Kind] = append(names[j.Kind], j.Namespace+"/"+j.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	var found []string
	for _, kind := range slices.Sorted(maps.Keys(names)) {
		found = append(found, listed(kind, names[kind]))
	}
	return []v1alpha1.Notice{{Reason: v1alpha1.ReasonJobsHang, Message: fmt.Sprintf(
		"the annotation linkerd.io/inject of the Namespace gives these a proxy that does not end, so they never finish: %s; "+
			"annotate their pod templates linkerd.io/inject: disabled, or install Linkerd with proxy.nativeSidecar: true, the default since 2.20%s",
		strings.Join(found, ", "), otherThanNamespace(d))}}
}

// hangs reports whether the pods of a Job get a proxy that does not end.
func hangs(j Job, namespace map[string]string, c Cluster) bool {
	all := maps.Clone(namespace)
	maps.Copy(all, j.Template.Annotations)
	pods := Workload{
		WorkloadReference: v1alpha1.WorkloadReference{Kind: j.Kind, Namespace: j.Namespace, Name: j.Name}, Template: j.Template,
	}
	annotated := Target{InventoryEntry: v1alpha1.InventoryEntry{Kind: "Namespace"}}
	return !j.Idle && injects(all[linkerd.InjectAnnotation]) && !c.Linkerd.SidecarIsNative(all) &&
		all[linkerd.AdminShutdownAnnotation] != "enabled" && blocked(pods, "", annotated, c) == ""
}

// otherThanNamespace is the remedy of annotating something else, where the vendor has
// something else.
func otherThanNamespace(d Discovery) string {
	others := slices.DeleteFunc(slices.Clone(d.Targets), func(t v1alpha1.InjectionTarget) bool {
		return t == v1alpha1.InjectionTargetNamespace
	})
	if len(others) == 0 || len(others) == len(d.Targets) {
		return ", or take the annotation off the Namespace"
	}
	return ", or set spec.dataPlane.injectionTarget to " + joinTargets(others)
}

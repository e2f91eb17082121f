// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package injection

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// defaultDeadline is what a Deployment's progressDeadlineSeconds is by default
// (k8s.io/api apps/v1/types.go@v0.37.2). The other kinds have none.
const defaultDeadline = 10 * time.Minute

// maxHeldUp is how many pods are named that keep a rollout from going on.
const maxHeldUp = 3

const stuckOnDelete = "spec.updateStrategy is OnDelete, so pods stay as they are: delete them, one after the other"

// Rollout is how far a workload is with making the pods of its template.
type Rollout struct {
	// Finished is true where every pod that should run does, is of the current template
	// and is ready. Where none should run that is so at once.
	Finished bool

	// Stuck says why a rollout does not come to its end by itself, and what to do; empty
	// where it is finished or goes on.
	Stuck string

	// StuckIn is how long until a rollout that goes on is stuck, unless pods become
	// ready; 0 where none waits for that.
	StuckIn time.Duration
}

// UnderWay reports whether a rollout is not finished and goes on.
func (r Rollout) UnderWay() bool { return !r.Finished && r.Stuck == "" }

// Rollout says how far the workload is, given the time and pods, among which may be
// those of others.
func (w Workload) Rollout(pods []*corev1.Pod, now time.Time) Rollout {
	pods = slices.DeleteFunc(slices.Clone(pods), func(pod *corev1.Pod) bool {
		return isFinished(pod) || pod.DeletionTimestamp != nil || !w.controls(pod)
	})
	waiting := slices.DeleteFunc(slices.Clone(pods), isUp)
	switch {
	case w.Desired == 0, w.RolledOut && len(pods) == int(w.Desired) && len(waiting) == 0:
		return Rollout{Finished: true}
	case w.ObservedGeneration < w.Generation:
		return Rollout{} // what is known is about the template before
	}
	why, left := w.heldUpBy(w.newest(waiting, pods), now)
	if why == "" && left == 0 {
		why, left = w.stalled(pods, now)
	}
	if stuck := joined(w.Stuck, why); stuck != "" {
		return Rollout{Stuck: stuck}
	}
	return Rollout{StuckIn: left}
}

// stalled says that pods are missing for too long, which only a Deployment tells of
// itself: an admission policy may refuse them. Else it is how long that may still take.
func (w Workload) stalled(pods []*corev1.Pod, now time.Time) (why string, left time.Duration) {
	if w.Changed.IsZero() {
		return "", 0
	}
	since := w.Changed
	for _, pod := range pods {
		if pod.CreationTimestamp.After(since) {
			since = pod.CreationTimestamp.Time
		}
	}
	if left = since.Add(w.Deadline).Sub(now); left > 0 {
		return "", left
	}
	return "its pods are not made: its events say why", 0
}

// heldUpBy says which of the pods that are not ready keep a rollout from going on, and
// how long the others may still take.
func (w Workload) heldUpBy(waiting []*corev1.Pod, now time.Time) (why string, left time.Duration) {
	var heldUp []string
	for _, pod := range waiting {
		reason, ofPod := w.holdsUp(pod, now)
		if reason != "" {
			heldUp = append(heldUp, "pod "+pod.Name+" "+reason)
		} else if left == 0 || ofPod < left {
			left = ofPod
		}
	}
	return someOf(heldUp), left
}

// isUp reports whether a pod is ready, and its proxy if it has one.
func isUp(pod *corev1.Pod) bool { return isReady(pod) && (proxyMode(pod) == "" || proxyReady(pod)) }

// newest are those of some pods that are of the current template. As long as others
// are left, those have the hash of the pod that was made last.
func (w Workload) newest(some, all []*corev1.Pod) []*corev1.Pod {
	if w.RolledOut || len(all) == 0 {
		return some
	}
	last := slices.MaxFunc(all, func(a, b *corev1.Pod) int { return a.CreationTimestamp.Compare(b.CreationTimestamp.Time) })
	return slices.DeleteFunc(slices.Clone(some), func(pod *corev1.Pod) bool {
		return templateHash(pod) != templateHash(last) || !w.made(pod)
	})
}

func templateHash(pod *corev1.Pod) string {
	return cmp.Or(pod.Labels[appsv1.DefaultDeploymentUniqueLabelKey], pod.Labels[appsv1.ControllerRevisionHashLabelKey])
}

// holdsUp says why a pod does not become ready; else how long it may still take.
func (w Workload) holdsUp(pod *corev1.Pod, now time.Time) (why string, left time.Duration) {
	since := pod.CreationTimestamp.Time
	for _, c := range pod.Status.Conditions {
		switch {
		case c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse && c.Reason == corev1.PodReasonUnschedulable:
			return "is " + c.Reason + ": no Node takes it", 0
		case c.Type == corev1.PodReady && !c.LastTransitionTime.IsZero():
			since = c.LastTransitionTime.Time
		}
	}
	for _, s := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		if reason := failure(s); reason != "" {
			return fmt.Sprintf("waits for its container %s: %s", s.Name, reason), 0
		}
	}
	if left = since.Add(w.Deadline).Sub(now); left > 0 {
		return "", left
	}
	return "does not become ready", 0
}

// failure is the reason for which a kubelet cannot start a container or has to start
// it again and again, from kubernetes pkg/kubelet/{container/sync_result.go,
// images/types.go,kuberuntime/kuberuntime_container.go}@v1.36.3; empty where there is
// none. It is the same between two tries.
func failure(s corev1.ContainerStatus) string {
	const crash, pull, restarts = "CrashLoopBackOff", "ImagePullBackOff", 3
	if s.State.Waiting == nil {
		if !s.Ready && s.RestartCount >= restarts {
			return crash
		}
		return ""
	}
	switch reason := s.State.Waiting.Reason; reason {
	case "ErrImagePull":
		return pull
	case crash, pull, "ErrImageNeverPull", "ImageInspectError", "InvalidImageName",
		"CreateContainerConfigError", "CreateContainerError", "RunContainerError":
		return reason
	default:
		return ""
	}
}

func someOf(heldUp []string) string {
	slices.Sort(heldUp)
	text := strings.Join(heldUp[:min(len(heldUp), maxHeldUp)], ", ")
	if more := len(heldUp) - maxHeldUp; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

func joined(texts ...string) string {
	return strings.Join(slices.DeleteFunc(texts, func(t string) bool { return t == "" }), "; ")
}

// stuckDeployment reads what the deployment controller says
// (kubernetes pkg/controller/deployment/progress.go@v1.36.3).
func stuckDeployment(d *appsv1.Deployment, rolledOut bool) string {
	var found []string
	if d.Spec.Paused && !rolledOut {
		found = append(found, "it is paused: set spec.paused to false")
	}
	for _, c := range d.Status.Conditions {
		switch {
		case c.Type == appsv1.DeploymentReplicaFailure && c.Status == corev1.ConditionTrue:
			found = append(found, "its pods cannot be made: "+c.Message)
		case c.Type == appsv1.DeploymentProgressing && c.Status == corev1.ConditionFalse:
			found = append(found, "it has made no progress within spec.progressDeadlineSeconds")
		}
	}
	return joined(found...)
}

// progressDeadline of a Deployment that has none, which is the highest value, is the
// default: a pod that does not become ready must not hold up everything for ever.
func progressDeadline(d *appsv1.Deployment) time.Duration {
	if s := d.Spec.ProgressDeadlineSeconds; s != nil && *s != math.MaxInt32 {
		return time.Duration(*s) * time.Second
	}
	return defaultDeadline
}

// stuckStatefulSet tells of pods that are to stay as they are.
func stuckStatefulSet(s *appsv1.StatefulSet, rolledOut bool) string {
	strategy := s.Spec.UpdateStrategy
	switch {
	case rolledOut:
		return ""
	case strategy.Type == appsv1.OnDeleteStatefulSetStrategyType:
		return stuckOnDelete
	case strategy.RollingUpdate == nil || strategy.RollingUpdate.Partition == nil:
		return ""
	}
	partition := *strategy.RollingUpdate.Partition
	if partition == 0 || s.Status.UpdatedReplicas < replicas(s.Spec.Replicas)-partition {
		return "" // it has not come to the partition yet
	}
	return fmt.Sprintf("spec.updateStrategy.rollingUpdate.partition is %d, and the pods below stay as they are: set it to 0", partition)
}

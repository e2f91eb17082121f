// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package injection_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/meshingress/meshingress/internal/injection"
)

// at is the present of these tests.
var at = day(2).Time

// of is a Deployment of so many pods that its controller has seen.
func of(pods int32, rolledOut bool) injection.Workload {
	return edge(func(w *injection.Workload) {
		w.Desired, w.RolledOut, w.Deadline = pods, rolledOut, 10*time.Minute
		w.Generation, w.ObservedGeneration = 3, 3
	})
}

// unreadySince makes a pod one that has not been ready for some time.
func unreadySince(d time.Duration) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Status.Conditions = []corev1.PodCondition{{
			Type: corev1.PodReady, Status: corev1.ConditionFalse, LastTransitionTime: metav1.NewTime(at.Add(-d)),
		}}
	}
}

// starting makes a pod one that was made now.
func starting(p *corev1.Pod) {
	p.CreationTimestamp = metav1.NewTime(at)
	p.Status.Conditions = nil
}

// waits makes a container, that of the proxy or another, wait for a reason.
func waits(container int, reason string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		starting(p)
		s := &p.Status.ContainerStatuses[container]
		s.Ready, s.State = false, corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason}}
	}
}

func TestRolloutOfOnePod(t *testing.T) {
	type changes = []func(*corev1.Pod)
	crashing := func(restarts int32) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			starting(p)
			p.Status.ContainerStatuses[1].Ready, p.Status.ContainerStatuses[1].RestartCount = false, restarts
		}
	}
	unschedulable := func(p *corev1.Pod) {
		p.Status = corev1.PodStatus{Phase: corev1.PodPending, Conditions: []corev1.PodCondition{
			{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable},
		}}
	}
	going := func(p *corev1.Pod) { p.DeletionTimestamp = ptr.To(metav1.NewTime(at)) }
	const minutes = time.Minute
	for name, tc := range map[string]struct {
		changes changes
		stuck   []string // what Stuck names; nil where it is empty
		stuckIn time.Duration
		done    bool
	}{
		"ready":                             {done: true},
		"ready as a sidecar":                {changes: changes{asSidecar}, done: true},
		"ready, without a proxy":            {changes: changes{bare}, done: true},
		"starting":                          {changes: changes{starting}, stuckIn: 10 * minutes},
		"starting, long ago":                {changes: changes{unreadySince(4 * minutes)}, stuckIn: 6 * minutes},
		"not ready for too long":            {changes: changes{unreadySince(10 * minutes)}, stuck: []string{"edge-1", "ready"}},
		"ready before its proxy":            {changes: changes{waits(1, "PodInitializing"), ready}, stuckIn: 10 * minutes},
		"being created":                     {changes: changes{waits(1, "ContainerCreating")}, stuckIn: 10 * minutes},
		"its proxy crashes":                 {changes: changes{waits(1, "CrashLoopBackOff")}, stuck: []string{"edge-1", "linkerd-proxy", "CrashLoopBackOff"}},
		"its proxy as a sidecar crashes":    {changes: changes{waits(1, "CrashLoopBackOff"), asSidecar}, stuck: []string{"linkerd-proxy", "CrashLoopBackOff"}},
		"its proxy crashes, and runs again": {changes: changes{crashing(3)}, stuck: []string{"linkerd-proxy", "CrashLoopBackOff"}},
		"its proxy has restarted twice":     {changes: changes{crashing(2)}, stuckIn: 10 * minutes},
		"another container crashes":         {changes: changes{waits(0, "CrashLoopBackOff")}, stuck: []string{"container proxy"}},
		"no image":                          {changes: changes{waits(1, "ImagePullBackOff")}, stuck: []string{"ImagePullBackOff"}},
		"no image, between two tries":       {changes: changes{waits(1, "ErrImagePull")}, stuck: []string{"ImagePullBackOff"}},
		"no such Secret":                    {changes: changes{waits(0, "CreateContainerConfigError")}, stuck: []string{"CreateContainerConfigError"}},
		"no Node":                           {changes: changes{unschedulable}, stuck: []string{"edge-1", "Unschedulable"}},
		"on its way out":                    {changes: changes{going}},
		"somebody else's":                   {changes: changes{ownedBy("Job", "edge-abc", "x")}},
		"somebody else's that crashes":      {changes: changes{waits(0, "CrashLoopBackOff"), ownedBy("Job", "edge-abc", "x")}},
	} {
		t.Run(name, func(t *testing.T) {
			got := of(1, true).Rollout([]*corev1.Pod{meshed("edge-1", tc.changes...)}, at)
			if got.Finished != tc.done || got.StuckIn != tc.stuckIn || (got.Stuck == "") != (tc.stuck == nil) {
				t.Errorf("got %+v", got)
			}
			if got.UnderWay() != (!tc.done && tc.stuck == nil) {
				t.Errorf("under way: %t", got.UnderWay())
			}
			for _, part := range tc.stuck {
				if !strings.Contains(got.Stuck, part) {
					t.Errorf("stuck as %q, want %q in it", got.Stuck, part)
				}
			}
		})
	}
}

func ready(p *corev1.Pod) {
	p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
}

// hashed makes a pod one of another template, made some minutes ago.
func hashed(hash string, minutes time.Duration) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.CreationTimestamp = metav1.NewTime(at.Add(-minutes * time.Minute))
		p.Labels = map[string]string{"pod-template-hash": hash}
		p.OwnerReferences[0].Name = "edge-" + hash
	}
}

func TestRolloutOfSeveralPods(t *testing.T) {
	crashes := waits(0, "CrashLoopBackOff")
	for name, tc := range map[string]struct {
		workload injection.Workload
		pods     []*corev1.Pod
		want     injection.Rollout
	}{
		"none is to run":            {of(0, false), nil, injection.Rollout{Finished: true}},
		"none is there yet":         {of(2, false), nil, injection.Rollout{}},
		"one is missing":            {of(2, true), []*corev1.Pod{meshed("a")}, injection.Rollout{}},
		"all are there":             {of(2, true), []*corev1.Pod{meshed("a"), meshed("b")}, injection.Rollout{Finished: true}},
		"one too many":              {of(1, true), []*corev1.Pod{meshed("a"), meshed("b")}, injection.Rollout{}},
		"all are of the one before": {of(1, false), []*corev1.Pod{meshed("a")}, injection.Rollout{}},
		"the first to be stuck counts": {
			of(2, true),
			[]*corev1.Pod{meshed("a", unreadySince(time.Minute)), meshed("b", unreadySince(3*time.Minute))},
			injection.Rollout{StuckIn: 7 * time.Minute},
		},
		"those of the former template may crash": {
			of(2, false),
			[]*corev1.Pod{meshed("old", crashes, hashed("old", 9)), meshed("new", starting, hashed("new", 1))},
			injection.Rollout{StuckIn: 9 * time.Minute},
		},
		"those of the current one may not": {
			of(2, false),
			[]*corev1.Pod{meshed("old", hashed("old", 9)), meshed("new", crashes, hashed("new", 1))},
			injection.Rollout{Stuck: "pod new waits for its container proxy: CrashLoopBackOff"},
		},
		"nor those of any, once no other is left": {
			of(2, true),
			[]*corev1.Pod{meshed("one", hashed("new", 1)), meshed("two", crashes, hashed("new", 9))},
			injection.Rollout{Stuck: "pod two waits for its container proxy: CrashLoopBackOff"},
		},
		"what the controller says comes first": {
			func() injection.Workload { w := of(1, true); w.Stuck = "no quota"; return w }(),
			[]*corev1.Pod{meshed("a", starting)},
			injection.Rollout{Stuck: "no quota"},
		},
		"what it said of the template before is nothing": {
			func() injection.Workload { w := of(1, false); w.Stuck, w.Generation = "no quota", 4; return w }(),
			[]*corev1.Pod{meshed("a", crashes)},
			injection.Rollout{},
		},
		"in the end all are well, whatever it said": {
			func() injection.Workload { w := of(1, true); w.Stuck = "no quota"; return w }(),
			[]*corev1.Pod{meshed("a")},
			injection.Rollout{Finished: true},
		},
		"a few are named, sorted": {
			of(5, true),
			[]*corev1.Pod{
				meshed("e", crashes), meshed("b", crashes), meshed("a", crashes), meshed("d", crashes), meshed("c", crashes),
			},
			injection.Rollout{Stuck: "pod a waits for its container proxy: CrashLoopBackOff, " +
				"pod b waits for its container proxy: CrashLoopBackOff, " +
				"pod c waits for its container proxy: CrashLoopBackOff and 2 more"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, tc.workload.Rollout(tc.pods, at)); diff != "" {
				t.Errorf("rollout (-want +got):\n%s", diff)
			}
		})
	}
}

func TestStuckDeployment(t *testing.T) {
	condition := func(kind appsv1.DeploymentConditionType, status corev1.ConditionStatus) appsv1.DeploymentCondition {
		return appsv1.DeploymentCondition{Type: kind, Status: status, Reason: "X", Message: "exceeded quota"}
	}
	rolledOut := func(d *appsv1.Deployment) { d.Status.Replicas, d.Status.UpdatedReplicas = 1, 1 }
	for name, tc := range map[string]struct {
		change func(*appsv1.Deployment)
		want   string // part of it; empty where it is not stuck
	}{
		"goes on": {func(d *appsv1.Deployment) {
			d.Status.Conditions = []appsv1.DeploymentCondition{
				condition(appsv1.DeploymentProgressing, corev1.ConditionTrue),
				condition(appsv1.DeploymentReplicaFailure, corev1.ConditionFalse),
				condition(appsv1.DeploymentAvailable, corev1.ConditionFalse),
			}
		}, ""},
		"paused":              {func(d *appsv1.Deployment) { d.Spec.Paused = true }, "spec.paused"},
		"paused, and is done": {func(d *appsv1.Deployment) { d.Spec.Paused = true; rolledOut(d) }, ""},
		"makes no progress": {func(d *appsv1.Deployment) {
			d.Status.Conditions = []appsv1.DeploymentCondition{condition(appsv1.DeploymentProgressing, corev1.ConditionFalse)}
		}, "spec.progressDeadlineSeconds"},
		"may make no pods": {func(d *appsv1.Deployment) {
			d.Status.Conditions = []appsv1.DeploymentCondition{condition(appsv1.DeploymentReplicaFailure, corev1.ConditionTrue)}
		}, "exceeded quota"},
	} {
		t.Run(name, func(t *testing.T) {
			d := &appsv1.Deployment{}
			tc.change(d)
			if got := injection.FromDeployment(d).Stuck; (got == "") != (tc.want == "") || !strings.Contains(got, tc.want) {
				t.Errorf("stuck as %q, want %q", got, tc.want)
			}
		})
	}
}

func TestDeadlineOfADeployment(t *testing.T) {
	for name, tc := range map[string]struct {
		seconds *int32
		want    time.Duration
	}{
		"by default": {nil, 10 * time.Minute},
		"its own":    {ptr.To[int32](30), 30 * time.Second},
		"none":       {ptr.To[int32](math.MaxInt32), 10 * time.Minute},
	} {
		d := &appsv1.Deployment{Spec: appsv1.DeploymentSpec{ProgressDeadlineSeconds: tc.seconds}}
		if got := injection.FromDeployment(d).Deadline; got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}

func TestPodsThatAreToStay(t *testing.T) {
	const onDelete = "delete them"
	rolling := func(partition *int32) appsv1.StatefulSetUpdateStrategy {
		return appsv1.StatefulSetUpdateStrategy{RollingUpdate: &appsv1.RollingUpdateStatefulSetStrategy{Partition: partition}}
	}
	for name, tc := range map[string]struct {
		strategy appsv1.StatefulSetUpdateStrategy
		updated  int32
		want     string
	}{
		"no partition":                    {rolling(nil), 0, ""},
		"a partition of nothing":          {rolling(ptr.To[int32](0)), 0, ""},
		"a partition":                     {rolling(ptr.To[int32](1)), 2, "partition is 1"},
		"a partition above all":           {rolling(ptr.To[int32](9)), 0, "partition is 9"},
		"a partition that is far away":    {rolling(ptr.To[int32](1)), 1, ""},
		"a partition, and all the same":   {rolling(ptr.To[int32](1)), 3, ""},
		"those that are deleted":          {appsv1.StatefulSetUpdateStrategy{Type: "OnDelete"}, 0, onDelete},
		"those that have been deleted":    {appsv1.StatefulSetUpdateStrategy{Type: "OnDelete"}, 3, ""},
		"a strategy without any settings": {appsv1.StatefulSetUpdateStrategy{Type: "RollingUpdate"}, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := &appsv1.StatefulSet{
				Spec:   appsv1.StatefulSetSpec{Replicas: ptr.To[int32](3), UpdateStrategy: tc.strategy},
				Status: appsv1.StatefulSetStatus{Replicas: 3, UpdatedReplicas: tc.updated},
			}
			if got := injection.FromStatefulSet(s).Stuck; (got == "") != (tc.want == "") || !strings.Contains(got, tc.want) {
				t.Errorf("stuck as %q, want %q", got, tc.want)
			}
		})
	}
	d := &appsv1.DaemonSet{
		Spec:   appsv1.DaemonSetSpec{UpdateStrategy: appsv1.DaemonSetUpdateStrategy{Type: appsv1.OnDeleteDaemonSetStrategyType}},
		Status: appsv1.DaemonSetStatus{DesiredNumberScheduled: 2, UpdatedNumberScheduled: 1},
	}
	if got := injection.FromDaemonSet(d).Stuck; !strings.Contains(got, onDelete) {
		t.Errorf("a DaemonSet is stuck as %q", got)
	}
	d.Status.UpdatedNumberScheduled = 2
	if got := injection.FromDaemonSet(d).Stuck; got != "" {
		t.Errorf("a DaemonSet that is done is stuck as %q", got)
	}
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package injection_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/test/builders"
)

// meshed is a ready pod with a ready proxy in normal mode.
func meshed(name string, changes ...func(*corev1.Pod)) *corev1.Pod {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Labels: map[string]string{"pod-template-hash": "abc"},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "edge-abc", Controller: ptr.To(true)}},
		},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "proxy"}, {Name: linkerd.ProxyContainer}}},
		Status: corev1.PodStatus{
			Phase:             corev1.PodRunning,
			Conditions:        []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}},
			ContainerStatuses: []corev1.ContainerStatus{{Name: "proxy", Ready: true}, {Name: linkerd.ProxyContainer, Ready: true}},
		},
	}
	for _, change := range changes {
		change(pod)
	}
	return pod
}

// edge is the Deployment of those pods.
func edge(changes ...func(*injection.Workload)) injection.Workload {
	return proxy("infra", "edge", changes...)
}

func annotated(annotations map[string]string) func(*injection.Workload) {
	return func(w *injection.Workload) { w.Template.Annotations = annotations }
}

// bare takes the proxy off a pod.
func bare(p *corev1.Pod) {
	p.Spec.Containers = p.Spec.Containers[:1]
	p.Status.ContainerStatuses = p.Status.ContainerStatuses[:1]
}

func ownedBy(kind, name, uid string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.OwnerReferences = []metav1.OwnerReference{{Kind: kind, Name: name, UID: types.UID(uid), Controller: ptr.To(true)}}
	}
}

func inIngressMode(value string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Spec.Containers[1].Env = []corev1.EnvVar{{Name: "OTHER", Value: "true"}, {Name: linkerd.IngressModeEnv, Value: value}}
	}
}

// asSidecar makes a native sidecar of the proxy.
func asSidecar(p *corev1.Pod) {
	p.Spec.InitContainers = append(p.Spec.InitContainers, p.Spec.Containers[1])
	p.Spec.InitContainers[0].RestartPolicy = ptr.To(corev1.ContainerRestartPolicyAlways)
	p.Spec.Containers = p.Spec.Containers[:1]
	p.Status.InitContainerStatuses = append(p.Status.InitContainerStatuses, p.Status.ContainerStatuses[1])
	p.Status.ContainerStatuses = p.Status.ContainerStatuses[:1]
}

func TestObserveOnePod(t *testing.T) {
	unready := func(p *corev1.Pod) { p.Status.Conditions[0].Status = corev1.ConditionFalse }
	unknown := func(p *corev1.Pod) { p.Status.Conditions = nil }
	proxyDown := func(p *corev1.Pod) { p.Status.ContainerStatuses[1].Ready = false }
	phase := func(phase corev1.PodPhase) func(*corev1.Pod) {
		return func(p *corev1.Pod) { p.Status.Phase = phase }
	}
	going := func(p *corev1.Pod) { now := day(1); p.DeletionTimestamp = &now }
	const enabled, ingress = linkerd.InjectEnabled, linkerd.InjectIngress
	type changes = []func(*corev1.Pod)
	for name, tc := range map[string]struct {
		changes changes
		mode    string
		pods    int32
		meshed  int32
		ingress int32
		without bool // the right proxy
	}{
		"meshed":                             {nil, enabled, 1, 1, 0, false},
		"meshed, in the other mode":          {nil, ingress, 1, 0, 0, true},
		"in ingress mode":                    {changes{inIngressMode("true")}, ingress, 1, 1, 1, false},
		"in ingress mode, and should not be": {changes{inIngressMode("true")}, enabled, 1, 0, 1, true},
		"with ingress mode off":              {changes{inIngressMode("false")}, enabled, 1, 1, 0, false},
		"a sidecar":                          {changes{asSidecar}, enabled, 1, 1, 0, false},
		"a sidecar in ingress mode":          {changes{inIngressMode("true"), asSidecar}, ingress, 1, 1, 1, false},
		"in ingress mode, and not ready":     {changes{inIngressMode("true"), unready}, enabled, 1, 0, 1, true},
		"in ingress mode, on its way out":    {changes{inIngressMode("true"), going}, enabled, 0, 0, 1, false},
		"a sidecar that is not ready":        {changes{proxyDown, asSidecar}, enabled, 1, 0, 0, false},
		"not ready":                          {changes{unready}, enabled, 1, 0, 0, false},
		"of unknown readiness":               {changes{unknown}, enabled, 1, 0, 0, false},
		"pending":                            {changes{phase(corev1.PodPending), unready}, enabled, 1, 0, 0, false},
		"a proxy that is not ready":          {changes{proxyDown}, enabled, 1, 0, 0, false},
		"no proxy":                           {changes{bare}, enabled, 1, 0, 0, true},
		"ready without a container of that name": {
			changes: changes{func(p *corev1.Pod) { p.Spec.Containers = nil }}, mode: enabled, pods: 1, without: true,
		},
		"no proxy, in ingress mode":               {changes{bare}, ingress, 1, 0, 0, true},
		"no proxy, where no mode is asked for":    {changes{bare}, "", 1, 0, 0, false},
		"finished":                                {changes{phase(corev1.PodSucceeded)}, enabled, 0, 0, 0, false},
		"failed, as a pod that was evicted":       {changes{phase(corev1.PodFailed)}, enabled, 0, 0, 0, false},
		"on its way out":                          {changes{going}, enabled, 0, 0, 0, false},
		"on its way out, and never had its proxy": {changes{going, bare}, enabled, 0, 0, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			got := edge().Observe([]*corev1.Pod{meshed("edge-1", tc.changes...)}, tc.mode)
			want := injection.Observation{Pods: tc.pods, Meshed: tc.meshed, Ingress: tc.ingress}
			if tc.pods > tc.meshed {
				want.Unmeshed = []string{"edge-1"}
			}
			if pod := meshed("edge-1", tc.changes...); injection.IsBare(pod) {
				want.Bare = 1
			}
			if tc.without {
				want.Uninjected = []string{"edge-1"}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("observed (-want +got):\n%s", diff)
			}
		})
	}
}

func TestObserveWhoRequestsComeFrom(t *testing.T) {
	going := func(p *corev1.Pod) { now := day(1); p.DeletionTimestamp = &now }
	finished := func(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded }
	as := func(name string) func(*corev1.Pod) { return func(p *corev1.Pod) { p.Spec.ServiceAccountName = name } }
	pods := []*corev1.Pod{
		meshed("a", as("new")), meshed("b", as("old"), going), meshed("c", as("older"), finished), meshed("d", as("new"), bare, going),
		meshed("e", as("another's"), ownedBy("ReplicaSet", "other-abc", "1")),
	}
	got := edge().Observe(pods, linkerd.InjectEnabled)
	if diff := cmp.Diff([]string{"new", "old"}, got.Accounts); diff != "" || got.Bare != 1 {
		t.Errorf("%d have no proxy, ServiceAccounts (-want +got):\n%s", got.Bare, diff)
	}
}

func TestObserveSeveralPods(t *testing.T) {
	unready := func(p *corev1.Pod) { p.Status.Conditions = nil }
	pods := []*corev1.Pod{meshed("d", unready), meshed("c"), meshed("a", unready), meshed("b", inIngressMode("true"))}
	want := injection.Observation{Pods: 4, Meshed: 1, Ingress: 1, Unmeshed: []string{"a", "b", "d"}, Uninjected: []string{"b"}}
	if diff := cmp.Diff(want, edge().Observe(pods, linkerd.InjectEnabled)); diff != "" {
		t.Errorf("observed (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(injection.Observation{}, edge().Observe(nil, linkerd.InjectEnabled)); diff != "" {
		t.Errorf("of no pods: %s", diff)
	}
}

// What is read of a workload may be newer than what is read of its pods.
func TestUninjectedPodsAreOfTheCurrentTemplate(t *testing.T) {
	const restartedAt = v1alpha1.RestartedAtAnnotation
	asks := map[string]string{"linkerd.io/inject": "enabled", "theirs": "new", restartedAt: "2026-01-01T00:00:00Z"}
	for name, tc := range map[string]struct {
		pod  map[string]string
		want []string
	}{
		"of this one": {
			map[string]string{"linkerd.io/inject": "enabled", restartedAt: "2026-01-01T00:00:00Z", "linkerd.io/more": "x"},
			[]string{"a"},
		},
		"of the one before the restart":     {map[string]string{"linkerd.io/inject": "enabled"}, nil},
		"of one with another mode":          {map[string]string{"linkerd.io/inject": "ingress", restartedAt: asks[restartedAt]}, nil},
		"of one that asked for nothing yet": {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			pod := meshed("a", bare)
			pod.Annotations = tc.pod
			got := edge(annotated(asks)).Observe([]*corev1.Pod{pod}, linkerd.InjectEnabled)
			if diff := cmp.Diff(tc.want, got.Uninjected); diff != "" {
				t.Errorf("uninjected (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPodsOfOthers(t *testing.T) {
	daemonSet := func(w *injection.Workload) { w.Kind, w.UID = "DaemonSet", "uid-of-edge" }
	statefulSet := func(w *injection.Workload) { w.Kind, w.UID = "StatefulSet", "uid-of-edge" }
	long := strings.Repeat("x", 253)
	named := func(w *injection.Workload) { w.Name = long }
	withoutHash := func(p *corev1.Pod) { p.Labels = nil }
	for name, tc := range map[string]struct {
		workload func(*injection.Workload)
		pod      []func(*corev1.Pod)
		want     int32
	}{
		"of its ReplicaSet":              {func(*injection.Workload) {}, nil, 1},
		"of its ReplicaSet, a long name": {named, []func(*corev1.Pod){ownedBy("ReplicaSet", long[:249]+"-abc", "x")}, 1},
		"of another Deployment's":        {func(*injection.Workload) {}, []func(*corev1.Pod){ownedBy("ReplicaSet", "edge-two-abc", "x")}, 0},
		"of a ReplicaSet with no hash":   {func(*injection.Workload) {}, []func(*corev1.Pod){withoutHash}, 0},
		"of a Job":                       {func(*injection.Workload) {}, []func(*corev1.Pod){ownedBy("Job", "edge-abc", "x")}, 0},
		"of nobody": {
			func(*injection.Workload) {}, []func(*corev1.Pod){func(p *corev1.Pod) { p.OwnerReferences = nil }}, 0,
		},
		"of somebody who does not control it": {
			func(*injection.Workload) {}, []func(*corev1.Pod){func(p *corev1.Pod) { p.OwnerReferences[0].Controller = nil }}, 0,
		},
		"of the DaemonSet":           {daemonSet, []func(*corev1.Pod){ownedBy("DaemonSet", "edge", "uid-of-edge")}, 1},
		"of a DaemonSet before it":   {daemonSet, []func(*corev1.Pod){ownedBy("DaemonSet", "edge", "former")}, 0},
		"of nobody, for a DaemonSet": {daemonSet, []func(*corev1.Pod){func(p *corev1.Pod) { p.OwnerReferences = nil }}, 0},
		"of the StatefulSet":         {statefulSet, []func(*corev1.Pod){ownedBy("StatefulSet", "edge", "uid-of-edge")}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			got := edge(tc.workload).Observe([]*corev1.Pod{meshed("a", tc.pod...)}, linkerd.InjectEnabled)
			if got.Pods != tc.want || got.Meshed != tc.want {
				t.Errorf("observed %+v, want %d pods", got, tc.want)
			}
		})
	}
}

func TestAsks(t *testing.T) {
	for name, tc := range map[string]struct{ template, namespace, want string }{
		"nothing":                   {},
		"the template":              {template: "ingress", want: "ingress"},
		"the Namespace":             {namespace: "ingress", want: "ingress"},
		"the template, of both":     {template: "enabled", namespace: "ingress", want: "enabled"},
		"the template, to leave it": {template: "disabled", namespace: "enabled", want: "disabled"},
	} {
		t.Run(name, func(t *testing.T) {
			c, w := cluster(nil), edge()
			if tc.template != "" {
				w.Template.Annotations = map[string]string{"linkerd.io/inject": tc.template}
			}
			if tc.namespace != "" {
				c.Namespaces["infra"] = builders.Namespace("infra")
				c.Namespaces["infra"].Annotations = map[string]string{"linkerd.io/inject": tc.namespace}
			}
			if got := c.Asks(w); got != tc.want {
				t.Errorf("asks for %q, want %q", got, tc.want)
			}
		})
	}
}

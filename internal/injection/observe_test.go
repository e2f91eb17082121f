// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package injection_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/internal/linkerd"
)

// meshed is a ready pod with a ready proxy in normal mode.
func meshed(name string, changes ...func(*corev1.Pod)) *corev1.Pod {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "proxy"}, {Name: linkerd.ProxyContainer}}},
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
	noProxy := func(p *corev1.Pod) {
		p.Spec.Containers = p.Spec.Containers[:1]
		p.Status.ContainerStatuses = p.Status.ContainerStatuses[:1]
	}
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
	}{
		"meshed":                             {nil, enabled, 1, 1, 0},
		"meshed, in the other mode":          {nil, ingress, 1, 0, 0},
		"in ingress mode":                    {changes{inIngressMode("true")}, ingress, 1, 1, 1},
		"in ingress mode, and should not be": {changes{inIngressMode("true")}, enabled, 1, 0, 1},
		"with ingress mode off":              {changes{inIngressMode("false")}, enabled, 1, 1, 0},
		"a sidecar":                          {changes{asSidecar}, enabled, 1, 1, 0},
		"a sidecar in ingress mode":          {changes{inIngressMode("true"), asSidecar}, ingress, 1, 1, 1},
		"in ingress mode, and not ready":     {changes{inIngressMode("true"), unready}, enabled, 1, 0, 1},
		"in ingress mode, on its way out":    {changes{inIngressMode("true"), going}, enabled, 0, 0, 1},
		"a sidecar that is not ready":        {changes{proxyDown, asSidecar}, enabled, 1, 0, 0},
		"not ready":                          {changes{unready}, enabled, 1, 0, 0},
		"of unknown readiness":               {changes{unknown}, enabled, 1, 0, 0},
		"pending":                            {changes{phase(corev1.PodPending), unready}, enabled, 1, 0, 0},
		"a proxy that is not ready":          {changes{proxyDown}, enabled, 1, 0, 0},
		"no proxy":                           {changes{noProxy}, enabled, 1, 0, 0},
		"ready without a container of that name": {
			changes: changes{func(p *corev1.Pod) { p.Spec.Containers = nil }}, mode: enabled, pods: 1,
		},
		"no proxy, in ingress mode":               {changes{noProxy}, ingress, 1, 0, 0},
		"no proxy, where no mode is asked for":    {changes{noProxy}, "", 1, 0, 0},
		"finished":                                {changes{phase(corev1.PodSucceeded)}, enabled, 0, 0, 0},
		"failed, as a pod that was evicted":       {changes{phase(corev1.PodFailed)}, enabled, 0, 0, 0},
		"on its way out":                          {changes{going}, enabled, 0, 0, 0},
		"on its way out, and never had its proxy": {changes{going, noProxy}, enabled, 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			got := injection.Observe([]*corev1.Pod{meshed("edge-1", tc.changes...)}, tc.mode)
			want := injection.Observation{Pods: tc.pods, Meshed: tc.meshed, Ingress: tc.ingress}
			if tc.pods > tc.meshed {
				want.Unmeshed = []string{"edge-1"}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("observed (-want +got):\n%s", diff)
			}
		})
	}
}

func TestObserveSeveralPods(t *testing.T) {
	unready := func(p *corev1.Pod) { p.Status.Conditions = nil }
	pods := []*corev1.Pod{meshed("d", unready), meshed("c"), meshed("a", unready), meshed("b", inIngressMode("true"))}
	want := injection.Observation{Pods: 4, Meshed: 1, Ingress: 1, Unmeshed: []string{"a", "b", "d"}}
	if diff := cmp.Diff(want, injection.Observe(pods, linkerd.InjectEnabled)); diff != "" {
		t.Errorf("observed (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(injection.Observation{}, injection.Observe(nil, linkerd.InjectEnabled)); diff != "" {
		t.Errorf("of no pods: %s", diff)
	}
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
)

// The values of the label kind of what is told of an object.
const (
	kindMeshIngress = "MeshIngress"
	kindClass       = "MeshIngressClass"
)

// state tells of MeshIngresses and classes what their statuses say.
type state struct {
	reader  client.Reader
	elected <-chan struct{}

	condition, hazards, routes, pods, meshedPods *prometheus.Desc
}

func newState(o Options) *state {
	return &state{
		reader: o.Reader, elected: o.Elected,
		condition: condition.desc(), hazards: hazards.desc(), routes: routes.desc(),
		pods: pods.desc(), meshedPods: meshedPods.desc(),
	}
}

// Describe implements prometheus.Collector.
func (s *state) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{s.condition, s.hazards, s.routes, s.pods, s.meshedPods} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (s *state) Collect(ch chan<- prometheus.Metric) {
	if !s.leads() {
		return
	}
	ctx := context.Background() // Collect is given none, and the cache answers at once
	s.collectMeshIngresses(ctx, ch)
	s.collectClasses(ctx, ch)
}

func (s *state) leads() bool {
	if s.elected == nil {
		return true
	}
	select {
	case <-s.elected:
		return true
	default:
		return false
	}
}

func (s *state) collectMeshIngresses(ctx context.Context, ch chan<- prometheus.Metric) {
	var list v1alpha1.MeshIngressList
	if err := s.reader.List(ctx, &list, client.UnsafeDisableDeepCopy); err != nil {
		ch <- prometheus.NewInvalidMetric(s.condition, err)
		return
	}
	type key struct{ class, strategy string }
	counts := map[key]int{}
	for i := range list.Items {
		mi := &list.Items[i]
		for _, r := range mi.Status.Routes {
			counts[key{mi.Status.ClassName, string(r.Strategy)}]++
		}
		s.collectConditions(ch, kindMeshIngress, mi, mi.Status.Conditions)
		if hazard := meta.FindStatusCondition(mi.Status.Conditions, v1alpha1.ConditionHazard); hazard != nil {
			ch <- gauge(s.hazards, 1, kindMeshIngress, mi.Namespace, mi.Name, hazard.Reason)
		}
	}
	for k, n := range counts {
		ch <- gauge(s.routes, n, k.class, k.strategy)
	}
}

func (s *state) collectClasses(ctx context.Context, ch chan<- prometheus.Metric) {
	var list v1alpha1.MeshIngressClassList
	if err := s.reader.List(ctx, &list, client.UnsafeDisableDeepCopy); err != nil {
		ch <- prometheus.NewInvalidMetric(s.condition, err)
		return
	}
	for i := range list.Items {
		class := &list.Items[i]
		var pods, meshed int32
		for _, w := range class.Status.Workloads {
			pods += w.Pods
			meshed += w.MeshedPods
		}
		ch <- gauge(s.pods, pods, class.Name)
		ch <- gauge(s.meshedPods, meshed, class.Name)
		s.collectConditions(ch, kindClass, class, class.Status.Conditions)
		counts := map[string]int{}
		for _, h := range class.Status.Hazards {
			counts[h.Reason]++
		}
		for reason, n := range counts {
			ch <- gauge(s.hazards, n, kindClass, "", class.Name, reason)
		}
	}
}

// collectConditions tells each condition. What Ready says of an older spec, or has not
// said yet, is not known.
func (s *state) collectConditions(
	ch chan<- prometheus.Metric, kind string, obj client.Object, conditions []metav1.Condition,
) {
	tell := func(conditionType string, status metav1.ConditionStatus, reason string) {
		ch <- gauge(s.condition, 1, kind, obj.GetNamespace(), obj.GetName(), conditionType, string(status), reason)
	}
	known := false
	for _, c := range conditions {
		if c.Type == v1alpha1.ConditionReady {
			if known = c.ObservedGeneration == obj.GetGeneration(); !known {
				continue
			}
		}
		tell(c.Type, c.Status, c.Reason)
	}
	if !known {
		tell(v1alpha1.ConditionReady, metav1.ConditionUnknown, v1alpha1.ReasonPending)
	}
}

func gauge[N int | int32](desc *prometheus.Desc, value N, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, float64(value), labels...)
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package meshingress

import (
	"context"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/apply"
	"github.com/meshingress/meshingress/controllers/internal/inventory"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/internal/translate"
	"github.com/meshingress/meshingress/providers"
)

// verdict is what the vendor says of all objects of the plan.
type verdict struct {
	// state is Rejected where one is refused, Accepted where all are served or the
	// vendor is none that says so, and None where it has not said it of all.
	state providers.VerdictState

	// object that state is about, and what the vendor says of it.
	object, message string
}

// ask reads the vendor's verdict on what is in place.
func (r *Reconciler) ask(ctx context.Context, s *scope) (verdict, error) {
	observer, ok := s.provider.(providers.Observer)
	result := verdict{state: providers.VerdictAccepted}
	if !ok {
		return result, nil
	}
	for _, planned := range s.result.Plan.Objects {
		live := &unstructured.Unstructured{}
		live.SetGroupVersionKind(planned.GroupVersionKind())
		err := r.Client.Get(ctx, client.ObjectKeyFromObject(planned), live)
		if client.IgnoreNotFound(err) != nil {
			return verdict{}, fmt.Errorf("reading %s: %w", planned.GetName(), err)
		}
		said := providers.Verdict{}
		// What was written just now, or is not in the cache yet: its event comes.
		if !apierrors.IsNotFound(err) && !slices.Contains(s.written.changed, apply.Describe(planned)) {
			said = observer.Observe(live)
		}
		about := verdict{said.State, planned.GetKind() + " " + planned.GetName(), said.Message}
		switch said.State {
		case providers.VerdictRejected:
			return about, nil
		case providers.VerdictNone:
			if result.state != providers.VerdictNone {
				result = about
			}
		}
	}
	return result, nil
}

// hasRoutes reports whether routes are in place, or may be, of whatever class.
func (s *scope) hasRoutes() bool { return inventory.HasRoutes(s.mi.Status.Inventory) }

// leaves reports whether routes of another class are in place.
func (s *scope) leaves() bool {
	from := s.mi.Status.ClassName
	return from != "" && from != s.class.Name && s.hasRoutes()
}

// moving reports whether routes are in place that another controller serves.
func (s *scope) moving() bool { return s.leaves() && !s.sameController() }

// replaces reports whether routes are in place that another class has of the same
// controller. There is nothing to wait for: it may take the new routes only once the
// old ones are gone, because a host is one object's.
func (s *scope) replaces() bool { return s.leaves() && s.sameController() }

// sameController compares what tells the controllers of two classes apart. Of a class
// that is gone nothing is known but the kinds of its routes.
func (s *scope) sameController() bool {
	d := s.provider.Describe()
	if s.from == nil {
		return d.ExclusiveHosts && s.sharesKinds()
	}
	from, to := translate.ClassOf(s.from), translate.ClassOf(s.class)
	return from.Spec.Vendor == to.Spec.Vendor && (d.IgnoresClassName || from.IngressClassName == to.IngressClassName) &&
		equality.Semantic.DeepEqual(from.Spec.GatewayRef, to.Spec.GatewayRef)
}

// sharesKinds reports whether what is in place has a kind of the plan.
func (s *scope) sharesKinds() bool {
	return slices.ContainsFunc(s.mi.Status.Inventory, func(e v1alpha1.InventoryEntry) bool {
		return slices.ContainsFunc(s.result.Plan.Objects, func(o *unstructured.Unstructured) bool {
			return o.GetKind() == e.Kind && o.GroupVersionKind().Group == e.Group
		})
	})
}

// holdsOld says why the routes of the class that the object moves from have to stay:
// the new ones carry no traffic yet. Empty where nothing has to.
func (s *scope) holdsOld() string {
	if !s.moving() {
		return ""
	}
	stay := fmt.Sprintf("the routes of MeshIngressClass %s stay until", s.mi.Status.ClassName)
	switch {
	case s.written.verdict.state == providers.VerdictRejected:
		return fmt.Sprintf("%s the controller accepts the new ones", stay)
	case s.written.verdict.state == providers.VerdictNone:
		return fmt.Sprintf("%s the controller has accepted the new ones; it has said nothing about %s yet",
			stay, s.written.verdict.object)
	case !s.found():
		return fmt.Sprintf("%s the controller of MeshIngressClass %s is found: see its condition %s",
			stay, s.class.Name, v1alpha1.ConditionDiscovered)
	default:
		return ""
	}
}

// keepsHeader says why no routes for ClusterIP routing may be written, although that is
// the class's: a proxy in ingress mode would let a client's own header through. Routes
// that send the header go on doing so. Empty where nothing is in the way.
func (s *scope) keepsHeader() string {
	stay := s.hasRoutes() && !s.leaves()
	already := s.mi.Status.Strategy == v1alpha1.StrategyClusterIP && stay
	if s.result.Strategy != v1alpha1.StrategyClusterIP || already {
		return ""
	}
	inIngressMode := func(w v1alpha1.WorkloadStatus) bool { return w.IngressModePods > 0 }
	why := ""
	switch {
	case slices.ContainsFunc(s.class.Status.Workloads, inIngressMode):
		why = "see its status.workloads"
	case s.mi.Status.Strategy == v1alpha1.StrategyHeader && stay:
		why = s.unseen()
	}
	if why == "" {
		return ""
	}
	return fmt.Sprintf("routes that do not send %s wait until no proxy of MeshIngressClass %s is in ingress mode: %s",
		linkerd.OverrideHeader, s.class.Name, why)
}

// unseen says why it cannot be told whether a proxy of the class is in ingress mode.
func (s *scope) unseen() string {
	status := s.class.Status
	switch {
	case status.Strategy != s.result.Strategy || status.ObservedGeneration != s.class.Generation:
		return "the class has not been looked at yet"
	case s.lost():
		return "its workload cannot be told; see its condition " + v1alpha1.ConditionDiscovered
	default:
		return ""
	}
}

// lost reports whether the class may have a workload that is not seen.
func (s *scope) lost() bool {
	discovered := meta.FindStatusCondition(s.class.Status.Conditions, v1alpha1.ConditionDiscovered)
	return discovered != nil && discovered.Status != metav1.ConditionTrue &&
		discovered.Reason != v1alpha1.ReasonWorkloadNotFound && discovered.Reason != v1alpha1.ReasonDataPlaneOutsideCluster
}

// found reports whether the class has a controller that can take over. One that is
// outside of the cluster cannot be looked for, and one that is to be ignored is the
// platform team's affair.
func (s *scope) found() bool {
	if s.provider.Describe().DataPlane.Outside != "" || s.class.Spec.DataPlane.Injection == v1alpha1.InjectionIgnore {
		return true
	}
	discovered := meta.FindStatusCondition(s.class.Status.Conditions, v1alpha1.ConditionDiscovered)
	return discovered != nil && discovered.Status == metav1.ConditionTrue &&
		discovered.ObservedGeneration == s.class.Generation
}

// placedClass is the class whose routes are in place after this reconcile.
func (s *scope) placedClass() string {
	wanted := s.mi.Spec.ClassName
	if s.class != nil {
		wanted = s.class.Name
	}
	placed := s.mi.Status.ClassName
	if placed == "" || s.written.pruned || !s.hasRoutes() {
		return wanted
	}
	return placed
}

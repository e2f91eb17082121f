// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/internal/translate"
	"github.com/meshingress/meshingress/providers"
)

// ReasonDataPlaneNotInInput is the reason of the notice that a class's workload
// was not looked for, because the input holds no workloads.
const ReasonDataPlaneNotInInput = "DataPlaneNotInInput"

// outcome is what becomes of one class.
type outcome struct {
	class  *v1alpha1.MeshIngressClass
	plan   Plan
	claims []injection.Claim
}

func (r *rendering) classes() []Class {
	outcomes := make([]outcome, 0, len(r.in.classes))
	for _, c := range r.in.classes {
		outcomes = append(outcomes, r.class(c))
	}
	out := make([]Class, 0, len(outcomes))
	for _, o := range outcomes {
		o.patchWorkloads(outcomes)
		out = append(out, Class{Name: o.class.Name, Plan: o.plan})
	}
	return out
}

func (r *rendering) class(c class) outcome {
	o := outcome{class: c.object}
	if len(c.errs) > 0 {
		o.plan = newPlan("", "", providers.Plan{}, c.errs)
		return o
	}
	result := translate.Class(r.registry, c.object, translate.ClassSnapshot{
		Served: r.served, ClusterDomain: r.in.linkerd.ClusterDomain, Read: r.read,
	})
	o.plan = newPlan(result.Strategy, result.StrategyReason, result.Plan, result.Errors())
	if result.Rejected == nil {
		r.dataPlane(&o, result)
	}
	return o
}

// dataPlane finds the workloads of a class and what it asks of them.
func (r *rendering) dataPlane(o *outcome, result translate.ClassResult) {
	provider, _ := r.registry.Get(o.class.Spec.Vendor)
	if outside := provider.Describe().DataPlane.Outside; outside != "" {
		o.notice(v1alpha1.ReasonDataPlaneOutsideCluster, outside)
		return
	}
	if len(r.in.workloads) == 0 {
		o.notice(ReasonDataPlaneNotInInput, "The input holds no workloads, so none was looked for: "+
			"add the ingress controller's Deployment or DaemonSet, its Service and its Namespace "+
			"to see what would change there.")
		return
	}
	cluster := injection.Cluster{
		Workloads: r.in.workloads, Services: r.in.sortedServices(), Namespaces: r.in.namespaces, Linkerd: r.in.linkerd,
	}
	cluster.IngressClasses, cluster.Webhooks = r.in.ingressClasses, r.in.webhooks
	cluster.Find, cluster.GatewayController = translate.Finder(provider, result), translate.GatewayController(result)
	cluster.PodSpec = translate.PodSpec(provider, result, r.in.linkerd.TokenProjection)
	found, err := injection.Discover(o.class, provider.Describe().DataPlane, cluster)
	if err != nil {
		o.plan.fail(discoveryError(err))
		return
	}
	for _, n := range found.Notices(o.class) {
		o.notice(n.Reason, n.Message)
	}
	switch o.class.Spec.DataPlane.Injection {
	case v1alpha1.InjectionIgnore:
		return
	case v1alpha1.InjectionAudit:
		o.notice(v1alpha1.ReasonAudit,
			"spec.dataPlane.injection is Audit, so the patches of workloads are shown and not applied.")
	}
	o.claims = injection.Plan(o.class, o.plan.Strategy, found, cluster)
	o.plan.Objects = append(o.plan.Objects, objectsOf(r.serviceAccounts(o))...)
}

func (o *outcome) notice(reason, message string) {
	o.plan.Notices = append(o.plan.Notices, v1alpha1.Notice{Reason: reason, Message: message})
}

func discoveryError(err error) *field.Error {
	out := &field.Error{
		Type: field.ErrorTypeInvalid, Field: "spec.dataPlane", BadValue: field.OmitValueType{}, Detail: err.Error(),
	}
	var d *injection.DiscoveryError
	if errors.As(err, &d) && (d.Reason == v1alpha1.ReasonWorkloadNotFound || d.Reason == v1alpha1.ReasonServiceNotFound) {
		out.Type = field.ErrorTypeNotFound
	}
	return out
}

// patchWorkloads adds what each claimed workload gets, all classes taken together.
func (o *outcome) patchWorkloads(all []outcome) {
	for _, claim := range o.claims {
		if claim.Blocked != "" {
			o.plan.fail(field.Forbidden(field.NewPath("spec", "dataPlane"),
				fmt.Sprintf("%s cannot be injected: %s", claim.Workload, claim.Blocked)))
			continue
		}
		merged := injection.Merge(o.claimsOn(claim.Target, all))
		if winner, lost := merged.Losers[o.class.Name]; lost {
			o.plan.fail(field.Invalid(field.NewPath("spec", "routing"), o.class.Spec.Routing, fmt.Sprintf(
				"%s is in the mode of the older MeshIngressClass %s, and a workload has one mode: give both the same routing",
				claim.Workload, winner)))
			continue
		}
		o.plan.Patches = append(o.plan.Patches, targetPatch(claim.Target, merged))
	}
}

// claimsOn collects what is asked of a target: by this class, and by the others
// that do more than audit.
func (o *outcome) claimsOn(t injection.Target, all []outcome) []injection.ClassClaim {
	var claims []injection.ClassClaim
	for _, other := range all {
		if other.class != o.class && other.class.Spec.DataPlane.Injection == v1alpha1.InjectionAudit {
			continue
		}
		for _, claim := range other.claims {
			if claim.Blocked == "" && claim.Target.InventoryEntry == t.InventoryEntry {
				claims = append(claims, injection.ClassClaim{Class: other.class, Claim: claim})
			}
		}
	}
	return claims
}

func targetPatch(t injection.Target, merged injection.Merged) Patch {
	apiVersion := schema.GroupVersion{Group: t.Group, Version: t.Version}.String()
	return Patch{
		Target: Target{APIVersion: apiVersion, Kind: t.Kind, Namespace: t.Namespace, Name: t.Name},
		Fields: t.Fields(merged.Annotations, merged.PodSpec),
	}
}

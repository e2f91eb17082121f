// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/apply"
	"github.com/meshingress/meshingress/controllers/internal/base"
	"github.com/meshingress/meshingress/controllers/internal/conditions"
	"github.com/meshingress/meshingress/internal/authorization"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/providers"
)

// maxHazards bounds the hazards in the status.
const maxHazards = 16

// reasonHazardsUnknown is the reason of a Notice: what tells of a hazard may not be read.
const reasonHazardsUnknown = "HazardsUnknown"

// Kinds that only tell of hazards.
var (
	kindJob     = providers.Kind{GroupVersionKind: batchv1.SchemeGroupVersion.WithKind("Job")}
	kindCronJob = providers.Kind{GroupVersionKind: batchv1.SchemeGroupVersion.WithKind("CronJob")}
)

// hazards are what may harm traffic although nothing is wrong with the class.
type hazards struct {
	found []v1alpha1.Notice

	// unknown tells why some hazard cannot be told.
	unknown []v1alpha1.Notice
}

// lookForHazards reads what tells of hazards, and only where there may be one: most
// classes cost no watch on Jobs.
func (r *Reconciler) lookForHazards(ctx context.Context, s *scope) error {
	if s.linkerdMissing() != "" {
		return nil // nobody injects
	}
	d, claims := s.views[s.class.Name].discovery, s.effectiveClaims()
	s.hazards.found = injection.ClientAddressLost(s.class, d)
	if err := r.lookForJobs(ctx, s, claims, d); err != nil {
		return err
	}
	return r.lookForPolicies(ctx, s, claims, d)
}

// effectiveClaims are the claims of the class's workloads with what all classes set, or
// what this one would.
func (s *scope) effectiveClaims() []injection.Claim {
	claims := make([]injection.Claim, 0, len(s.workloads))
	for _, w := range s.workloads {
		claim := w.Claim
		claim.Annotations = w.merged.Annotations
		claims = append(claims, claim)
	}
	return claims
}

func (r *Reconciler) lookForJobs(ctx context.Context, s *scope, claims []injection.Claim, d injection.Discovery) error {
	var jobs []injection.Job
	for _, namespace := range injection.JobNamespaces(claims, s.cluster) {
		for _, kind := range []providers.Kind{kindJob, kindCronJob} {
			objects, known, err := r.readForHazards(ctx, s, kind, namespace)
			if err != nil || !known {
				return err
			}
			for _, o := range objects {
				job, err := readJob(o)
				if err != nil {
					return fmt.Errorf("reading %s: %w", apply.Describe(o), err)
				}
				jobs = append(jobs, job)
			}
		}
	}
	s.hazards.found = append(s.hazards.found, injection.JobsHang(claims, jobs, d, s.cluster)...)
	return nil
}

func readJob(o *unstructured.Unstructured) (injection.Job, error) {
	convert := runtime.DefaultUnstructuredConverter.FromUnstructured
	if o.GroupVersionKind() == kindCronJob.GroupVersionKind {
		var job batchv1.CronJob
		err := convert(o.Object, &job)
		return injection.FromCronJob(&job), err
	}
	var job batchv1.Job
	err := convert(o.Object, &job)
	return injection.FromJob(&job), err
}

// lookForPolicies reads Servers only where the default policy alone would be a hazard.
func (r *Reconciler) lookForPolicies(ctx context.Context, s *scope, claims []injection.Claim, d injection.Discovery) error {
	if len(injection.InboundPolicyDenies(claims, d, nil, s.cluster)) == 0 {
		return nil
	}
	var servers []*unstructured.Unstructured
	for _, c := range claims {
		objects, known, err := r.readForHazards(ctx, s, authorization.KindServer, c.Workload.Namespace)
		if err != nil || !known {
			return err
		}
		servers = append(servers, objects...)
	}
	s.hazards.found = append(s.hazards.found, injection.InboundPolicyDenies(claims, d, servers, s.cluster)...)
	return nil
}

// readForHazards lists what tells of a hazard. Where that may not be read, nothing is
// known, and the class goes on without; a kind that is not served has no objects.
func (r *Reconciler) readForHazards(
	ctx context.Context, s *scope, kind providers.Kind, namespace string,
) (objects []*unstructured.Unstructured, known bool, err error) {
	objects, synced, err := r.List(ctx, providers.Read{Kind: kind, Namespace: namespace})
	switch {
	case meta.IsNoMatchError(err), apierrors.IsNotFound(err):
		return nil, true, nil
	case apierrors.IsForbidden(err):
		s.hazards.unknown = []v1alpha1.Notice{{Reason: reasonHazardsUnknown, Message: conditions.Bound(
			"some hazards cannot be told, for want of a permission: " + r.Explain(err, s.class).Error())}}
		return nil, false, nil
	case err != nil:
		return nil, false, err
	}
	s.waiting = s.waiting || !synced
	return objects, synced, nil
}

// setHazards tells of the hazards.
func (s *scope) setHazards(set conditions.Setter) {
	found := slices.Concat(s.hazards.found, s.denials())
	injection.SortNotices(found)
	found = slices.Compact(found)
	s.class.Status.Hazards = conditions.Notices(found, maxHazards)
	var reason string
	var messages []string
	for _, h := range s.class.Status.Hazards {
		reason, messages = cmp.Or(reason, h.Reason), append(messages, h.Message)
	}
	set.Only(len(found) > 0, v1alpha1.ConditionHazard, reason, strings.Join(messages, "; "))
}

// denials are the writes that admission refused.
func (s *scope) denials() []v1alpha1.Notice {
	refused := []error{s.written.denied}
	for _, w := range s.workloads {
		refused = append(refused, w.err)
	}
	return base.AdmissionDenied(refused...)
}

// tellsOfHazards reports whether objects of a kind concern only the classes with a
// workload in their namespace.
func tellsOfHazards(obj client.Object) bool {
	switch obj.GetObjectKind().GroupVersionKind() {
	case kindJob.GroupVersionKind, kindCronJob.GroupVersionKind, authorization.KindServer.GroupVersionKind:
		return true
	default:
		return false
	}
}

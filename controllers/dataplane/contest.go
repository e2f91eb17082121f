// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane

import (
	"context"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/apply"
	"github.com/meshingress/meshingress/internal/linkerd"
)

// retakeInterval is how long a target stays as it is where somebody sets a field back that
// was taken over, after it was taken over again: each time rolls the controller's pods, and
// a GitOps tool sets it back for ever.
const retakeInterval = 10 * time.Minute

// mayRetake reports whether a target may be written, as far as fields are concerned that
// were taken over and are set back. The whole target waits: to let go of the rest of it, or
// to set it alone, would be one more rollout. It does not wait where the class changes what
// it wants of fields that it still holds, nor where the pods would stay in ingress mode
// meanwhile and let clients choose the Service.
func (r *Reconciler) mayRetake(s *scope, w *workload, next *write) (bool, error) {
	if !s.overrides(w.Target.InventoryEntry) {
		return true, nil
	}
	var err error
	taken := s.taken(next.claim)
	if next.setBack, err = apply.SetBack(next.claim, next.live, taken); err != nil {
		return false, err
	}
	var contested *apply.FieldConflictError
	for _, c := range next.setBack {
		if isIngressMode(c) {
			return true, nil
		}
		i := slices.IndexFunc(taken, func(f v1alpha1.OverriddenField) bool { return slices.Equal(f.Path, c.Path) })
		wait := retakeIn(taken[i], r.Clock.Now())
		if s.revisitIn(wait); wait > 0 && (contested == nil || isPortList(contested.Path)) {
			contested = c
		}
	}
	if contested == nil {
		return true, nil
	}
	return false, r.noteWorkload(w, contested)
}

// isIngressMode reports whether somebody keeps pods in ingress mode that are to leave it.
func isIngressMode(c *apply.FieldConflictError) bool {
	return c.Path[len(c.Path)-1] == linkerd.InjectAnnotation && c.Value == `"`+linkerd.InjectIngress+`"`
}

// retakeIn is how long until a field may be taken again; 0 where it may be now. A time
// further ahead than the interval, as that of a clock which was wrong, is none.
func retakeIn(f v1alpha1.OverriddenField, now time.Time) time.Duration {
	if f.RetakenAt == nil || f.RetakenAt.After(now.Add(retakeInterval)) {
		return 0
	}
	return min(max(f.RetakenAt.Add(retakeInterval).Sub(now), 0), retakeInterval)
}

// noteRetaken writes down when fields were taken again, now that they are: whatever this
// reconcile meets later must not make it forgotten.
func (r *Reconciler) noteRetaken(
	ctx context.Context, class *v1alpha1.MeshIngressClass, claim apply.Claim, setBack []*apply.FieldConflictError,
) error {
	if len(setBack) == 0 {
		return nil
	}
	before := class.DeepCopy()
	for i := range class.Status.Overridden {
		f := &class.Status.Overridden[i]
		same := func(c *apply.FieldConflictError) bool { return slices.Equal(c.Path, f.Path) }
		if isFor(*f, claim) && slices.ContainsFunc(setBack, same) {
			f.RetakenAt = new(metav1.NewTime(r.Clock.Now().Add(time.Second - time.Nanosecond)).Rfc3339Copy())
		}
	}
	if err := r.PatchStatus(ctx, before, class); err != nil {
		return fmt.Errorf("recording what was taken again: %w", err)
	}
	return nil
}

// noteLatest puts the latest time at which any class took a field again into some records.
func noteLatest(records, others []v1alpha1.OverriddenField) {
	for i := range records {
		for _, other := range others {
			first := records[i].RetakenAt == nil || records[i].RetakenAt.Before(other.RetakenAt)
			if other.RetakenAt != nil && first && slices.Equal(records[i].Path, other.Path) {
				records[i].RetakenAt = other.RetakenAt
			}
		}
	}
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package base

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/apply"
	"github.com/meshingress/meshingress/controllers/internal/observe"
	"github.com/meshingress/meshingress/controllers/internal/watches"
	"github.com/meshingress/meshingress/internal/metrics"
	"github.com/meshingress/meshingress/internal/permissions"
	"github.com/meshingress/meshingress/internal/watched"
	"github.com/meshingress/meshingress/providers"
)

const (
	// RetryDenied is how soon a write is tried again that the API server refused
	// for what it says, or that would take something from somebody.
	RetryDenied = 5 * time.Minute

	// RetrySoon is how soon it is looked again at a cache that is behind: a new
	// watch has not synced, or what was read has changed meanwhile.
	RetrySoon = time.Second

	// Timeout ends a reconcile that waits for an answer that does not come, so that
	// it does not hold up the others.
	Timeout = time.Minute
)

// Reconciler is what both reconcilers work with.
type Reconciler struct {
	// Client reads from the cache and writes.
	Client client.Client

	// Live reads from the API server.
	Live client.Reader

	// Registry holds the providers.
	Registry *providers.Registry

	// Linkerd reads the facts of the installation.
	Linkerd observe.Linkerd

	// Watches of the vendors' kinds.
	Watches watches.Kinds

	// Namespaces are those that Client reads in; none means all.
	Namespaces watched.Namespaces

	// Events for users.
	Events events.EventRecorder

	// Metrics for operators.
	Metrics *metrics.Metrics

	// Denials of writes, which are not tried again for RetryDenied; nil for none.
	Denials *apply.Denials
}

// Writer writes what the object of the reconciler asks for.
func (r *Reconciler) Writer() apply.Writer {
	return apply.Writer{Client: r.Client, Live: r.Live, Denials: r.Denials}
}

// AddFinalizer adds our finalizer where it is not there yet.
func (r *Reconciler) AddFinalizer(ctx context.Context, obj client.Object) error {
	before := obj.DeepCopyObject().(client.Object)
	if !controllerutil.AddFinalizer(obj, v1alpha1.Finalizer) {
		return nil
	}
	if err := r.Client.Patch(ctx, obj, optimistic(before), client.FieldOwner(v1alpha1.FieldManager)); err != nil {
		return fmt.Errorf("adding the finalizer: %w", err)
	}
	return nil
}

// RemoveFinalizer lets the object go.
func (r *Reconciler) RemoveFinalizer(ctx context.Context, obj client.Object) error {
	before := obj.DeepCopyObject().(client.Object)
	controllerutil.RemoveFinalizer(obj, v1alpha1.Finalizer)
	err := r.Client.Patch(ctx, obj, optimistic(before), client.FieldOwner(v1alpha1.FieldManager))
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("removing the finalizer: %w", err)
	}
	return nil
}

// PatchStatus writes the difference between before and after, and puts the answer
// into after. The lock is on the version of after: a record may have been written
// since before was read.
func (r *Reconciler) PatchStatus(ctx context.Context, before, after client.Object) error {
	from := before.DeepCopyObject().(client.Object)
	from.SetResourceVersion(after.GetResourceVersion())
	if err := r.Client.Status().Patch(ctx, after, optimistic(from), client.FieldOwner(v1alpha1.FieldManager)); err != nil {
		return fmt.Errorf("writing the status: %w", err)
	}
	return nil
}

// optimistic makes a merge patch that fails where the object has changed: an old
// cache must not undo what a newer reconcile recorded.
func optimistic(before client.Object) client.Patch {
	return client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
}

// Unsaid tells, by an event and in the log, of a status that may not be written: there is
// no condition to tell it in. Other errors are returned.
func (r *Reconciler) Unsaid(ctx context.Context, obj client.Object, err error) (ctrl.Result, error) {
	if !apierrors.IsForbidden(err) {
		return Retry(ctrl.Result{}, err)
	}
	err = permissions.Explain(err, providers.Description{})
	log.FromContext(ctx).Error(err, "The status may not be written")
	r.Events.Eventf(obj, nil, corev1.EventTypeWarning, v1alpha1.ReasonForbidden, "Reconcile", "%s", err)
	return ctrl.Result{RequeueAfter: RetryDenied}, nil
}

// Explain adds to an error about a missing permission which role grants it, for a class;
// nil where there is none.
func (r *Reconciler) Explain(err error, class *v1alpha1.MeshIngressClass) error {
	if class == nil {
		return permissions.Explain(err, providers.Description{})
	}
	var d providers.Description
	if p, ok := r.Registry.Get(class.Spec.Vendor); ok {
		d = p.Describe()
	}
	return permissions.Explain(err, d)
}

// IsLasting reports whether an error is for the user's eyes rather than for a
// retry.
func IsLasting(err error) bool { return apply.IsDenied(err) || IsUnreadable(err) }

// AdmissionDenied are the hazards of writes that an admission policy or a webhook has
// refused; the errors of others, and nil, tell of none.
func AdmissionDenied(errs ...error) []v1alpha1.Notice {
	var found []v1alpha1.Notice
	for _, err := range errs {
		if err != nil && apply.IsAdmissionDenied(err) {
			found = append(found, v1alpha1.Notice{Reason: v1alpha1.ReasonAdmissionDenied, Message: "an admission policy or " +
				"webhook refuses what the operator writes: exempt the operator's ServiceAccount, or the object, in it: " + err.Error()})
		}
	}
	return found
}

// WithoutDenials are notices but for those of AdmissionDenied.
func WithoutDenials(notices []v1alpha1.Notice) []v1alpha1.Notice {
	return slices.DeleteFunc(slices.Clone(notices), func(n v1alpha1.Notice) bool {
		return n.Reason == v1alpha1.ReasonAdmissionDenied
	})
}

// IsUnreadable reports whether Linkerd is there and what it says makes no sense.
func IsUnreadable(err error) bool {
	var unreadable *observe.UnreadableError
	return errors.As(err, &unreadable)
}

// Retry takes a conflict for what it is, a look at something that has changed
// since: it looks again soon. No event can be relied on for that, because what has
// changed may be of no interest otherwise, like an annotation.
func Retry(result ctrl.Result, err error) (ctrl.Result, error) {
	if apply.IsStale(err) {
		return ctrl.Result{RequeueAfter: RetrySoon}, nil
	}
	return result, err
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ObjectConflictError means that an object of the wanted name is somebody else's.
type ObjectConflictError struct{ Object string }

func (e *ObjectConflictError) Error() string {
	return e.Object + " exists and is not this one's: rename it, or delete it"
}

// FieldConflictError means that somebody else set a wanted field to another value.
type FieldConflictError struct {
	Object, Field, Manager string

	// Path has the keys of the field from the root of the object, and Value, in JSON,
	// is what it was set to; empty where only the API server knows of the conflict.
	Path  []string
	Value string

	// SetBack is true where the field was taken over, and set back since.
	SetBack bool

	// Why the field cannot even be taken over, as "it has …"; empty where it is not
	// known to be so.
	Why string
}

func (e *FieldConflictError) Error() string {
	value, why := "", ""
	if e.Value != "" {
		value = " to " + shortened(e.Value)
	}
	if e.SetBack {
		return fmt.Sprintf("%s of %s was taken over, and is set back%s by %q: it is taken over again at most once in ten "+
			"minutes. Remove it there, or set spec.dataPlane.conflictPolicy to Report", e.Field, e.Object, value, e.Manager)
	}
	if e.Why != "" {
		why = " and cannot be taken over, because " + e.Why
	}
	return fmt.Sprintf("%s of %s is set%s by %q%s: remove it there, so that the operator can set it",
		e.Field, e.Object, value, e.Manager, why)
}

// maxShown bounds the bytes of a value in a message.
const maxShown = 128

func shortened(value string) string {
	if len(value) <= maxShown {
		return value
	}
	return strings.ToValidUTF8(value[:maxShown], "") + "…"
}

// GoneError means that the object is not there, or is another one by the same name.
type GoneError struct{ Object string }

func (e *GoneError) Error() string { return e.Object + " is gone" }

// IsDenied reports whether the API server or an admission policy refused a write
// for what it says, so that trying again soon is of no use.
func IsDenied(err error) bool {
	return apierrors.IsForbidden(err) || apierrors.IsInvalid(err) || apierrors.IsBadRequest(err) || IsAdmissionDenied(err)
}

// IsAdmissionDenied reports whether an admission policy or a webhook refused a write,
// and not the authorizer. They choose the code of their answer, so only its text tells
// (k8s.io/apiserver v0.37.2 pkg/admission/plugin/policy/validating/dispatcher.go and
// generic/policy_dispatcher.go, pkg/admission/plugin/webhook/errors/statuserror.go).
func IsAdmissionDenied(err error) bool {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return false
	}
	message := status.Status().Message
	return strings.Contains(message, " denied request: ") || strings.Contains(message, " denied the request")
}

// IsStale reports whether a write came too late: what it was made of has changed since it
// was read. A webhook may refuse with the same code, and means something else.
func IsStale(err error) bool { return apierrors.IsConflict(err) && !IsAdmissionDenied(err) }

// fieldConflicts reads the conflicts of a refused apply.
func fieldConflicts(err error, object string) []*FieldConflictError {
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Details == nil {
		return nil
	}
	var conflicts []*FieldConflictError
	for _, cause := range status.Status().Details.Causes {
		if cause.Type == metav1.CauseTypeFieldManagerConflict {
			conflicts = append(conflicts, &FieldConflictError{
				Object: object, Field: cause.Field, Manager: managerOf(cause.Message),
			})
		}
	}
	return conflicts
}

// managerOf reads the manager from `conflict with "helm" using apps/v1 at …`; the
// time is left out, so that the message does not change.
func managerOf(message string) string {
	parts := strings.SplitN(message, `"`, 3)
	if len(parts) < 3 {
		return "another manager"
	}
	return parts[1]
}

// isGone reports whether a write failed because its object is not there: no such
// object, no such kind, or another UID. A webhook that refuses with the code of one of
// these says nothing about the object.
func isGone(err error) bool {
	if IsAdmissionDenied(err) {
		return false
	}
	if apierrors.IsNotFound(err) || meta.IsNoMatchError(err) {
		return true
	}
	if apierrors.IsConflict(err) {
		// The API server says it in other words for an apply, a delete, and a delete
		// that lost a race.
		return strings.Contains(err.Error(), "uid mismatch") || strings.Contains(err.Error(), "the UID in the precondition") ||
			strings.Contains(err.Error(), "Precondition failed: UID")
	}
	return apierrors.IsInvalid(err) && strings.Contains(err.Error(), "metadata.uid")
}

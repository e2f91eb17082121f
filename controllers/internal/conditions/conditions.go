// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package conditions

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
)

// maxMessage bounds a message, in bytes, and maxErrors the errors it lists.
const (
	maxMessage = 1024
	maxErrors  = 5
)

// Setter sets conditions of one object at one generation.
type Setter struct {
	conditions *[]metav1.Condition
	generation int64
}

// For returns a Setter.
func For(conditions *[]metav1.Condition, generation int64) Setter {
	return Setter{conditions, generation}
}

// True sets a condition that holds.
func (s Setter) True(kind, reason, message string) {
	s.set(kind, metav1.ConditionTrue, reason, message)
}

// False sets a condition that does not hold.
func (s Setter) False(kind, reason, message string) {
	s.set(kind, metav1.ConditionFalse, reason, message)
}

// Unknown sets a condition that cannot be told yet.
func (s Setter) Unknown(kind, reason, message string) {
	s.set(kind, metav1.ConditionUnknown, reason, message)
}

// Only sets a condition that is there only while it is true, or removes it.
func (s Setter) Only(when bool, kind, reason, message string) {
	if !when {
		meta.RemoveStatusCondition(s.conditions, kind)
		return
	}
	s.True(kind, reason, message)
}

func (s Setter) set(kind string, status metav1.ConditionStatus, reason, message string) {
	meta.SetStatusCondition(s.conditions, metav1.Condition{
		Type: kind, Status: status, Reason: reason, Message: Bound(message), ObservedGeneration: s.generation,
	})
}

// Summarize sets Ready from the conditions named: true when all are, else with the
// status, reason and message of the first that is not.
func (s Setter) Summarize(kinds ...string) {
	for _, kind := range kinds {
		c := meta.FindStatusCondition(*s.conditions, kind)
		if c == nil {
			s.Unknown(v1alpha1.ConditionReady, v1alpha1.ReasonPending, kind+" is not known yet")
			return
		}
		if c.Status != metav1.ConditionTrue {
			s.set(v1alpha1.ConditionReady, c.Status, c.Reason, c.Message)
			return
		}
	}
	s.True(v1alpha1.ConditionReady, v1alpha1.ReasonReady, "everything holds as observed")
}

// Message joins field errors into one bounded message, in their order.
func Message(errs field.ErrorList) string {
	items := make([]string, 0, maxErrors)
	for _, err := range errs[:min(len(errs), maxErrors)] {
		items = append(items, err.Error())
	}
	text := strings.Join(items, "; ")
	if more := len(errs) - maxErrors; more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return text
}

// Bound cuts a message to 1024 bytes at a character's edge.
func Bound(message string) string {
	if len(message) <= maxMessage {
		return message
	}
	cut := maxMessage - len("…")
	for !utf8.RuneStart(message[cut]) {
		cut--
	}
	return message[:cut] + "…"
}

// Notices are the first of a list, as many as a status holds, each cut as Bound does: one
// that is too long would keep the whole status from being written.
func Notices(all []v1alpha1.Notice, most int) []v1alpha1.Notice {
	bounded := slices.Clone(all[:min(len(all), most)])
	for i := range bounded {
		bounded[i].Message = Bound(bounded[i].Message)
	}
	return bounded
}

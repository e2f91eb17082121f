// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package annotations

import (
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/providers"
)

// IngressClass names the class of an Ingress, and of the routes of several vendors,
// where spec.ingressClassName does not. The API server refuses both together on an
// Ingress (kubernetes/kubernetes pkg/apis/networking/validation/validation.go v1.36.3).
const IngressClass = "kubernetes.io/ingress.class"

// Refusal is an annotation that would undo the operator's work.
type Refusal struct {
	// Key of the annotation; a trailing "*" stands for any rest, a leading one for
	// any beginning.
	Key string

	// Remedy completes "the annotation …": what to do instead.
	Remedy string
}

// ClassRefusal refuses the annotation IngressClass, and others by which a vendor's
// routes name a class.
func ClassRefusal(keys ...string) []Refusal {
	var all []Refusal
	for _, key := range append([]string{IngressClass}, keys...) {
		all = append(all, Refusal{Key: key, Remedy: "names the class, which the MeshIngressClass does: set spec.className"})
	}
	return all
}

// Check refuses annotations of spec.template, the first Refusal that fits each,
// sorted by key. An annotation that agrees with the operator is refused too: it would
// part company when the class changes.
func Check(in providers.Input, refusals []Refusal) field.ErrorList {
	var errs field.ErrorList
	for _, key := range slices.Sorted(maps.Keys(in.Annotations)) {
		for _, r := range refusals {
			if fits(r.Key, key) {
				errs = append(errs, field.Forbidden(providers.AnnotationField(key), r.Remedy))
				break
			}
		}
	}
	return errs
}

func fits(pattern, key string) bool {
	if stem, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(key, stem)
	}
	if stem, ok := strings.CutPrefix(pattern, "*"); ok {
		return strings.HasSuffix(key, stem)
	}
	return pattern == key
}

// With is a copy of the annotations of spec.template with the operator's own, which
// win.
func With(in providers.Input, own map[string]string) map[string]string {
	all := make(map[string]string, len(in.Annotations)+len(own))
	maps.Copy(all, in.Annotations)
	maps.Copy(all, own)
	return all
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
)

// checkTemplate refuses keys by which a user could undo what the operator does, or
// reach further than the API lets them, and what the API server would refuse on
// every generated object.
func checkTemplate(t *v1alpha1.Template, at *field.Path) field.ErrorList {
	if t == nil {
		return nil
	}
	var errs field.ErrorList
	for _, key := range sortedKeys(t.Labels) {
		errs = append(errs, checkLabel(key, t.Labels[key], at.Child("labels").Key(key))...)
	}
	for _, key := range sortedKeys(t.Annotations) {
		errs = append(errs, checkAnnotation(key, at.Child("annotations").Key(key))...)
	}
	return errs
}

func checkLabel(key, value string, at *field.Path) field.ErrorList {
	if reservedKey(key) {
		return field.ErrorList{field.Forbidden(at, "is the operator's or Linkerd's own: remove it")}
	}
	errs := invalid(at, key, validation.IsQualifiedName(key))
	return append(errs, invalid(at, value, validation.IsValidLabelValue(value))...)
}

// checkAnnotation takes keys in upper case, as the API server does (kubernetes/
// apimachinery pkg/api/validation/objectmeta.go v0.37.2).
func checkAnnotation(key string, at *field.Path) field.ErrorList {
	switch {
	case reservedKey(key):
		return field.ErrorList{field.Forbidden(at, "is the operator's or Linkerd's own: remove it")}
	case strings.HasSuffix(key, "-snippet"), strings.HasSuffix(key, "-snippets"):
		return field.ErrorList{field.Forbidden(at, "snippets of configuration reach further than a route: remove it")}
	}
	return invalid(at, key, validation.IsQualifiedName(strings.ToLower(key)))
}

func reservedKey(key string) bool {
	domain, _, _ := strings.Cut(key, "/")
	return domain == v1alpha1.GroupName || key == v1alpha1.ManagedByLabel ||
		domain == linkerd.AnnotationDomain || strings.HasSuffix(domain, "."+linkerd.AnnotationDomain)
}

// invalid makes one error of the problems that a validation found, nil of none.
func invalid(at *field.Path, value any, problems []string) field.ErrorList {
	if len(problems) == 0 {
		return nil
	}
	return field.ErrorList{field.Invalid(at, value, strings.Join(problems, "; "))}
}

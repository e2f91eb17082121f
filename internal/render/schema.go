// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
)

// definition is one kind of ours, ready to check objects as the API server does
// (kubernetes/apiextensions-apiserver pkg/registry/customresource v0.37).
type definition struct {
	namespaced bool
	structural *schema.Structural
	validator  validation.SchemaValidator
	rules      *cel.Validator
}

// newDefinition compiles the only version of a CustomResourceDefinition.
func newDefinition(crd *apiextensionsv1.CustomResourceDefinition) (*definition, error) {
	internal := &apiextensions.JSONSchemaProps{}
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(
		crd.Spec.Versions[0].Schema.OpenAPIV3Schema, internal, nil); err != nil {
		return nil, fmt.Errorf("converting the schema of %s: %w", crd.Name, err)
	}
	structural, err := schema.NewStructural(internal)
	if err != nil {
		return nil, fmt.Errorf("reading the schema of %s: %w", crd.Name, err)
	}
	validator, _, err := validation.NewSchemaValidator(internal)
	if err != nil {
		return nil, fmt.Errorf("compiling the schema of %s: %w", crd.Name, err)
	}
	return &definition{
		namespaced: crd.Spec.Scope == apiextensionsv1.NamespaceScoped,
		structural: structural, validator: validator,
		rules: cel.NewValidator(structural, true, celconfig.PerCallLimit),
	}, nil
}

// unknownFields returns an error that names every field that the kind does not
// have; such an object cannot be what its author meant.
func (d *definition) unknownFields(obj map[string]any) error {
	unknown := pruning.PruneWithOptions(runtime.DeepCopyJSON(obj), d.structural, true,
		schema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})
	_, _, inMeta, err := objectmeta.GetObjectMetaWithOptions(obj,
		objectmeta.ObjectMetaOptions{ReturnUnknownFieldPaths: true})
	if err != nil {
		return fmt.Errorf("reading metadata: %w", err)
	}
	unknown = append(unknown, inMeta...)
	if len(unknown) == 0 {
		return nil
	}
	slices.Sort(unknown)
	return fmt.Errorf("unknown field %s", strings.Join(unknown, ", "))
}

// complete fills in the defaults.
func (d *definition) complete(obj map[string]any) {
	defaulting.PruneNonNullableNullsWithoutDefaults(obj, d.structural)
	defaulting.Default(obj, d.structural)
}

// validate checks an object. CEL rules are left out where the types are wrong
// already, since they would fail on them.
func (d *definition) validate(obj map[string]any) field.ErrorList {
	meta, _, err := objectmeta.GetObjectMeta(obj, false)
	if err != nil || meta == nil {
		return field.ErrorList{field.Invalid(field.NewPath("metadata"), nil, fmt.Sprint(err))}
	}
	errs := apivalidation.ValidateObjectMeta(
		meta, d.namespaced, apivalidation.NameIsDNSSubdomain, field.NewPath("metadata"))
	errs = append(errs, validation.ValidateCustomResource(nil, obj, d.validator)...)
	errs = append(errs, listtype.ValidateListSetsAndMaps(nil, d.structural, obj)...)
	if slices.ContainsFunc(errs, blocksRules) {
		return errs
	}
	broken, _ := d.rules.Validate(context.Background(), nil, d.structural, obj, nil, celconfig.RuntimeCELCostBudget)
	return append(errs, broken...)
}

func blocksRules(e *field.Error) bool {
	switch e.Type {
	case field.ErrorTypeNotSupported, field.ErrorTypeRequired, field.ErrorTypeTooLong,
		field.ErrorTypeTooMany, field.ErrorTypeTypeInvalid:
		return true
	default:
		return false
	}
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package descriptors describes the fields of a CustomResourceDefinition as a
// ClusterServiceVersion does, so that a console can show and edit them by name. All
// comes from the schema; nothing is said twice.
//
// What a console makes of an x-descriptor is said in openshift/console,
// frontend/packages/operator-lifecycle-manager/src/components/descriptors/reference/reference.md
// (31a8f00). It groups fields by their paths: "rules[0].host" stands for the host of each
// rule, and fieldGroup and arrayFieldGroup have no effect any more. Its form for a new object
// takes any path; its page of an object leaves out lists that are in lists, and says of a list
// of objects whose fields have no descriptors only "[object Object]" (utils.tsx,
// REGEXP_NESTED_ARRAY_PATH, and common.tsx, DefaultCapability, beside it).
package descriptors

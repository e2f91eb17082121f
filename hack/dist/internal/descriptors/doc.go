// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package descriptors describes the fields of a CustomResourceDefinition as a
// ClusterServiceVersion does, so that a console can show and edit them by name. All
// comes from the schema; nothing is said twice.
//
// What a console makes of an x-descriptor is said in openshift/console,
// frontend/packages/operator-lifecycle-manager/src/components/descriptors/reference/reference.md.
package descriptors

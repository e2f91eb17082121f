// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// Names that the operator puts on objects. They are part of the API: changing
// one would orphan what an older version wrote.
const (
	// FieldManager is the server-side apply manager of objects that the operator
	// generates and owns whole.
	FieldManager = "meshingress"

	// FieldManagerPrefix and the UID of the claiming object make the manager of
	// fields that the operator sets on objects of others. The API server then
	// counts the claims on a field for us.
	FieldManagerPrefix = "meshingress:"

	// Finalizer keeps a MeshIngress or MeshIngressClass until everything done for
	// it has been taken back.
	Finalizer = GroupName + "/release"

	// DefaultClassAnnotation with the value "true" marks the MeshIngressClass
	// that a MeshIngress without className takes. With several, the oldest wins.
	DefaultClassAnnotation = GroupName + "/is-default-class"

	// OwnerLabel is on every generated object. Its value is a hash of the owner,
	// because a label value cannot hold a namespaced name.
	OwnerLabel = GroupName + "/owner"

	// OwnerAnnotation is on every generated object: "<kind>/<namespace>/<name>"
	// of its owner, with an empty namespace for a MeshIngressClass.
	OwnerAnnotation = GroupName + "/owned-by"

	// RestartedAtAnnotation is on pod templates whose pods were made anew because some
	// had come up without their proxy: when that was, in RFC 3339, UTC.
	RestartedAtAnnotation = GroupName + "/restartedAt"

	// ManagedByLabel and ManagedByValue are the recommended Kubernetes label on
	// every generated object.
	ManagedByLabel = "app.kubernetes.io/managed-by"
	ManagedByValue = "meshingress"
)

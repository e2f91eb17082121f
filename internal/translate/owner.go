// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/meshingress/meshingress/api/v1alpha1"
)

// Owner marks generated objects, and tells whether an object is marked so.
type Owner struct {
	Kind, Namespace, Name string
	UID                   types.UID

	// Orphans says that the objects outlive the owner, so that they have no owner
	// reference: the garbage collector would not wait for us.
	Orphans bool
}

// OwnerOf is the Owner of what is generated for a MeshIngress.
func OwnerOf(mi *v1alpha1.MeshIngress) Owner {
	return Owner{
		Kind: "MeshIngress", Namespace: mi.Namespace, Name: mi.Name, UID: mi.UID,
		Orphans: mi.Spec.DeletionPolicy == v1alpha1.DeletionOrphan,
	}
}

// ClassOwner is the Owner of what is generated for a MeshIngressClass.
func ClassOwner(class *v1alpha1.MeshIngressClass) Owner {
	return Owner{Kind: "MeshIngressClass", Name: class.Name, UID: class.UID}
}

// String is "<kind>/<namespace>/<name>", the value of OwnerAnnotation.
func (o Owner) String() string { return o.Kind + "/" + o.Namespace + "/" + o.Name }

// Hash is the value of OwnerLabel.
func (o Owner) Hash() string {
	sum := sha256.Sum256([]byte(o.String()))
	return hex.EncodeToString(sum[:16])
}

// Mark puts the marks of the owner on objects. An object in the owner's own
// namespace also gets an owner reference, so that it goes with its owner even
// where the operator is gone; elsewhere the garbage collector would delete it.
func (o Owner) Mark(objects []*unstructured.Unstructured) {
	for _, obj := range objects {
		labels := maps.Clone(obj.GetLabels())
		if labels == nil {
			labels = map[string]string{}
		}
		labels[v1alpha1.OwnerLabel] = o.Hash()
		labels[v1alpha1.ManagedByLabel] = v1alpha1.ManagedByValue
		obj.SetLabels(labels)
		annotations := maps.Clone(obj.GetAnnotations())
		if annotations == nil {
			annotations = map[string]string{}
		}
		annotations[v1alpha1.OwnerAnnotation] = o.String()
		obj.SetAnnotations(annotations)
		if !o.Orphans && o.UID != "" && o.Namespace != "" && o.Namespace == obj.GetNamespace() {
			obj.SetOwnerReferences([]metav1.OwnerReference{o.reference()})
		}
	}
}

func (o Owner) reference() metav1.OwnerReference {
	yes := true
	return metav1.OwnerReference{
		APIVersion: v1alpha1.GroupVersion.String(), Kind: o.Kind, Name: o.Name, UID: o.UID,
		Controller: &yes,
	}
}

// Owns reports whether an object is this owner's: by its marks, or by the owner
// reference where somebody has taken a mark off.
func (o Owner) Owns(obj metav1.Object) bool {
	return o.marked(obj) || slices.ContainsFunc(obj.GetOwnerReferences(), func(ref metav1.OwnerReference) bool {
		return o.UID != "" && ref.UID == o.UID
	})
}

func (o Owner) marked(obj metav1.Object) bool {
	return obj.GetLabels()[v1alpha1.OwnerLabel] == o.Hash() &&
		obj.GetAnnotations()[v1alpha1.OwnerAnnotation] == o.String()
}

// ParseOwner reads the owner that an object is marked with.
func ParseOwner(obj metav1.Object) (Owner, bool) {
	parts := strings.Split(obj.GetAnnotations()[v1alpha1.OwnerAnnotation], "/")
	if len(parts) != 3 {
		return Owner{}, false
	}
	o := Owner{Kind: parts[0], Namespace: parts[1], Name: parts[2]}
	return o, o.marked(obj)
}

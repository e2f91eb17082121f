// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"cmp"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/translate"
	"github.com/meshingress/meshingress/providers"
)

type (
	meshIngress = checked[v1alpha1.MeshIngress]
	class       = checked[v1alpha1.MeshIngressClass]
)

func (r *rendering) meshIngresses() []MeshIngress {
	out := make([]MeshIngress, 0, len(r.in.meshIngresses))
	for _, mi := range r.in.meshIngresses {
		out = append(out, MeshIngress{Namespace: mi.object.Namespace, Name: mi.object.Name, Plan: r.meshIngress(mi)})
	}
	return out
}

func (r *rendering) meshIngress(mi meshIngress) Plan {
	if len(mi.errs) > 0 {
		return newPlan("", "", providers.Plan{}, mi.errs)
	}
	c, err := r.classOf(mi.object)
	if err != nil {
		return newPlan("", "", providers.Plan{}, field.ErrorList{err})
	}
	result := translate.MeshIngress(r.registry, mi.object, c, translate.Snapshot{
		Services: r.in.services, AssumeServices: true,
		Namespaces: r.in.namespaces,
		Siblings:   r.siblings(mi.object, c),
		Served:     r.served,
		Linkerd:    r.in.linkerd,
		Read:       r.read,
	})
	plan := result.Plan
	plan.Notices = slices.Concat(result.Hazards, plan.Notices)
	return newPlan(result.Strategy, result.StrategyReason, plan, result.Errors())
}

// classOf finds the class that a MeshIngress names, or the default one.
func (r *rendering) classOf(mi *v1alpha1.MeshIngress) (*v1alpha1.MeshIngressClass, *field.Error) {
	at := field.NewPath("spec", "className")
	found, ok := r.classNamed(mi.Spec.ClassName)
	switch {
	case ok && len(found.errs) > 0:
		return nil, field.Invalid(at, found.object.Name, "this MeshIngressClass has errors itself: correct them first")
	case ok:
		return found.object, nil
	case mi.Spec.ClassName == "":
		return nil, field.Required(at, fmt.Sprintf(
			`no MeshIngressClass is the default one: name a class, or annotate one with %s: "true"`,
			v1alpha1.DefaultClassAnnotation))
	default:
		return nil, field.NotFound(at, mi.Spec.ClassName)
	}
}

func (r *rendering) classNamed(name string) (class, bool) {
	if name == "" {
		fallback := translate.DefaultClass(r.classObjects())
		if fallback == nil {
			return class{}, false
		}
		name = fallback.Name
	}
	i := slices.IndexFunc(r.in.classes, func(c class) bool { return c.object.Name == name })
	if i < 0 {
		return class{}, false
	}
	return r.in.classes[i], true
}

func (r *rendering) classObjects() []v1alpha1.MeshIngressClass {
	all := make([]v1alpha1.MeshIngressClass, 0, len(r.in.classes))
	for _, c := range r.in.classes {
		all = append(all, *c.object)
	}
	return all
}

// siblings are the other MeshIngresses of a class that may use it.
func (r *rendering) siblings(mi *v1alpha1.MeshIngress, c *v1alpha1.MeshIngressClass) []*v1alpha1.MeshIngress {
	var out []*v1alpha1.MeshIngress
	for _, other := range r.in.meshIngresses {
		namespace := other.object.Namespace
		if other.object == mi || len(other.errs) > 0 || !translate.Allows(c, namespace, r.in.namespaces[namespace]) {
			continue
		}
		if theirs, err := r.classOf(other.object); err == nil && theirs == c {
			out = append(out, other.object)
		}
	}
	return out
}

// read answers a provider. An object without namespace is in "default", as with
// kubectl.
func (r *rendering) read(want providers.Read) []*unstructured.Unstructured {
	var out []*unstructured.Unstructured
	for _, obj := range r.in.others {
		namespace := cmp.Or(obj.GetNamespace(), corev1.NamespaceDefault)
		if obj.GroupVersionKind() == want.Kind.GroupVersionKind && (want.Namespace == "" || namespace == want.Namespace) {
			out = append(out, obj.DeepCopy())
		}
	}
	return out
}

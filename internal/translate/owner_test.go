// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package translate_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/translate"
	"github.com/meshingress/meshingress/test/builders"
)

var web = translate.Owner{Kind: "MeshIngress", Namespace: "emojivoto", Name: "web", UID: "uid-of-web"}

func marked(o translate.Owner, namespace string) *unstructured.Unstructured {
	obj := route(namespace, "route")
	o.Mark([]*unstructured.Unstructured{obj})
	return obj
}

func TestOwnersOfObjects(t *testing.T) {
	mi := builders.MeshIngress("web", "emojivoto")
	mi.UID = "uid-of-web"
	if diff := cmp.Diff(web, translate.OwnerOf(mi)); diff != "" {
		t.Error(diff)
	}
	class := builders.Class("public", v1alpha1.VendorTraefik)
	class.UID = "uid-of-public"
	want := translate.Owner{Kind: "MeshIngressClass", Name: "public", UID: "uid-of-public"}
	if diff := cmp.Diff(want, translate.ClassOwner(class)); diff != "" {
		t.Error(diff)
	}
}

func TestMarkKeepsWhatIsThere(t *testing.T) {
	obj := route("emojivoto", "route")
	labels, annotations := map[string]string{"team": "web"}, map[string]string{"note": "x"}
	obj.SetLabels(labels)
	obj.SetAnnotations(annotations)
	web.Mark([]*unstructured.Unstructured{obj})

	wantLabels := map[string]string{
		"team": "web", v1alpha1.OwnerLabel: web.Hash(), v1alpha1.ManagedByLabel: v1alpha1.ManagedByValue,
	}
	if diff := cmp.Diff(wantLabels, obj.GetLabels()); diff != "" {
		t.Errorf("labels: %s", diff)
	}
	wantAnnotations := map[string]string{"note": "x", v1alpha1.OwnerAnnotation: "MeshIngress/emojivoto/web"}
	if diff := cmp.Diff(wantAnnotations, obj.GetAnnotations()); diff != "" {
		t.Errorf("annotations: %s", diff)
	}
	before := obj.DeepCopy()
	web.Mark([]*unstructured.Unstructured{obj})
	if diff := cmp.Diff(before, obj); diff != "" {
		t.Errorf("marked twice it is another one: %s", diff)
	}
}

// An owner reference across namespaces would make the garbage collector delete the
// object.
func TestOwnerReferences(t *testing.T) {
	yes := true
	mine := []metav1.OwnerReference{{
		APIVersion: "networking.meshingress.dev/v1alpha1", Kind: "MeshIngress", Name: "web", UID: "uid-of-web", Controller: &yes,
	}}
	notCreated := web
	notCreated.UID = ""
	class := translate.Owner{Kind: "MeshIngressClass", Name: "public", UID: "uid-of-public"}
	for name, tc := range map[string]struct {
		owner     translate.Owner
		namespace string
		want      []metav1.OwnerReference
	}{
		"in the own namespace":         {owner: web, namespace: "emojivoto", want: mine},
		"in another namespace":         {owner: web, namespace: "infra"},
		"of what is in no namespace":   {owner: web, namespace: ""},
		"to what has no UID":           {owner: notCreated, namespace: "emojivoto"},
		"to a class":                   {owner: class, namespace: "infra"},
		"to a class, in no namespace":  {owner: class, namespace: ""},
		"to a class, where it is read": {owner: class, namespace: "emojivoto"},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, marked(tc.owner, tc.namespace).GetOwnerReferences()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOwnsAndParseOwner(t *testing.T) {
	class := translate.Owner{Kind: "MeshIngressClass", Name: "public"}
	for _, o := range []translate.Owner{web, class} {
		obj := marked(o, "emojivoto")
		want := o
		want.UID = ""
		got, ok := translate.ParseOwner(obj)
		if diff := cmp.Diff(want, got); diff != "" || !ok || !o.Owns(obj) {
			t.Errorf("%s: marked, owned %v, parsed %v: %s", o, o.Owns(obj), ok, diff)
		}
	}
	other := web
	other.UID = "of an earlier one of the name"
	if !other.Owns(marked(web, "emojivoto")) {
		t.Error("a MeshIngress that was created anew does not own what it left")
	}
}

// Anyone may set a label or an annotation; only both together, of one owner, count.
func TestForgedMarks(t *testing.T) {
	voting := translate.Owner{Kind: "MeshIngress", Namespace: "emojivoto", Name: "voting"}
	for name, forge := range map[string]func(labels, annotations map[string]string){
		"no label":                    func(l, _ map[string]string) { delete(l, v1alpha1.OwnerLabel) },
		"no annotation":               func(_, a map[string]string) { delete(a, v1alpha1.OwnerAnnotation) },
		"another's label":             func(l, _ map[string]string) { l[v1alpha1.OwnerLabel] = voting.Hash() },
		"another's annotation":        func(_, a map[string]string) { a[v1alpha1.OwnerAnnotation] = voting.String() },
		"an annotation of two parts":  func(_, a map[string]string) { a[v1alpha1.OwnerAnnotation] = "emojivoto/web" },
		"an annotation of four parts": func(_, a map[string]string) { a[v1alpha1.OwnerAnnotation] += "/x" },
		"an empty annotation":         func(_, a map[string]string) { a[v1alpha1.OwnerAnnotation] = "" },
		"another kind":                func(_, a map[string]string) { a[v1alpha1.OwnerAnnotation] = "Ingress/emojivoto/web" },
	} {
		t.Run(name, func(t *testing.T) {
			obj := marked(web, "emojivoto")
			labels, annotations := maps.Clone(obj.GetLabels()), maps.Clone(obj.GetAnnotations())
			forge(labels, annotations)
			obj.SetLabels(labels)
			obj.SetAnnotations(annotations)
			if !web.Owns(obj) {
				t.Error("not owned in spite of the owner reference")
			}
			obj.SetOwnerReferences(nil)
			if web.Owns(obj) {
				t.Error("owned")
			}
			if o, ok := translate.ParseOwner(obj); ok {
				t.Errorf("parsed as %s", o)
			}
		})
	}
	if o, ok := translate.ParseOwner(route("emojivoto", "bare")); ok {
		t.Errorf("parsed as %s without any mark", o)
	}
}

func TestOwnerHash(t *testing.T) {
	long := translate.Owner{
		Kind: "MeshIngress", Namespace: strings.Repeat("n", 63), Name: strings.Repeat("m", 253),
	}
	owners := []translate.Owner{
		web, long,
		{Kind: "MeshIngress", Namespace: "emojivoto", Name: "web2"},
		{Kind: "MeshIngress", Namespace: "emojivotoweb", Name: ""},
		{Kind: "MeshIngressClass", Name: "web"},
	}
	var hashes []string
	for _, o := range owners {
		hash := o.Hash()
		if problems := validation.IsValidLabelValue(hash); len(problems) > 0 {
			t.Errorf("%s: %q is no label value: %v", o, hash, problems)
		}
		if slices.Contains(hashes, hash) {
			t.Errorf("%s shares the hash %s", o, hash)
		}
		hashes = append(hashes, hash)
	}
	if !long.Owns(marked(long, long.Namespace)) {
		t.Error("an owner with a long name does not know what it owns")
	}
	if web.Hash() != (translate.Owner{Kind: "MeshIngress", Namespace: "emojivoto", Name: "web"}).Hash() {
		t.Error("the UID is in the hash: a restored backup would own nothing")
	}
}

// A deletion in the foreground has the garbage collector delete dependents before
// any finalizer has its turn.
func TestOrphansHaveNoOwnerReference(t *testing.T) {
	mi := &v1alpha1.MeshIngress{}
	mi.Namespace, mi.Name, mi.UID = "emojivoto", "web", "its-uid"
	mi.Spec.DeletionPolicy = v1alpha1.DeletionOrphan
	obj := route("emojivoto", "web")
	owner := translate.OwnerOf(mi)
	owner.Mark([]*unstructured.Unstructured{obj})
	if refs := obj.GetOwnerReferences(); len(refs) > 0 || !owner.Owns(obj) {
		t.Errorf("got the owner references %v, owned %v", refs, owner.Owns(obj))
	}
}

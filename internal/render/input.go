// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"fmt"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/providers"
)

// input is the documents, sorted out by kind.
type input struct {
	meshIngresses []checked[v1alpha1.MeshIngress]
	classes       []checked[v1alpha1.MeshIngressClass]
	services      map[types.NamespacedName]*corev1.Service
	namespaces    map[string]*corev1.Namespace
	workloads     []injection.Workload
	webhooks      []injection.Webhook
	crds          []*apiextensionsv1.CustomResourceDefinition
	linkerd       linkerd.Facts

	// ingressClasses are the controller strings, by name.
	ingressClasses map[string]string

	// others are all objects but those of our own kinds.
	others []*unstructured.Unstructured
}

// checked is an object of ours and what is wrong with it. With errors, only the
// object's metadata can be relied on.
type checked[T any] struct {
	object *T
	errs   field.ErrorList
}

// reader sorts documents out.
type reader struct {
	definitions map[string]*definition
	decoders    map[schema.GroupVersionKind]decoder
	strict      bool
	injector    *linkerd.Injector
	in          input
	seen        map[string]Document
}

// decoder reads one kind. Namespaced kinds are in the namespace "default" where
// they do not say, as with kubectl.
type decoder struct {
	namespaced bool
	read       func(*reader, Document) error
}

func newReader(definitions map[string]*definition, strict bool) *reader {
	return &reader{
		definitions: definitions, decoders: decoders(), strict: strict, seen: map[string]Document{},
		in: input{
			services:   map[types.NamespacedName]*corev1.Service{},
			namespaces: map[string]*corev1.Namespace{},
			linkerd:    linkerd.Unknown(),

			ingressClasses: map[string]string{},
		},
	}
}

func decoders() map[schema.GroupVersionKind]decoder {
	core, apps := corev1.SchemeGroupVersion, appsv1.SchemeGroupVersion
	return map[schema.GroupVersionKind]decoder{
		v1alpha1.GroupVersion.WithKind("MeshIngress"):                             {true, (*reader).meshIngress},
		v1alpha1.GroupVersion.WithKind("MeshIngressClass"):                        {false, (*reader).class},
		core.WithKind("Service"):                                                  {true, (*reader).service},
		core.WithKind("Namespace"):                                                {false, (*reader).namespace},
		core.WithKind("ConfigMap"):                                                {true, (*reader).configMap},
		apps.WithKind("Deployment"):                                               {true, workload(injection.FromDeployment)},
		apps.WithKind("DaemonSet"):                                                {true, workload(injection.FromDaemonSet)},
		apps.WithKind("StatefulSet"):                                              {true, workload(injection.FromStatefulSet)},
		providers.KindIngress.GroupVersionKind:                                    {true, (*reader).other},
		networkingv1.SchemeGroupVersion.WithKind("IngressClass"):                  {false, (*reader).ingressClass},
		admissionv1.SchemeGroupVersion.WithKind("ValidatingWebhookConfiguration"): {false, (*reader).validatingWebhook},
		admissionv1.SchemeGroupVersion.WithKind("MutatingWebhookConfiguration"):   {false, (*reader).mutatingWebhook},
		apiextensionsv1.SchemeGroupVersion.WithKind("CustomResourceDefinition"):   {false, (*reader).crd},
	}
}

// readAll sorts documents out. It changes none of them.
func (r *reader) readAll(docs []Document) (input, error) {
	for _, doc := range docs {
		doc.Object = doc.Object.DeepCopy()
		if err := r.readOne(doc); err != nil {
			return input{}, err
		}
	}
	r.in.linkerd.Injector = r.injector
	return r.in, nil
}

func (r *reader) readOne(doc Document) error {
	gvk := doc.Object.GroupVersionKind()
	d, known := r.decoders[gvk]
	if !known && gvk.Group == v1alpha1.GroupName {
		return doc.fail("%s %s is not known: this program knows MeshIngress and MeshIngressClass of %s",
			doc.Object.GetAPIVersion(), gvk.Kind, v1alpha1.GroupVersion)
	}
	if d.namespaced && doc.Object.GetNamespace() == "" {
		doc.Object.SetNamespace(corev1.NamespaceDefault)
	}
	if err := r.once(doc); err != nil {
		return err
	}
	if !known {
		return r.other(doc)
	}
	return d.read(r, doc)
}

// once refuses a second object of the same kind and name: it is not clear which
// of the two is meant.
func (r *reader) once(doc Document) error {
	gk := doc.Object.GroupVersionKind().GroupKind()
	key := fmt.Sprintf("%s %s", gk, types.NamespacedName{Namespace: doc.Object.GetNamespace(), Name: doc.Object.GetName()})
	if first, dup := r.seen[key]; dup {
		return doc.fail("%s is in %s, document %d, already", key, first.Source, first.Number)
	}
	r.seen[key] = doc
	return nil
}

func (r *reader) other(doc Document) error {
	r.in.others = append(r.in.others, doc.Object)
	return nil
}

// decode converts a built-in kind. Fields that this program does not know are
// from a newer API server, unless strictness is asked for.
func decode[T any](r *reader, doc Document) (*T, error) {
	obj := new(T)
	err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(doc.Object.Object, obj, r.strict)
	if err != nil {
		return nil, doc.fail("decoding %s %s: %w", doc.Object.GetKind(), doc.Object.GetName(), err)
	}
	return obj, r.other(doc)
}

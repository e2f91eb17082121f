// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"maps"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/internal/linkerd"
)

func (r *reader) meshIngress(doc Document) error {
	obj, err := check[v1alpha1.MeshIngress](r, doc)
	r.in.meshIngresses = append(r.in.meshIngresses, obj)
	return err
}

func (r *reader) class(doc Document) error {
	obj, err := check[v1alpha1.MeshIngressClass](r, doc)
	r.in.classes = append(r.in.classes, obj)
	return err
}

// check runs an object of ours past its definition, as on creation: without
// status, and with defaults.
func check[T any](r *reader, doc Document) (checked[T], error) {
	out := checked[T]{object: new(T)}
	content := doc.Object.Object
	delete(content, "status")
	d := r.definitions[doc.Object.GetKind()]
	if err := d.unknownFields(content); err != nil {
		return out, doc.fail("%s %s: %w", doc.Object.GetKind(), doc.Object.GetName(), err)
	}
	d.complete(content)
	if out.errs = d.validate(content); len(out.errs) > 0 {
		content = map[string]any{"metadata": content["metadata"]}
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(content, out.object); err != nil {
		return out, doc.fail("decoding %s %s: %w", doc.Object.GetKind(), doc.Object.GetName(), err)
	}
	return out, nil
}

func (r *reader) service(doc Document) error {
	svc, err := decode[corev1.Service](r, doc)
	if err != nil {
		return err
	}
	r.in.services[types.NamespacedName{Namespace: svc.Namespace, Name: svc.Name}] = svc
	return nil
}

// namespace adds the label that the API server gives every Namespace.
func (r *reader) namespace(doc Document) error {
	ns, err := decode[corev1.Namespace](r, doc)
	if err != nil {
		return err
	}
	labels := map[string]string{corev1.LabelMetadataName: ns.Name}
	maps.Copy(labels, ns.Labels)
	ns.Labels = labels
	r.in.namespaces[ns.Name] = ns
	return nil
}

func (r *reader) configMap(doc Document) error {
	cm, err := decode[corev1.ConfigMap](r, doc)
	if err != nil || cm.Name != linkerd.ConfigMapName {
		return err
	}
	if r.in.linkerd.Found {
		return doc.fail("is the second ConfigMap %s, after that in the namespace %s: keep the one that is in use",
			cm.Name, r.in.linkerd.Namespace)
	}
	if r.in.linkerd, err = linkerd.ReadConfig(cm); err != nil {
		return doc.fail("%w", err)
	}
	return nil
}

func (r *reader) ingressClass(doc Document) error {
	class, err := decode[networkingv1.IngressClass](r, doc)
	if err != nil {
		return err
	}
	r.in.ingressClasses[class.Name] = class.Spec.Controller
	return nil
}

func (r *reader) validatingWebhook(doc Document) error {
	cfg, err := decode[admissionv1.ValidatingWebhookConfiguration](r, doc)
	if err != nil {
		return err
	}
	r.in.webhooks = append(r.in.webhooks, injection.ValidatingWebhooks(cfg)...)
	return nil
}

func (r *reader) mutatingWebhook(doc Document) error {
	cfg, err := decode[admissionv1.MutatingWebhookConfiguration](r, doc)
	if err != nil {
		return err
	}
	r.in.webhooks = append(r.in.webhooks, injection.MutatingWebhooks(cfg)...)
	if cfg.Name != linkerd.InjectorWebhookName {
		return nil
	}
	if r.injector, err = linkerd.ReadInjector(cfg); err != nil {
		return doc.fail("%w", err)
	}
	return nil
}

func (r *reader) crd(doc Document) error {
	crd, err := decode[apiextensionsv1.CustomResourceDefinition](r, doc)
	if err != nil {
		return err
	}
	r.in.crds = append(r.in.crds, crd)
	return nil
}

// workload makes a decoder of the kinds that run pods.
func workload[T any, P interface {
	*T
	metav1.Object
}](from func(P) injection.Workload) func(*reader, Document) error {
	return func(r *reader, doc Document) error {
		obj, err := decode[T](r, doc)
		if err != nil {
			return err
		}
		r.in.workloads = append(r.in.workloads, from(obj))
		return nil
	}
}

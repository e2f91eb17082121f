// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package builders

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshingress/meshingress/api/v1alpha1"
)

// ClassOption changes a MeshIngressClass.
type ClassOption func(*v1alpha1.MeshIngressClass)

// Class returns a valid MeshIngressClass that leaves everything but the vendor to
// the defaults.
func Class(name string, vendor v1alpha1.Vendor, opts ...ClassOption) *v1alpha1.MeshIngressClass {
	class := &v1alpha1.MeshIngressClass{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       v1alpha1.MeshIngressClassSpec{Vendor: vendor},
	}
	for _, opt := range opts {
		opt(class)
	}
	return class
}

// AsDefault marks the class that a MeshIngress without className takes.
func AsDefault() ClassOption {
	return func(class *v1alpha1.MeshIngressClass) {
		class.Annotations = map[string]string{v1alpha1.DefaultClassAnnotation: "true"}
	}
}

// WithRouting sets routing.
func WithRouting(routing v1alpha1.Routing) ClassOption {
	return func(class *v1alpha1.MeshIngressClass) { class.Spec.Routing = routing }
}

// WithIngressClassName sets ingressClassName.
func WithIngressClassName(name string) ClassOption {
	return func(class *v1alpha1.MeshIngressClass) { class.Spec.IngressClassName = name }
}

// WithInjection sets dataPlane.injection.
func WithInjection(injection v1alpha1.Injection) ClassOption {
	return func(class *v1alpha1.MeshIngressClass) { class.Spec.DataPlane.Injection = injection }
}

// WithClientIP sets dataPlane.clientIP.
func WithClientIP(clientIP v1alpha1.ClientIP) ClassOption {
	return func(class *v1alpha1.MeshIngressClass) { class.Spec.DataPlane.ClientIP = clientIP }
}

// WithWorkload adds a workload to dataPlane.workloads.
func WithWorkload(kind, namespace, name string) ClassOption {
	return func(class *v1alpha1.MeshIngressClass) {
		class.Spec.DataPlane.Workloads = append(class.Spec.DataPlane.Workloads,
			v1alpha1.WorkloadReference{Kind: kind, Namespace: namespace, Name: name})
	}
}

// WithServiceRef sets dataPlane.serviceRef.
func WithServiceRef(namespace, name string) ClassOption {
	return func(class *v1alpha1.MeshIngressClass) {
		class.Spec.DataPlane.ServiceRef = &v1alpha1.ObjectKey{Namespace: namespace, Name: name}
	}
}

// WithAllowedNamespaces lets only Namespaces with these labels use the class.
func WithAllowedNamespaces(labels map[string]string) ClassOption {
	return func(class *v1alpha1.MeshIngressClass) {
		class.Spec.AllowedNamespaces = v1alpha1.AllowedNamespaces{
			From:     v1alpha1.NamespacesFromSelector,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
		}
	}
}

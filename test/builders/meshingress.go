// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package builders

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/meshingress/meshingress/api/v1alpha1"
)

// Port is the port of a Service: by number (int) or by name (string).
type Port interface{ int | string }

// MeshIngressOption changes a MeshIngress.
type MeshIngressOption func(*v1alpha1.MeshIngress)

// MeshIngress returns a MeshIngress without className. It is valid once it has a
// rule or a default backend.
func MeshIngress(name, namespace string, opts ...MeshIngressOption) *v1alpha1.MeshIngress {
	mi := &v1alpha1.MeshIngress{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace}}
	for _, opt := range opts {
		opt(mi)
	}
	return mi
}

// WithClass sets className.
func WithClass(name string) MeshIngressOption {
	return func(mi *v1alpha1.MeshIngress) { mi.Spec.ClassName = name }
}

// WithRule sends the requests of a host (empty: every host) below a path to one
// Service of the MeshIngress's namespace.
func WithRule[P Port](host, path, service string, port P) MeshIngressOption {
	return WithPath(host, path, v1alpha1.PathTypePrefix, Backend(service, port))
}

// WithPath adds a path to the rule of a host, which it makes if there is none.
func WithPath(host, path string, pathType v1alpha1.PathType, backends ...v1alpha1.Backend) MeshIngressOption {
	return func(mi *v1alpha1.MeshIngress) {
		rule := ruleFor(mi, host)
		rule.Paths = append(rule.Paths, v1alpha1.Path{Path: path, PathType: pathType, Backends: backends})
	}
}

func ruleFor(mi *v1alpha1.MeshIngress, host string) *v1alpha1.Rule {
	for i := range mi.Spec.Rules {
		if mi.Spec.Rules[i].Host == host {
			return &mi.Spec.Rules[i]
		}
	}
	mi.Spec.Rules = append(mi.Spec.Rules, v1alpha1.Rule{Host: host})
	return &mi.Spec.Rules[len(mi.Spec.Rules)-1]
}

// WithDefaultBackend sends what no rule matches to a Service.
func WithDefaultBackend[P Port](service string, port P) MeshIngressOption {
	return func(mi *v1alpha1.MeshIngress) {
		mi.Spec.DefaultBackend = &v1alpha1.DefaultBackend{Service: ServiceBackend(service, port)}
	}
}

// WithTLS adds the Secret that holds the certificate of hosts.
func WithTLS(secret string, hosts ...string) MeshIngressOption {
	return func(mi *v1alpha1.MeshIngress) {
		mi.Spec.TLS = append(mi.Spec.TLS, v1alpha1.TLS{SecretName: secret, Hosts: hosts})
	}
}

// WithExternalAuth asks a Service of another namespace about each request.
func WithExternalAuth[P Port](namespace, service string, port P, path string) MeshIngressOption {
	return func(mi *v1alpha1.MeshIngress) {
		backend := ServiceBackend(service, port)
		backend.Namespace = namespace
		mi.Spec.ExternalAuth = &v1alpha1.ExternalAuth{Service: backend, Path: path}
	}
}

// WithTemplate sets the labels and annotations of what is generated.
func WithTemplate(labels, annotations map[string]string) MeshIngressOption {
	return func(mi *v1alpha1.MeshIngress) {
		mi.Spec.Template = &v1alpha1.Template{Labels: labels, Annotations: annotations}
	}
}

// WithDeletionPolicy sets deletionPolicy.
func WithDeletionPolicy(policy v1alpha1.DeletionPolicy) MeshIngressOption {
	return func(mi *v1alpha1.MeshIngress) { mi.Spec.DeletionPolicy = policy }
}

// Backend is a Service of the MeshIngress's namespace, without a weight.
func Backend[P Port](service string, port P) v1alpha1.Backend {
	return v1alpha1.Backend{Service: ServiceBackend(service, port)}
}

// WeightedBackend is a Service of the MeshIngress's namespace, with a weight.
func WeightedBackend[P Port](service string, port P, weight int32) v1alpha1.Backend {
	return v1alpha1.Backend{Service: ServiceBackend(service, port), Weight: ptr.To(weight)}
}

// ServiceBackend is a Service of the MeshIngress's namespace.
func ServiceBackend[P Port](service string, port P) v1alpha1.ServiceBackend {
	backend := v1alpha1.ServiceBackend{Name: service}
	switch p := any(port).(type) {
	case int:
		backend.Port.Number = int32(p)
	case string:
		backend.Port.Name = p
	}
	return backend
}

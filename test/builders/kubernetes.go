// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package builders

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Namespace returns a Namespace without labels.
func Namespace(name string) *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
}

// ServicePort is a TCP port of a Service. The name may be empty where it is the
// only one.
func ServicePort(name string, number int32) corev1.ServicePort {
	return corev1.ServicePort{Name: name, Port: number, Protocol: corev1.ProtocolTCP}
}

// Service returns a Service with a ClusterIP that selects pods with the label app: name.
func Service(namespace, name string, ports ...corev1.ServicePort) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: corev1.ServiceSpec{
			Type:     corev1.ServiceTypeClusterIP,
			Selector: map[string]string{"app": name},
			Ports:    ports,
		},
	}
}

// HeadlessService returns a Service without a ClusterIP.
func HeadlessService(namespace, name string, ports ...corev1.ServicePort) *corev1.Service {
	service := Service(namespace, name, ports...)
	service.Spec.ClusterIP = corev1.ClusterIPNone
	return service
}

// ExternalNameService returns a Service that is an alias of a DNS name.
func ExternalNameService(namespace, name, dnsName string) *corev1.Service {
	service := Service(namespace, name)
	service.Spec = corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: dnsName}
	return service
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package injection_test

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/providers"
)

// where finds Deployments with the label app: proxy and the container "proxy".
func where() providers.DataPlane {
	return providers.DataPlane{Workloads: []providers.WorkloadSelector{
		{Kinds: []string{"Deployment"}, Labels: map[string]string{"app": "proxy"}, Container: "proxy"},
	}}
}

// proxy is a Deployment that where finds, with named container ports.
func proxy(namespace, name string, changes ...func(*injection.Workload)) injection.Workload {
	w := injection.Workload{
		WorkloadReference: v1alpha1.WorkloadReference{Kind: "Deployment", Namespace: namespace, Name: name},
		Template: corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "proxy", "part": name}},
			Spec: corev1.PodSpec{Containers: []corev1.Container{{
				Name: "proxy", Image: "example.com/proxy:v1.2.3",
				Ports: []corev1.ContainerPort{
					{Name: "web", ContainerPort: 8000}, {Name: "websecure", ContainerPort: 8443, Protocol: corev1.ProtocolTCP},
				},
			}}},
		},
	}
	for _, change := range changes {
		change(&w)
	}
	return w
}

// exposed is a Service of type LoadBalancer for the pods of proxy.
func exposed(namespace, name string, ports ...corev1.ServicePort) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: corev1.ServiceSpec{
			Type: corev1.ServiceTypeLoadBalancer, Selector: map[string]string{"app": "proxy"}, Ports: ports,
		},
	}
}

func port(number int32, target intstr.IntOrString) corev1.ServicePort {
	return corev1.ServicePort{Port: number, TargetPort: target, Protocol: corev1.ProtocolTCP}
}

func cluster(services []*corev1.Service, workloads ...injection.Workload) injection.Cluster {
	return injection.Cluster{
		Workloads: workloads, Services: services,
		Namespaces: map[string]*corev1.Namespace{}, Linkerd: linkerd.Unknown(),
	}
}

// day is a creation timestamp; a greater number is younger.
func day(n int) metav1.Time { return metav1.NewTime(time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC)) }

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package injection_test

import (
	"fmt"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/test/fixtures"
)

// fixtureCluster is a cluster with one fixture in it.
func fixtureCluster(t *testing.T, fixture string) injection.Cluster {
	t.Helper()
	objects, err := fixtures.Objects(fixture)
	if err != nil {
		t.Fatal(err)
	}
	c := injection.Cluster{
		Namespaces: map[string]*corev1.Namespace{}, IngressClasses: map[string]string{}, Linkerd: linkerd.Unknown(),
	}
	for _, obj := range objects {
		addObject(t, &c, obj)
	}
	return c
}

func addObject(t *testing.T, c *injection.Cluster, obj *unstructured.Unstructured) {
	t.Helper()
	switch obj.GetKind() {
	case "Deployment":
		c.Workloads = append(c.Workloads, injection.FromDeployment(typed[appsv1.Deployment](t, obj)))
	case "DaemonSet":
		c.Workloads = append(c.Workloads, injection.FromDaemonSet(typed[appsv1.DaemonSet](t, obj)))
	case "Service":
		c.Services = append(c.Services, typed[corev1.Service](t, obj))
	case "Namespace":
		c.Namespaces[obj.GetName()] = typed[corev1.Namespace](t, obj)
	case "IngressClass":
		c.IngressClasses[obj.GetName()] = typed[networkingv1.IngressClass](t, obj).Spec.Controller
	case "GatewayClass":
		c.GatewayController, _, _ = unstructured.NestedString(obj.Object, "spec", "controllerName")
	case "ValidatingWebhookConfiguration":
		c.Webhooks = append(c.Webhooks, injection.ValidatingWebhooks(typed[admissionv1.ValidatingWebhookConfiguration](t, obj))...)
	}
}

func typed[T any](t *testing.T, obj *unstructured.Unstructured) *T {
	t.Helper()
	out := new(T)
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(obj.Object, out); err != nil {
		t.Fatal(err)
	}
	return out
}

// lookAt discovers a data plane of one workload.
func lookAt(class *v1alpha1.MeshIngressClass, where providers.DataPlane, c injection.Cluster) (dataPlaneFound, error) {
	d, err := injection.Discover(class, where, c)
	if err != nil {
		return dataPlaneFound{}, err
	}
	if len(d.Workloads) != 1 || len(d.Ports) != 1 || len(d.Services) != 1 || len(d.Services[0]) > 1 {
		return dataPlaneFound{}, fmt.Errorf("found %+v, want one workload with at most one Service", d)
	}
	out := dataPlaneFound{Workload: d.Workloads[0].String(), Version: d.VendorVersion, Ports: d.Ports[0]}
	for _, svc := range d.Services[0] {
		out.Service = svc.Name
	}
	for _, n := range d.Notices(class) {
		out.Notices = append(out.Notices, n.Reason)
	}
	return out, nil
}

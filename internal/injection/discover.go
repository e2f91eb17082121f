// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package injection

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/providers"
)

// Cluster is what discovery looks through.
type Cluster struct {
	Workloads  []Workload
	Services   []*corev1.Service
	Namespaces map[string]*corev1.Namespace
	Linkerd    linkerd.Facts

	// Find returns an object that only the vendor knows, whose annotations reach the
	// pods of a workload, and the path of them in it. nil where the vendor has none.
	Find func(t v1alpha1.InjectionTarget, w Workload) (*unstructured.Unstructured, []string, error)
}

// Discovery is the data plane of a class.
type Discovery struct {
	// Workloads found, sorted.
	Workloads []Workload

	// Ports are the container ports, for each of Workloads, that clients reach
	// through a Service of type LoadBalancer or NodePort; sorted. None where the
	// class does not ask for the client's address.
	Ports [][]int32

	// VendorVersion is the image tag of the main container, of the first workload
	// that has one.
	VendorVersion string

	// Targets are where the vendor's annotations may go, the default first; empty
	// for the workload only.
	Targets []v1alpha1.InjectionTarget

	// NoInbound is true where clients reach the workload through no Service.
	NoInbound bool
}

// ReasonNoExposedService is the reason of a Notice: no ports are skipped.
const ReasonNoExposedService = "NoExposedService"

// Notices tell what the platform team should know of a data plane that was found.
func (d Discovery) Notices(class *v1alpha1.MeshIngressClass) []v1alpha1.Notice {
	found := slices.ContainsFunc(d.Ports, func(ports []int32) bool { return len(ports) > 0 })
	if found || d.NoInbound || len(d.Workloads) == 0 || class.Spec.DataPlane.ClientIP == v1alpha1.ClientIPIgnore {
		return nil
	}
	return []v1alpha1.Notice{{
		Reason: ReasonNoExposedService,
		Message: "no Service of type LoadBalancer or NodePort selects the pods, so no inbound port is skipped and the " +
			"controller sees the proxy's address for every client: name the Service in spec.dataPlane.serviceRef, " +
			"or set clientIP: Ignore",
	}}
}

// DiscoveryError says why the data plane was not found.
type DiscoveryError struct {
	// Reason of the condition Discovered.
	Reason  string
	Message string
}

func (e *DiscoveryError) Error() string { return e.Message }

// Discover finds the data plane of a class. What the class names wins over what
// the vendor's labels say. The error is always a *DiscoveryError.
func Discover(class *v1alpha1.MeshIngressClass, where providers.DataPlane, c Cluster) (Discovery, error) {
	d := Discovery{Targets: where.Targets, NoInbound: where.NoInbound}
	var err error
	if where.Outside != "" {
		return Discovery{}, &DiscoveryError{v1alpha1.ReasonDataPlaneOutsideCluster, where.Outside}
	}
	if d.Workloads, err = findWorkloads(class, where, c.Workloads); err != nil {
		return Discovery{}, err
	}
	for _, w := range d.Workloads {
		if where.NoInbound {
			d.Ports = append(d.Ports, nil)
			d.VendorVersion = cmp.Or(d.VendorVersion, vendorVersion(where, w))
			continue
		}
		ports, err := exposedPorts(class, w, c.Services)
		if err != nil {
			return Discovery{}, err
		}
		d.Ports = append(d.Ports, ports)
		d.VendorVersion = cmp.Or(d.VendorVersion, vendorVersion(where, w))
	}
	return d, nil
}

func vendorVersion(where providers.DataPlane, w Workload) string {
	for _, s := range where.Workloads {
		if c := mainContainer(s, w); c != nil {
			return imageTag(c.Image)
		}
	}
	return ""
}

func findWorkloads(
	class *v1alpha1.MeshIngressClass, where providers.DataPlane, all []Workload,
) ([]Workload, error) {
	if named := class.Spec.DataPlane.Workloads; len(named) > 0 {
		return namedWorkloads(named, all)
	}
	var found []Workload
	for _, w := range all {
		if slices.ContainsFunc(where.Workloads, func(s providers.WorkloadSelector) bool { return selects(s, class, w) }) {
			found = append(found, w)
		}
	}
	SortWorkloads(found)
	switch len(found) {
	case 1:
		return found, nil
	case 0:
		return nil, &DiscoveryError{v1alpha1.ReasonWorkloadNotFound, fmt.Sprintf(
			"no workload has pods with %s: name it in spec.dataPlane.workloads", describeSelectors(where, class.Spec.GatewayRef))}
	default:
		return nil, &DiscoveryError{v1alpha1.ReasonAmbiguousWorkload, fmt.Sprintf(
			"%d workloads match; name those of this class: spec.dataPlane.workloads: [%s]", len(found), yamlRefs(found))}
	}
}

func namedWorkloads(named []v1alpha1.WorkloadReference, all []Workload) ([]Workload, error) {
	var found []Workload
	for i, ref := range named {
		j := slices.IndexFunc(all, func(w Workload) bool { return w.WorkloadReference == ref })
		if j < 0 {
			return nil, &DiscoveryError{v1alpha1.ReasonWorkloadNotFound, fmt.Sprintf(
				"spec.dataPlane.workloads[%d]: there is no %s: create it or correct the reference", i, RefString(ref))}
		}
		found = append(found, all[j])
	}
	SortWorkloads(found)
	return found, nil
}

func selects(s providers.WorkloadSelector, class *v1alpha1.MeshIngressClass, w Workload) bool {
	return slices.Contains(s.Kinds, w.Kind) &&
		labels.SelectorFromSet(s.Labels).Matches(labels.Set(w.Template.Labels)) &&
		ofGateway(s, class.Spec.GatewayRef, w) &&
		mainContainer(s, w) != nil
}

// ofGateway reports whether a workload is that of the class's Gateway, for a vendor
// that labels it so. Without a label for the namespace it is in that of the Gateway.
func ofGateway(s providers.WorkloadSelector, ref *v1alpha1.GatewayReference, w Workload) bool {
	if s.GatewayName == "" {
		return true
	}
	if ref == nil || w.Template.Labels[s.GatewayName] != ref.Name {
		return false
	}
	if s.GatewayNamespace == "" {
		return w.Namespace == ref.Namespace
	}
	return w.Template.Labels[s.GatewayNamespace] == ref.Namespace
}

// mainContainer is the container that proxies requests; nil where there is none.
func mainContainer(s providers.WorkloadSelector, w Workload) *corev1.Container {
	for i, c := range w.Template.Spec.Containers {
		if s.Container == "" || c.Name == s.Container {
			return &w.Template.Spec.Containers[i]
		}
	}
	return nil
}

func describeSelectors(where providers.DataPlane, ref *v1alpha1.GatewayReference) string {
	items := make([]string, 0, len(where.Workloads))
	for _, s := range where.Workloads {
		wanted := labels.Set{}
		maps.Copy(wanted, s.Labels)
		if s.GatewayName != "" && ref != nil {
			wanted[s.GatewayName] = ref.Name
		}
		if s.GatewayNamespace != "" && ref != nil {
			wanted[s.GatewayNamespace] = ref.Namespace
		}
		item := "the labels " + wanted.String()
		if s.Container != "" {
			item += fmt.Sprintf(" and a container %q", s.Container)
		}
		items = append(items, item)
	}
	return strings.Join(items, ", or ")
}

// maxListed bounds what a message lists.
const maxListed = 8

func yamlRefs(ws []Workload) string {
	items := make([]string, 0, maxListed)
	for _, w := range ws[:min(len(ws), maxListed)] {
		items = append(items, fmt.Sprintf("{kind: %s, namespace: %s, name: %s}", w.Kind, w.Namespace, w.Name))
	}
	return strings.Join(items, ", ")
}

// exposedPorts resolves the ports by which clients reach a workload; none where
// the class leaves all ports to the proxy.
func exposedPorts(class *v1alpha1.MeshIngressClass, w Workload, services []*corev1.Service) ([]int32, error) {
	chosen, err := findServices(class, w, services)
	if err != nil || class.Spec.DataPlane.ClientIP == v1alpha1.ClientIPIgnore {
		return nil, err
	}
	var ports []int32
	for _, svc := range chosen {
		for _, p := range svc.Spec.Ports {
			if !isTCP(p.Protocol) {
				continue
			}
			number, ok := containerPort(w, p)
			if !ok {
				return nil, &DiscoveryError{v1alpha1.ReasonPortUnresolved, fmt.Sprintf(
					"targetPort %q of Service %s/%s is no container port of %s: name the port in the pod template, or set spec.dataPlane.serviceRef",
					p.TargetPort.String(), svc.Namespace, svc.Name, w)}
			}
			ports = append(ports, number)
		}
	}
	slices.Sort(ports)
	return slices.Compact(ports), nil
}

func findServices(class *v1alpha1.MeshIngressClass, w Workload, services []*corev1.Service) ([]*corev1.Service, error) {
	var found []*corev1.Service
	ref := class.Spec.DataPlane.ServiceRef
	for _, svc := range services {
		switch {
		case ref != nil && svc.Namespace == ref.Namespace && svc.Name == ref.Name,
			ref == nil && isExposed(svc) && svc.Namespace == w.Namespace && selectsPods(svc, w):
			found = append(found, svc)
		}
	}
	if ref != nil && len(found) == 0 {
		return nil, &DiscoveryError{v1alpha1.ReasonServiceNotFound, fmt.Sprintf(
			"spec.dataPlane.serviceRef: there is no Service %s/%s: create it or correct the reference", ref.Namespace, ref.Name)}
	}
	return found, nil
}

func isExposed(svc *corev1.Service) bool {
	return svc.Spec.Type == corev1.ServiceTypeLoadBalancer || svc.Spec.Type == corev1.ServiceTypeNodePort
}

func selectsPods(svc *corev1.Service, w Workload) bool {
	return len(svc.Spec.Selector) > 0 &&
		labels.SelectorFromSet(svc.Spec.Selector).Matches(labels.Set(w.Template.Labels))
}

// containerPort resolves a targetPort. The proxy skips container ports, and reads
// numbers only (linkerd/linkerd2-proxy-init pkg/util/portrange.go). An empty name is
// a default, as 0 is (kubernetes/kubernetes pkg/apis/core/v1/defaults.go v1.36.3).
func containerPort(w Workload, p corev1.ServicePort) (int32, bool) {
	switch {
	case p.TargetPort == intstr.FromInt32(0), p.TargetPort == intstr.FromString(""):
		return p.Port, true
	case p.TargetPort.Type == intstr.Int:
		return p.TargetPort.IntVal, true
	}
	for _, c := range serving(w.Template.Spec) {
		for _, cp := range c.Ports {
			if cp.Name == p.TargetPort.StrVal && isTCP(cp.Protocol) {
				return cp.ContainerPort, true
			}
		}
	}
	return 0, false
}

// serving are the containers that Kubernetes routes to: of the init containers, only
// sidecars (k8s.io/endpointslice utils.go v0.36.3, FindPort).
func serving(pod corev1.PodSpec) []corev1.Container {
	all := slices.Clone(pod.Containers)
	for _, c := range pod.InitContainers {
		if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			all = append(all, c)
		}
	}
	return all
}

func isTCP(p corev1.Protocol) bool { return p == "" || p == corev1.ProtocolTCP }

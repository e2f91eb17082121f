// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package injection

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/yaml"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/internal/watched"
	"github.com/meshingress/meshingress/providers"
)

// Cluster is what discovery looks through.
type Cluster struct {
	Workloads  []Workload
	Services   []*corev1.Service
	Namespaces map[string]*corev1.Namespace
	Linkerd    linkerd.Facts

	// Watched are the namespaces whose Workloads and Services these are.
	Watched watched.Namespaces

	// IngressClasses are the controller strings of the IngressClasses, by name.
	IngressClasses map[string]string

	// GatewayController is the controller string of the GatewayClass of the class's
	// Gateway; empty where it is not known.
	GatewayController string

	// Webhooks are the Services that the API server calls for admission.
	Webhooks []Webhook

	// Find returns an object that only the vendor knows, whose annotations reach the
	// pods of a workload, and the path of them in it. nil where the vendor has none.
	Find func(t v1alpha1.InjectionTarget, w Workload) (*unstructured.Unstructured, []string, error)

	// PodSpec are the fields that the class sets in the spec of pod templates; nil where
	// there are none.
	PodSpec map[string]any
}

// Discovery is the data plane of a class.
type Discovery struct {
	// Workloads found, sorted.
	Workloads []Workload

	// Services are, for each of Workloads, those by which clients reach it: of type
	// LoadBalancer or NodePort, or the one that the class names.
	Services [][]*corev1.Service

	// Ports are the container ports, for each of Workloads, that must not be the proxy's:
	// those of Services and of nodes (hostPort), where the class asks for the client's
	// address, and those that the API server calls; sorted.
	Ports [][]int32

	// VendorVersion is the image tag of the main container, of the first workload
	// that has one.
	VendorVersion string

	// Targets are where the vendor's annotations may go, the default first; empty
	// for the workload only.
	Targets []v1alpha1.InjectionTarget

	// NoInbound is true where clients reach the workload through no Service.
	NoInbound bool

	// Mismatch tells of what speaks against the workloads being of this class; empty
	// where nothing does.
	Mismatch string

	// SkipOutbound are the ports that the vendor wants past the proxy on the way out.
	SkipOutbound []int32
}

// ReasonNoExposedService is the reason of a Notice: no ports of clients are skipped.
const ReasonNoExposedService = "NoExposedService"

// Notices tell what the platform team should know of a data plane that was found.
func (d Discovery) Notices(class *v1alpha1.MeshIngressClass) []v1alpha1.Notice {
	var notices []v1alpha1.Notice
	if d.Mismatch != "" {
		notices = append(notices, v1alpha1.Notice{Reason: v1alpha1.ReasonControllerMismatch, Message: d.Mismatch})
	}
	found := slices.ContainsFunc(d.Services, func(services []*corev1.Service) bool { return len(services) > 0 })
	onHost := slices.ContainsFunc(d.Workloads, func(w Workload) bool { return len(hostPorts(w)) > 0 })
	if found || onHost || d.NoInbound || len(d.Workloads) == 0 || class.Spec.DataPlane.ClientIP == v1alpha1.ClientIPIgnore {
		return notices
	}
	return append(notices, v1alpha1.Notice{
		Reason: ReasonNoExposedService,
		Message: "no Service of type LoadBalancer or NodePort selects the pods and none of their ports is a hostPort, so no " +
			"inbound port is skipped and the controller sees the proxy's address for every client: name the Service in spec.dataPlane.serviceRef, " +
			"or set clientIP: Ignore",
	})
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
	d := Discovery{Targets: where.Targets, NoInbound: where.NoInbound, SkipOutbound: where.SkipOutboundPorts}
	var err error
	if where.Outside != "" {
		return Discovery{}, &DiscoveryError{v1alpha1.ReasonDataPlaneOutsideCluster, where.Outside}
	}
	if d.Workloads, d.Mismatch, err = findWorkloads(class, where, c); err != nil {
		return Discovery{}, err
	}
	for i, w := range d.Workloads {
		d.Workloads[i].Owner = generator(where, w)
		var in inbound
		if !where.NoInbound {
			if in, err = findInbound(class, w, c); err != nil {
				return d, err // with its workloads: routes through them count even so
			}
		}
		d.Services, d.Ports = append(d.Services, in.services), append(d.Ports, in.ports)
		d.VendorVersion = cmp.Or(d.VendorVersion, vendorVersion(where, w))
	}
	return d, nil
}

// generator is the object whose controller generates a workload: its owner, or the
// Gateway that a label of the vendor names; nil where there is none.
func generator(where providers.DataPlane, w Workload) *metav1.OwnerReference {
	for _, s := range where.Workloads {
		name := w.Template.Labels[s.OwningGateway]
		if w.Owner == nil && name != "" && labels.SelectorFromSet(s.Labels).Matches(labels.Set(w.Template.Labels)) {
			return &metav1.OwnerReference{Kind: "Gateway", Name: name}
		}
	}
	return w.Owner
}

func vendorVersion(where providers.DataPlane, w Workload) string {
	for _, s := range where.Workloads {
		if c := mainContainer(s, w); c != nil {
			return imageTag(c.Image)
		}
	}
	return ""
}

// findWorkloads returns, besides, what speaks against them.
func findWorkloads(
	class *v1alpha1.MeshIngressClass, where providers.DataPlane, c Cluster,
) (found []Workload, mismatch string, err error) {
	of := ownerOfClass(class, c)
	if named := class.Spec.DataPlane.Workloads; len(named) > 0 {
		found, err := namedWorkloads(named, c)
		return found, of.mismatch(where), err
	}
	candidates := of.told(findCandidates(class, where, c.Workloads, of))
	for _, each := range candidates {
		found = append(found, each.Workload)
	}
	switch {
	case of.mismatch(where) != "" && !slices.ContainsFunc(candidates, candidate.isProven):
		return nil, "", &DiscoveryError{v1alpha1.ReasonControllerMismatch, of.mismatch(where) + "; if they are right, " +
			"name the workload: " + yamlWorkloads(where, found)}
	case len(found) == 0:
		return nil, "", &DiscoveryError{v1alpha1.ReasonWorkloadNotFound, fmt.Sprintf("no workload of the class%s has pods with %s: "+
			"name it: %s", c.watched(), describeSelectors(where, class.Spec.GatewayRef), yamlWorkloads(where, nil))}
	case len(found) > 1:
		return nil, "", &DiscoveryError{v1alpha1.ReasonAmbiguousWorkload, fmt.Sprintf(
			"%d workloads match; name those of this class: %s", len(found), yamlWorkloads(where, found))}
	default:
		return found, candidates[0].mismatch(of), nil
	}
}

// watched says where was looked, where that is not everywhere.
func (c Cluster) watched() string {
	if len(c.Watched) == 0 {
		return ""
	}
	return fmt.Sprintf(" in the namespaces of --%s, %s,", watched.Flag, c.Watched)
}

func namedWorkloads(named []v1alpha1.WorkloadReference, c Cluster) ([]Workload, error) {
	var found []Workload
	for i, ref := range named {
		j := slices.IndexFunc(c.Workloads, func(w Workload) bool { return w.WorkloadReference == ref })
		if j < 0 {
			why := cmp.Or(c.Watched.Explain(ref.Namespace),
				fmt.Sprintf("there is no %s: create it or correct the reference", RefString(ref)))
			return nil, &DiscoveryError{v1alpha1.ReasonWorkloadNotFound, fmt.Sprintf("spec.dataPlane.workloads[%d]: %s", i, why)}
		}
		found = append(found, c.Workloads[j])
	}
	SortWorkloads(found)
	return found, nil
}

func selects(s providers.WorkloadSelector, ref *v1alpha1.GatewayReference, w Workload) bool {
	return slices.Contains(s.Kinds, w.Kind) &&
		s.Fits(w.Template.Labels, w.Owner) &&
		ofGateway(s, ref, w) &&
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
		if !s.Owner.Empty() {
			item = "the owner " + s.Owner.Kind
		}
		if s.Container != "" {
			item += fmt.Sprintf(" and a container %q", s.Container)
		}
		items = append(items, item)
	}
	return strings.Join(items, ", or ")
}

// maxListed bounds what a message lists.
const maxListed = 8

// yamlWorkloads is what to write into the class: the workloads, or where there are none
// an example.
func yamlWorkloads(where providers.DataPlane, ws []Workload) string {
	if len(ws) == 0 && len(where.Workloads) > 0 {
		example := v1alpha1.WorkloadReference{Kind: where.Workloads[0].Kinds[0], Namespace: "<namespace>", Name: "<name>"}
		ws = []Workload{{WorkloadReference: example}}
	}
	items := make([]string, 0, maxListed)
	for _, w := range ws[:min(len(ws), maxListed)] {
		items = append(items, fmt.Sprintf("{kind: %s, namespace: %s, name: %s}", w.Kind, yamlString(w.Namespace), yamlString(w.Name)))
	}
	text := "spec: {dataPlane: {workloads: [" + strings.Join(items, ", ") + "]}}"
	if more := len(ws) - maxListed; more > 0 {
		text += fmt.Sprintf(", and %d more", more)
	}
	return text
}

// yamlString is a name as YAML reads it as a string: "123" and "true" are names, too.
func yamlString(name string) string {
	text, err := yaml.Marshal(name)
	if err != nil {
		return strconv.Quote(name)
	}
	return strings.TrimSpace(string(text))
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package providers

import (
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshingress/meshingress/api/v1alpha1"
)

// Description is what is always true of a vendor. Watches, RBAC, documentation
// and the choice of strategy are derived from it.
type Description struct {
	// Vendor is the value of spec.vendor.
	Vendor v1alpha1.Vendor

	// Title is the product's name for people.
	Title string

	// Source is where the product's code is: "<owner>/<repository>".
	Source string

	// Writes are the kinds of the objects that plans hold, but for those that only
	// an opt-in way writes.
	Writes []Kind

	// Patches are the kinds of others' objects on which plans set fields, but for
	// those that only an opt-in way patches.
	Patches []Kind

	// Routes are the kinds that a user of the vendor writes routes in. Those
	// that are not ours are looked through by RelayAuditor.
	Routes []Kind

	// ReadOnly are the other kinds that are read: what Provider.Reads asks for and
	// what StrategySupport.Needs names, unless it is in a list above.
	ReadOnly []Kind

	// Strategies are the ways to route through the mesh, the preferred first.
	Strategies []StrategySupport

	// ExclusiveHosts is true where only one MeshIngress can have routes of a host:
	// the vendor refuses two objects for it.
	ExclusiveHosts bool

	// IgnoresClassName is true where routes name no class, so that every class of the
	// vendor is one and the same controller.
	IgnoresClassName bool

	// Sticky are annotations of Services by which the controller sends the requests of
	// a client to one pod. They have no effect in the mesh. Those of routes need not be
	// here: the provider refuses them in the MeshIngress's template.
	Sticky []StickyAnnotation

	// DataPlane says how to find the controller's workload.
	DataPlane DataPlane

	// Retired says that the product has ended, or when it will; nil where it goes on.
	Retired *v1alpha1.Notice

	// Notices go to every class of the vendor, after Retired.
	Notices []v1alpha1.Notice
}

// StickyAnnotation turns sticky sessions on.
type StickyAnnotation struct {
	// Keys of the annotation: the spellings that the controller takes.
	Keys []string

	// Value that turns them on, in any case; empty where every value but an empty one
	// does.
	Value string

	// Source is where this was read: "<repository> <path> <version>".
	Source string
}

// On reports whether the annotations of a Service turn sticky sessions on, and with
// which key.
func (s StickyAnnotation) On(annotations map[string]string) (key string, on bool) {
	for _, key := range s.Keys {
		value := strings.TrimSpace(annotations[key])
		if value != "" && (s.Value == "" || strings.EqualFold(value, s.Value)) {
			return key, true
		}
	}
	return "", false
}

// AllNotices are what every class of the vendor is told.
func (d Description) AllNotices() []v1alpha1.Notice {
	if d.Retired == nil {
		return d.Notices
	}
	return append([]v1alpha1.Notice{*d.Retired}, d.Notices...)
}

// Kinds returns every kind that the provider writes, patches or reads, without
// repetition, in order of appearance.
func (d Description) Kinds() []Kind {
	return distinct(slices.Concat(d.AllWrites(), d.AllPatches(), d.Routes, d.ReadOnly))
}

// Served returns what has to be known of the API server for the vendor: its kinds,
// and the fields that are needed, without repetition.
func (d Description) Served() []Kind { return distinct(append(d.Kinds(), d.Needs()...)) }

// Needs returns what some way needs the API server to serve, without repetition, in
// order of appearance.
func (d Description) Needs() []Kind {
	var kinds []Kind
	for _, s := range d.Strategies {
		kinds = append(kinds, s.Needs...)
	}
	return distinct(kinds)
}

// AllWrites are Writes, what opt-in ways write besides, and what is made for workloads.
func (d Description) AllWrites() []Kind {
	kinds := slices.Concat(d.Writes, d.DataPlane.Writes)
	for _, s := range d.Strategies {
		kinds = append(kinds, s.Writes...)
	}
	return distinct(kinds)
}

// AllPatches are Patches, what opt-in ways patch besides, and where annotations for
// the injector go.
func (d Description) AllPatches() []Kind {
	kinds := slices.Concat(d.Patches, d.DataPlane.Kinds)
	for _, s := range d.Strategies {
		kinds = append(kinds, s.Patches...)
	}
	return distinct(kinds)
}

func distinct(kinds []Kind) []Kind {
	var result []Kind
	for _, k := range kinds {
		if !slices.Contains(result, k) {
			result = append(result, k)
		}
	}
	return result
}

// Kind is an API kind and what cannot be derived from its name.
type Kind struct {
	schema.GroupVersionKind

	// Resource is the plural, as RBAC rules and CRD names have it.
	Resource string

	// BuiltIn kinds are served by every API server; others need a CRD.
	BuiltIn bool

	// ClusterScoped kinds have objects without namespace, so that a Role of a
	// namespace cannot grant them.
	ClusterScoped bool

	// Field, in a need, is a field that the served schema must have:
	// "spec.routingType". Empty elsewhere.
	Field string
}

// InCluster is a kind whose objects have no namespace.
func (k Kind) InCluster() Kind {
	k.ClusterScoped = true
	return k
}

// WithField is a kind whose served schema has a field, for StrategySupport.Needs.
func (k Kind) WithField(path string) Kind {
	k.Field = path
	return k
}

// WithoutField is the kind itself.
func (k Kind) WithoutField() Kind { return k.WithField("") }

// CRDName is the name of the CustomResourceDefinition: "<plural>.<group>".
func (k Kind) CRDName() string { return k.Resource + "." + k.Group }

// NeededFields lists the fields that kinds need of their schemas, by CRDName.
func NeededFields(kinds []Kind) map[string][]string {
	fields := map[string][]string{}
	for _, k := range kinds {
		if k.Field != "" {
			fields[k.CRDName()] = append(fields[k.CRDName()], k.Field)
		}
	}
	return fields
}

// Kinds that are built into every API server and used by several vendors.
var (
	KindIngress = Kind{
		GroupVersionKind: schema.GroupVersionKind{Group: "networking.k8s.io", Version: "v1", Kind: "Ingress"},
		Resource:         "ingresses", BuiltIn: true,
	}
	KindConfigMap = Kind{
		GroupVersionKind: schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"},
		Resource:         "configmaps", BuiltIn: true,
	}
	KindService = Kind{
		GroupVersionKind: schema.GroupVersionKind{Version: "v1", Kind: "Service"},
		Resource:         "services", BuiltIn: true,
	}
	KindNamespace = Kind{
		GroupVersionKind: schema.GroupVersionKind{Version: "v1", Kind: "Namespace"},
		Resource:         "namespaces", BuiltIn: true, ClusterScoped: true,
	}
	KindServiceAccount = Kind{
		GroupVersionKind: schema.GroupVersionKind{Version: "v1", Kind: "ServiceAccount"},
		Resource:         "serviceaccounts", BuiltIn: true,
	}
)

// StrategySupport is one way of a vendor to route through the mesh.
type StrategySupport struct {
	// Strategy of this way.
	Strategy v1alpha1.Strategy

	// Form is the way's name among those that the class chooses from with an option
	// of the vendor; see FormChooser. Empty where there is no such choice.
	Form string

	// Needs are the kinds that must be served for it, some with a field.
	Needs []Kind

	// OptIn ways are taken only when the class names the strategy, never by Auto.
	OptIn bool

	// Writes and Patches are kinds that only this opt-in way writes and patches.
	// The permissions for them are in a role of their own, which an installation
	// that does without this way need not grant.
	Writes, Patches []Kind

	// Reason says why this way is chosen and how it works, in one sentence for
	// the class's status.
	Reason string

	// Features that this way supports. What is not listed ends in a field error.
	Features []Feature
}

// Supports reports whether the way has a feature.
func (s StrategySupport) Supports(f Feature) bool { return slices.Contains(s.Features, f) }

// Feature is something that a MeshIngress can ask for and a vendor may lack.
type Feature string

// The features.
const (
	// FeatureAnyHost is a rule without host.
	FeatureAnyHost Feature = "AnyHost"
	// FeatureWildcardHost is a host that begins with "*.".
	FeatureWildcardHost Feature = "WildcardHost"
	// FeatureExactPath is pathType Exact.
	FeatureExactPath Feature = "ExactPath"
	// FeatureDefaultBackend is spec.defaultBackend.
	FeatureDefaultBackend Feature = "DefaultBackend"
	// FeatureWeights is more than one backend on a path.
	FeatureWeights Feature = "Weights"
	// FeatureTLS is spec.tls.
	FeatureTLS Feature = "TLS"
	// FeatureExternalAuth is spec.externalAuth.
	FeatureExternalAuth Feature = "ExternalAuth"
	// FeatureCrossNamespace is a backend in another namespace.
	FeatureCrossNamespace Feature = "CrossNamespace"
	// FeatureH2C is a backend that speaks HTTP/2 without TLS, as gRPC does.
	FeatureH2C Feature = "H2C"
)

// Features returns all features, in the order of the documentation.
func Features() []Feature {
	return []Feature{
		FeatureAnyHost, FeatureWildcardHost, FeatureExactPath, FeatureDefaultBackend, FeatureWeights,
		FeatureTLS, FeatureExternalAuth, FeatureCrossNamespace, FeatureH2C,
	}
}

// DataPlane says how to find the workload that proxies requests.
type DataPlane struct {
	// Workloads are alternatives: what the vendor's chart and manifests label.
	Workloads []WorkloadSelector

	// Controllers are the spec.controller of the vendor's IngressClasses and the
	// spec.controllerName of its GatewayClasses; "/" and anything may follow. Empty: the
	// vendor's classes cannot be told by them.
	Controllers []string

	// Targets are where the annotations for the injector may go, the default
	// first. Empty: the workload only.
	Targets []v1alpha1.InjectionTarget

	// Kinds, beside workloads, that Targets set annotations on. They are patched.
	Kinds []Kind

	// Writes are the kinds of the objects that are made for workloads where the class
	// asks. The permissions for them are in the role of opt-in ways.
	Writes []Kind

	// SkipOutboundPorts are the ports that the workload connects to past Linkerd's
	// proxy, as it dials them: those of a Service, not of the pods behind it.
	SkipOutboundPorts []int32

	// Outside says why no workload of the cluster proxies requests; empty where one
	// does. Nothing is then looked for, and no class of the vendor is ever meshed.
	Outside string

	// NoInbound is true where clients reach the workload through no Service, so that
	// there is no port to skip.
	NoInbound bool
}

// WorkloadSelector finds workloads by what is on their pod template.
type WorkloadSelector struct {
	// Kinds of workload: Deployment, DaemonSet, StatefulSet.
	Kinds []string

	// Labels that the pod template carries, all of them.
	Labels map[string]string

	// Owner is the kind of the object whose controller generates the workload, where
	// that tells the data plane rather than labels. Empty: any, or none.
	Owner schema.GroupKind

	// GatewayName and GatewayNamespace are labels of the pod template that hold the
	// name and the namespace of the class's gatewayRef; may be empty. A class
	// without gatewayRef finds nothing by a selector that has one of them.
	GatewayName, GatewayNamespace string

	// OwningGateway is a label of the pod template that holds the name of the Gateway,
	// in the same namespace, for which another controller generates the workload. It
	// tells so where the workload has no owner reference; may be empty.
	OwningGateway string

	// Container that proxies requests; its image tag is the vendor's version. The
	// template must have it. Empty: the template's first container, by any name.
	Container string

	// ClassFlags tell apart workloads of several classes, the flag that wins first. Those
	// with a Controller go before others, and decide alone where there is an IngressClass.
	ClassFlags []ClassFlag

	// Source is where the labels were read: "<repository> <path> <version>".
	Source string
}

// Fits reports whether the labels of a pod template and the owner of its workload,
// which may be nil, are what the selector asks for.
func (s WorkloadSelector) Fits(podLabels map[string]string, owner *metav1.OwnerReference) bool {
	return labels.SelectorFromSet(s.Labels).Matches(labels.Set(podLabels)) && (s.Owner.Empty() || IsOwner(owner, s.Owner))
}

// IsOwner reports whether a reference, which may be nil, is to an object of a kind, in
// whatever version.
func IsOwner(ref *metav1.OwnerReference, kind schema.GroupKind) bool {
	return ref != nil && schema.FromAPIVersionAndKind(ref.APIVersion, ref.Kind).GroupKind() == kind
}

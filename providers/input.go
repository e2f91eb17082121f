// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package providers

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
)

// Input is one MeshIngress with everything resolved. Providers read it only.
type Input struct {
	// Name and Namespace of the MeshIngress.
	Name, Namespace string

	// Class that serves it.
	Class Class

	// Strategy that was chosen, with what it supports.
	Strategy StrategySupport

	// ClusterDomain of Linkerd, for destinations.
	ClusterDomain string

	// Served are the kinds that the API server serves.
	Served Served

	// Routes in the order of the spec: each host and path once.
	Routes []Route

	// Default takes what no route matches; may be nil.
	Default *Backend

	// TLS as in the spec.
	TLS []v1alpha1.TLS

	// Auth is asked about each request; may be nil.
	Auth *Auth

	// Labels and Annotations for the route objects, from spec.template. Errors about
	// them are at AnnotationField.
	Labels, Annotations map[string]string

	// Objects are what Reads asked for, sorted by namespace and name. They
	// include the MeshIngress's own generated objects.
	Objects []*unstructured.Unstructured
}

// AnnotationField is the place of an annotation of spec.template, for errors.
func AnnotationField(key string) *field.Path {
	return field.NewPath("spec", "template", "annotations").Key(key)
}

// TLSField is the place of an entry of TLS, for errors.
func TLSField(i int) *field.Path { return field.NewPath("spec", "tls").Index(i) }

// Class is a MeshIngressClass with defaults filled in.
type Class struct {
	// Name of the MeshIngressClass.
	Name string

	// IngressClassName that routes carry.
	IngressClassName string

	// Spec as it is in the cluster.
	Spec v1alpha1.MeshIngressClassSpec
}

// ClassInput is one MeshIngressClass with its strategy chosen.
type ClassInput struct {
	Class         Class
	Strategy      StrategySupport
	ClusterDomain string

	// Served are the kinds that the API server serves.
	Served Served

	// Objects are what ClassReader.ClassReads asked for, sorted as in Input.
	Objects []*unstructured.Unstructured
}

// Owns reports whether an object was generated for the MeshIngress.
func (in Input) Owns(obj *unstructured.Unstructured) bool {
	return obj.GetAnnotations()[v1alpha1.OwnerAnnotation] == "MeshIngress/"+in.Namespace+"/"+in.Name
}

// AllBackends are those of the routes, in their order, and the default one.
func (in Input) AllBackends() []Backend {
	var all []Backend
	for _, r := range in.Routes {
		all = append(all, r.Backends...)
	}
	if in.Default != nil {
		all = append(all, *in.Default)
	}
	return all
}

// Route is one host and path and where its requests go.
type Route struct {
	// Host is a DNS name, "*." and a DNS name, or empty for every host.
	Host string

	// Path begins with "/".
	Path string

	// PathType of Path. Prefix matches by path elements.
	PathType v1alpha1.PathType

	// Backends, at least one, at least one with a weight above 0.
	Backends []Backend

	// Field of the path in the MeshIngress, for errors.
	Field *field.Path
}

// Backend is a port of a Service that exists and has a ClusterIP.
type Backend struct {
	Namespace, Service string

	// Port is the number of the Service's port.
	Port int32

	// Weight relative to the other backends of the route.
	Weight int32

	// H2C backends speak HTTP/2 without TLS, as gRPC does.
	H2C bool

	// Field of the Service in the MeshIngress, for errors.
	Field *field.Path
}

// FQDN of the Service: "<service>.<namespace>.svc.<cluster domain>".
func (b Backend) FQDN(clusterDomain string) string {
	return fmt.Sprintf("%s.%s.svc.%s", b.Service, b.Namespace, clusterDomain)
}

// Destination is what Linkerd routes on: the FQDN with the numeric port of the
// Service. A missing port or a name would make Linkerd take port 80
// (linkerd/linkerd2-proxy linkerd/app/outbound/src/ingress.rs).
func (b Backend) Destination(clusterDomain string) string {
	return fmt.Sprintf("%s:%d", b.FQDN(clusterDomain), b.Port)
}

// Auth is an external authorization Service.
type Auth struct {
	Backend
	// Path of the question; begins with "/".
	Path string
}

// Read asks for the objects of a kind. An empty Namespace means all.
type Read struct {
	Kind      Kind
	Namespace string
}

// Served is the set of kinds that the API server serves through CRDs; and of the
// kinds with a field (Kind.Field) that are needed, those whose schema has it.
type Served map[Kind]bool

// Has reports whether a kind is served; built-in kinds always are.
func (s Served) Has(k Kind) bool { return k.BuiltIn || s[k] }

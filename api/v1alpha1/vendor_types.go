// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// Vendor is a product that can be an ingress controller.
// +kubebuilder:validation:Enum=IngressNginx;F5Nginx;Traefik;TraefikV1;GCE;Gloo;Contour;Kong;HAProxy;HAProxyIngress;Emissary;EnRoute;Ngrok;EnvoyGateway;GatewayAPI
type Vendor string

// The vendors that are served.
const (
	// VendorIngressNginx is kubernetes/ingress-nginx, the community's controller.
	VendorIngressNginx Vendor = "IngressNginx"
	// VendorF5Nginx is nginx/kubernetes-ingress, the controller of F5.
	VendorF5Nginx Vendor = "F5Nginx"
	// VendorTraefik is traefik/traefik 2.x and 3.x.
	VendorTraefik Vendor = "Traefik"
	// VendorTraefikV1 is traefik/traefik 1.x.
	VendorTraefikV1 Vendor = "TraefikV1"
	// VendorGCE is kubernetes/ingress-gce, the controller of GKE.
	VendorGCE Vendor = "GCE"
	// VendorGloo is solo-io/gloo with its own API, also known as Gloo Edge.
	VendorGloo Vendor = "Gloo"
	// VendorContour is projectcontour/contour.
	VendorContour Vendor = "Contour"
	// VendorKong is Kong/kubernetes-ingress-controller.
	VendorKong Vendor = "Kong"
	// VendorHAProxy is haproxytech/kubernetes-ingress.
	VendorHAProxy Vendor = "HAProxy"
	// VendorHAProxyIngress is jcmoraisjr/haproxy-ingress.
	VendorHAProxyIngress Vendor = "HAProxyIngress"
	// VendorEmissary is emissary-ingress/emissary, formerly Ambassador.
	VendorEmissary Vendor = "Emissary"
	// VendorEnRoute is saarasio/enroute.
	VendorEnRoute Vendor = "EnRoute"
	// VendorNgrok is ngrok/ngrok-operator.
	VendorNgrok Vendor = "Ngrok"
	// VendorEnvoyGateway is envoyproxy/gateway.
	VendorEnvoyGateway Vendor = "EnvoyGateway"
	// VendorGatewayAPI is any implementation of gateway.networking.k8s.io.
	VendorGatewayAPI Vendor = "GatewayAPI"
)

// IngressNginxOptions is what only IngressNginx has.
type IngressNginxOptions struct {
	// annotationPrefix is the controller's --annotations-prefix. Default:
	// nginx.ingress.kubernetes.io.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$')",message="must be a DNS name"
	AnnotationPrefix string `json:"annotationPrefix,omitempty"`

	// configMapRef is the controller's --configmap. Header routing sets the key
	// proxy-set-headers there, for every route of the controller. Header routing
	// needs it; ClusterIP routing does not read it.
	// +optional
	ConfigMapRef *ObjectKey `json:"configMapRef,omitempty"`
}

// TraefikOptions is what only Traefik has.
type TraefikOptions struct {
	// entryPoints of the generated IngressRoutes. Default: Traefik's default.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	// +kubebuilder:validation:items:Pattern=`^[a-zA-Z0-9][-_a-zA-Z0-9]*$`
	EntryPoints []string `json:"entryPoints,omitempty"`
}

// F5NginxOptions is what only F5Nginx has.
type F5NginxOptions struct {
	// routes is the kind that routes are written in. VirtualServer: weights, header
	// routing, one object for each host. Ingress: what Ingress can say, with
	// nginx.org/use-cluster-ip.
	// +optional
	// +kubebuilder:default=VirtualServer
	// +kubebuilder:validation:Enum=VirtualServer;Ingress
	Routes F5NginxRoutes `json:"routes,omitempty"`
}

// F5NginxRoutes is a kind in which F5Nginx reads routes.
type F5NginxRoutes string

const (
	// F5NginxVirtualServer is VirtualServer of k8s.nginx.org.
	F5NginxVirtualServer F5NginxRoutes = "VirtualServer"
	// F5NginxIngress is Ingress of networking.k8s.io.
	F5NginxIngress F5NginxRoutes = "Ingress"
)

// GCEOptions is what only GCE has.
type GCEOptions struct {
	// scheme says who reaches the load balancer. External: the internet (class
	// gce). Internal: the VPC network (class gce-internal).
	// +optional
	// +kubebuilder:default=External
	// +kubebuilder:validation:Enum=External;Internal
	Scheme GCEScheme `json:"scheme,omitempty"`

	// staticIPName is the name of a reserved address: global for External,
	// regional for Internal.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z]([-a-z0-9]*[a-z0-9])?$`
	StaticIPName string `json:"staticIPName,omitempty"`

	// preSharedCertificates are names of certificates that Google Cloud holds.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=15
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	// +kubebuilder:validation:items:Pattern=`^[a-z]([-a-z0-9]*[a-z0-9])?$`
	PreSharedCertificates []string `json:"preSharedCertificates,omitempty"`
}

// GCEScheme says who reaches a load balancer of GCE.
type GCEScheme string

const (
	// GCEExternal is reached from the internet.
	GCEExternal GCEScheme = "External"
	// GCEInternal is reached from the VPC network.
	GCEInternal GCEScheme = "Internal"
)

// GlooOptions is what only Gloo has.
type GlooOptions struct {
	// header is how l5d-dst-override is set. Settings: spec.linkerd of Gloo's
	// Settings, for every route to a Service. HeaderManipulation and
	// Transformation: an option of each generated route.
	// +optional
	// +kubebuilder:default=Settings
	// +kubebuilder:validation:Enum=Settings;HeaderManipulation;Transformation
	Header GlooHeader `json:"header,omitempty"`

	// settingsRef is the Settings of the installation. Default: gloo-system/default.
	// Only header: Settings reads it.
	// +optional
	SettingsRef *ObjectKey `json:"settingsRef,omitempty"`
}

// GlooHeader is a way in which Gloo sets a header.
type GlooHeader string

const (
	// GlooSettings is spec.linkerd of Settings.
	GlooSettings GlooHeader = "Settings"
	// GlooHeaderManipulation is options.headerManipulation of a route.
	GlooHeaderManipulation GlooHeader = "HeaderManipulation"
	// GlooTransformation is a request transformation of a route.
	GlooTransformation GlooHeader = "Transformation"
)

// ContourOptions is what only Contour has.
//
// +kubebuilder:validation:XValidation:rule="!has(self.serviceAccountName) || (has(self.serviceAccountToken) && self.serviceAccountToken == 'Mount')",message="serviceAccountName goes with serviceAccountToken: Mount"
type ContourOptions struct {
	// serviceAccountToken says whether Envoy's pods mount a token of their
	// ServiceAccount, which their proxy needs for its identity where Linkerd does not
	// project one. Contour's manifests turn that off. Auto: where Linkerd projects none.
	// Mount: always.
	// +optional
	// +kubebuilder:default=Auto
	// +kubebuilder:validation:Enum=Auto;Mount
	ServiceAccountToken ServiceAccountToken `json:"serviceAccountToken,omitempty"`

	// serviceAccountName is the ServiceAccount that Envoy's pods run as. It is created
	// where there is none. Default: what the workload has.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`
	ServiceAccountName string `json:"serviceAccountName,omitempty"`
}

// ServiceAccountToken says whether pods mount a token.
type ServiceAccountToken string

const (
	// ServiceAccountTokenAuto mounts one where Linkerd projects none.
	ServiceAccountTokenAuto ServiceAccountToken = "Auto"
	// ServiceAccountTokenMount mounts one.
	ServiceAccountTokenMount ServiceAccountToken = "Mount"
)

// HAProxyOptions is what only HAProxy has.
type HAProxyOptions struct {
	// classField is where generated Ingresses name their class. Spec:
	// spec.ingressClassName. Annotation: the annotation that controllers before
	// ingressClassName read.
	// +optional
	// +kubebuilder:default=Spec
	// +kubebuilder:validation:Enum=Spec;Annotation
	ClassField ClassField `json:"classField,omitempty"`
}

// ClassField is where an Ingress names its class.
type ClassField string

const (
	// ClassFieldSpec is spec.ingressClassName.
	ClassFieldSpec ClassField = "Spec"
	// ClassFieldAnnotation is an annotation.
	ClassFieldAnnotation ClassField = "Annotation"
)

// EmissaryOptions is what only Emissary has.
type EmissaryOptions struct {
	// ambassadorIDs of the installation, its environment variable AMBASSADOR_ID.
	// Default: that of an installation without.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=253
	AmbassadorIDs []string `json:"ambassadorIDs,omitempty"`
}

// EnRouteOptions is what only EnRoute has.
type EnRouteOptions struct {
	// namespace that the GlobalConfig is written to. Default: default.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Namespace string `json:"namespace,omitempty"`
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gloo

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// virtualService and the types below are the part of Gloo's API that is written, or
// looked at in the objects of others (projects/gateway/api/v1/virtual_service.proto,
// projects/gloo/api/v1/proxy.proto and route_options.proto).
type virtualService struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              virtualServiceSpec `json:"spec"`
}

type virtualServiceSpec struct {
	VirtualHost *virtualHost `json:"virtualHost,omitempty"`
	SSLConfig   *sslConfig   `json:"sslConfig,omitempty"`
}

type virtualHost struct {
	// Domains; none stands for "*".
	Domains []string `json:"domains,omitempty"`
	// Routes; the first that matches a request takes it.
	Routes  []route  `json:"routes,omitempty"`
	Options *options `json:"options,omitempty"`
}

type sslConfig struct {
	SecretRef  *resourceRef `json:"secretRef,omitempty"`
	SNIDomains []string     `json:"sniDomains,omitempty"`
}

type resourceRef struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
}

// routeTable holds routes to which those of VirtualServices delegate.
type routeTable struct {
	Spec struct {
		Routes []route `json:"routes,omitempty"`
	} `json:"spec"`
}

type route struct {
	Matchers       []matcher    `json:"matchers,omitempty"`
	RouteAction    *routeAction `json:"routeAction,omitempty"`
	DelegateAction *struct{}    `json:"delegateAction,omitempty"`
	Options        *options     `json:"options,omitempty"`
	// OptionsConfigRefs name objects with more options.
	OptionsConfigRefs *struct{} `json:"optionsConfigRefs,omitempty"`
}

// matcher matches where the path and every header do. One of Exact and Prefix is set;
// both are of strings.
type matcher struct {
	Exact   string          `json:"exact,omitempty"`
	Prefix  string          `json:"prefix,omitempty"`
	Headers []headerMatcher `json:"headers,omitempty"`
}

type headerMatcher struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	// Regex makes Value a pattern in RE2 that the whole header must match.
	Regex bool `json:"regex"`
}

// routeAction has one of its fields.
type routeAction struct {
	Single              *destination      `json:"single,omitempty"`
	Multi               *multiDestination `json:"multi,omitempty"`
	UpstreamGroup       *resourceRef      `json:"upstreamGroup,omitempty"`
	ClusterHeader       string            `json:"clusterHeader,omitempty"`
	DynamicForwardProxy *struct{}         `json:"dynamicForwardProxy,omitempty"`
}

// destination has one of its fields.
type destination struct {
	Kube     *kubeDestination `json:"kube,omitempty"`
	Upstream *resourceRef     `json:"upstream,omitempty"`
	Consul   *struct{}        `json:"consul,omitempty"`
}

// kubeDestination is a port of a Service, by the Service's number.
type kubeDestination struct {
	Ref  resourceRef `json:"ref"`
	Port int64       `json:"port"`
}

type multiDestination struct {
	Destinations []weightedDestination `json:"destinations,omitempty"`
}

type weightedDestination struct {
	Destination destination `json:"destination"`
	Weight      int64       `json:"weight"`
	Options     *options    `json:"options,omitempty"`
}

type options struct {
	HeaderManipulation    *headerManipulation   `json:"headerManipulation,omitempty"`
	StagedTransformations *transformationStages `json:"stagedTransformations,omitempty"`
	// Transformations are ignored beside StagedTransformations.Regular.
	Transformations *requestTransform `json:"transformations,omitempty"`
}

type headerManipulation struct {
	RequestHeadersToAdd    []headerToAdd `json:"requestHeadersToAdd,omitempty"`
	RequestHeadersToRemove []string      `json:"requestHeadersToRemove,omitempty"`
}

type headerToAdd struct {
	Header *header `json:"header,omitempty"`
	// Append beside what the client sent, which is the default; false replaces that.
	Append *bool `json:"append,omitempty"`
}

// header has a value in which Envoy expands "%".
type header struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

type transformationStages struct {
	Regular *transformationStage `json:"regular,omitempty"`
}

type transformationStage struct {
	// RequestTransforms; the first that matches a request is applied, and no other.
	RequestTransforms []requestTransform `json:"requestTransforms,omitempty"`
}

type requestTransform struct {
	Matcher               *struct{}       `json:"matcher,omitempty"`
	RequestTransformation *transformation `json:"requestTransformation,omitempty"`
}

type transformation struct {
	TransformationTemplate *transformationTemplate `json:"transformationTemplate,omitempty"`
}

type transformationTemplate struct {
	// Headers replace what the client sent. The text is a template of Inja.
	Headers         map[string]template `json:"headers,omitempty"`
	HeadersToRemove []string            `json:"headersToRemove,omitempty"`
	HeadersToAppend []headerToAppend    `json:"headersToAppend,omitempty"`
	// Passthrough leaves the body alone, which else is held back and read as JSON.
	Passthrough *struct{} `json:"passthrough,omitempty"`
}

type template struct {
	Text string `json:"text"`
}

type headerToAppend struct {
	Key string `json:"key"`
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package linkerd

// Annotations and names, from linkerd/linkerd2 pkg/k8s/labels.go.
const (
	// InjectAnnotation on a pod template makes the injector act.
	InjectAnnotation = "linkerd.io/inject"
	// InjectEnabled is the proxy's normal mode.
	InjectEnabled = "enabled"
	// InjectIngress is the proxy's ingress mode: it routes on OverrideHeader.
	InjectIngress = "ingress"

	// InjectDisabled keeps the injector away from a pod.
	InjectDisabled = "disabled"
	// SkipInboundPortsAnnotation lists container ports that bypass the proxy on
	// the way in: numbers and lo-hi ranges, separated by commas, no spaces
	// (linkerd/linkerd2-proxy-init pkg/util/portrange.go; cni-plugin/main.go
	// splits without trimming).
	SkipInboundPortsAnnotation = "config.linkerd.io/skip-inbound-ports"

	// SkipOutboundPortsAnnotation lists ports that bypass the proxy on the way out, in
	// the format of SkipInboundPortsAnnotation.
	SkipOutboundPortsAnnotation = "config.linkerd.io/skip-outbound-ports"

	// DefaultInboundPolicyAnnotation on a pod or a Namespace says which clients may
	// reach ports that no Server selects.
	DefaultInboundPolicyAnnotation = "config.linkerd.io/default-inbound-policy"

	// RequireIdentityPortsAnnotation on a pod lists ports that only clients in the mesh may
	// reach, where no Server selects them.
	RequireIdentityPortsAnnotation = "config.linkerd.io/proxy-require-identity-inbound-ports"

	// OpaquePortsAnnotation lists ports that the proxy treats as opaque TCP.
	OpaquePortsAnnotation = "config.linkerd.io/opaque-ports"

	// AnnotationDomain ends the domain of every annotation of Linkerd.
	AnnotationDomain = "linkerd.io"

	// AdmissionWebhooksLabel with AdmissionWebhooksDisabled on a Namespace keeps
	// the injector away.
	AdmissionWebhooksLabel    = "config.linkerd.io/admission-webhooks"
	AdmissionWebhooksDisabled = "disabled"

	// ProxyContainer is the proxy, as a container or a native sidecar.
	ProxyContainer = "linkerd-proxy"

	// IngressModeEnv is "true" on a proxy in ingress mode
	// (charts/partials/templates/_proxy.tpl).
	IngressModeEnv = "LINKERD2_PROXY_INGRESS_MODE"

	// OverrideHeader names the Service that a request is for. The proxy reads the
	// first value (linkerd/linkerd2-proxy linkerd/proxy/http/src/lib.rs), so it
	// must be set, never added.
	OverrideHeader = "l5d-dst-override"

	// ConfigMapName holds the values that Linkerd was installed with.
	ConfigMapName = "linkerd-config"

	// DefaultNamespace of the control plane.
	DefaultNamespace = "linkerd"

	// DefaultClusterDomain is that of Kubernetes and of Linkerd's chart.
	DefaultClusterDomain = "cluster.local"

	// InjectorWebhookName is the MutatingWebhookConfiguration of the injector.
	InjectorWebhookName = "linkerd-proxy-injector-webhook-config"
)

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package linkerd

import (
	"cmp"
	"fmt"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/yaml"
)

// defaultOpaquePorts are those of the chart, linkerd/linkerd2
// charts/linkerd-control-plane/values.yaml (proxy.opaquePorts).
const defaultOpaquePorts = "25,587,3306,4444,5432,6379,9300,11211"

// Facts are what an installation of Linkerd says of itself.
type Facts struct {
	// Found reports whether the control plane's ConfigMap is there.
	Found bool

	// Namespace of the control plane.
	Namespace string

	// Version as the ConfigMap has it, "stable-2.14.10", "edge-26.8.3" or
	// "enterprise-2.19.6"; empty where it does not say.
	Version string

	// ClusterDomain, never empty.
	ClusterDomain string

	// TokenProjection reports whether proxies get a projected service account
	// token, as they do by default since 2.12. Without it a pod with
	// automountServiceAccountToken: false cannot be injected.
	TokenProjection bool

	// OpaquePorts of a Service that does not say its own; empty where Linkerd was
	// installed with none.
	OpaquePorts string

	// CNI reports whether Linkerd's CNI plugin redirects the pods' traffic, in place of
	// an init container.
	CNI bool

	// IgnoreInboundPorts and IgnoreOutboundPorts are the ports that no proxy takes
	// where an annotation does not say which: ports and lo-hi ranges.
	IgnoreInboundPorts, IgnoreOutboundPorts string

	// NativeSidecar reports whether proxies are native sidecars by default, beside
	// which Jobs come to an end.
	NativeSidecar bool

	// DefaultInboundPolicy for ports that no Server selects, where no annotation says
	// another: all-unauthenticated, all-authenticated, cluster-unauthenticated,
	// cluster-authenticated, deny or audit.
	DefaultInboundPolicy string

	// Injector is the injector's webhook; nil where it is not installed.
	Injector *Injector
}

// Injector is the part of the proxy injector's webhook that decides which pods it
// sees.
type Injector struct {
	// Service that the API server calls; empty where it calls a URL.
	Service types.NamespacedName

	namespaces, pods labels.Selector
}

// Unknown returns the Facts of a cluster without Linkerd, with defaults.
func Unknown() Facts {
	return Facts{
		ClusterDomain: DefaultClusterDomain, TokenProjection: true, OpaquePorts: defaultOpaquePorts,
		DefaultInboundPolicy: PolicyAllUnauthenticated,
	}
}

// values is the part of linkerd-config's "values" that is read.
type values struct {
	LinkerdVersion string `json:"linkerdVersion"`
	ClusterDomain  string `json:"clusterDomain"`
	CNIEnabled     bool   `json:"cniEnabled"`
	Identity       struct {
		ServiceAccountTokenProjection *bool `json:"serviceAccountTokenProjection"`
	} `json:"identity"`
	Proxy struct {
		// A single port that was given with --set arrives as a number.
		OpaquePorts          *intstr.IntOrString `json:"opaquePorts"`
		NativeSidecar        bool                `json:"nativeSidecar"`
		DefaultInboundPolicy string              `json:"defaultInboundPolicy"`
	} `json:"proxy"`
	ProxyInit struct {
		IgnoreInboundPorts  *intstr.IntOrString `json:"ignoreInboundPorts"`
		IgnoreOutboundPorts *intstr.IntOrString `json:"ignoreOutboundPorts"`
	} `json:"proxyInit"`
}

// ReadConfig reads the Facts from the linkerd-config ConfigMap. Its key "values", which
// Linkerd always writes (linkerd/linkerd2 charts/linkerd-control-plane/templates/config.yaml),
// is YAML. One that is missing or unreadable is an error, and so is a cluster
// domain that is no DNS name.
func ReadConfig(cm *corev1.ConfigMap) (Facts, error) {
	facts := Unknown()
	facts.Found = true
	facts.Namespace = cm.Namespace
	if strings.TrimSpace(cm.Data["values"]) == "" {
		return facts, fmt.Errorf("reading data.values of ConfigMap %s/%s: it is missing or empty", cm.Namespace, cm.Name)
	}
	var v values
	if err := yaml.Unmarshal([]byte(cm.Data["values"]), &v); err != nil {
		return facts, fmt.Errorf("reading data.values of ConfigMap %s/%s: %w", cm.Namespace, cm.Name, err)
	}
	facts.Version = v.LinkerdVersion
	if v.Identity.ServiceAccountTokenProjection != nil {
		facts.TokenProjection = *v.Identity.ServiceAccountTokenProjection
	}
	if ports := v.Proxy.OpaquePorts; ports != nil {
		facts.OpaquePorts = ports.String()
	}
	if ports := v.ProxyInit.IgnoreInboundPorts; ports != nil {
		facts.IgnoreInboundPorts = ports.String()
	}
	if ports := v.ProxyInit.IgnoreOutboundPorts; ports != nil {
		facts.IgnoreOutboundPorts = ports.String()
	}
	facts.CNI = v.CNIEnabled
	facts.NativeSidecar = v.Proxy.NativeSidecar
	facts.DefaultInboundPolicy = cmp.Or(v.Proxy.DefaultInboundPolicy, facts.DefaultInboundPolicy)
	if v.ClusterDomain == "" {
		return facts, nil
	}
	if err := CheckClusterDomain(v.ClusterDomain); err != nil {
		return facts, fmt.Errorf("reading clusterDomain in data.values of ConfigMap %s/%s: %w", cm.Namespace, cm.Name, err)
	}
	facts.ClusterDomain = v.ClusterDomain
	return facts, nil
}

// CheckClusterDomain refuses what is no DNS name: the domain ends up in headers and
// in vendors' configuration.
func CheckClusterDomain(domain string) error {
	if errs := validation.IsDNS1123Subdomain(domain); len(errs) > 0 {
		return fmt.Errorf("cluster domain %q is no DNS name", domain)
	}
	return nil
}

// ReadInjector reads the injector's webhook. A nil configuration, or one without
// webhooks, gives nil: no injector.
func ReadInjector(cfg *admissionv1.MutatingWebhookConfiguration) (*Injector, error) {
	if cfg == nil || len(cfg.Webhooks) == 0 {
		return nil, nil
	}
	namespaces, err := selectorOf(cfg.Webhooks[0].NamespaceSelector)
	if err != nil {
		return nil, fmt.Errorf("reading namespaceSelector of %s: %w", cfg.Name, err)
	}
	pods, err := selectorOf(cfg.Webhooks[0].ObjectSelector)
	if err != nil {
		return nil, fmt.Errorf("reading objectSelector of %s: %w", cfg.Name, err)
	}
	injector := &Injector{namespaces: namespaces, pods: pods}
	if svc := cfg.Webhooks[0].ClientConfig.Service; svc != nil {
		injector.Service = types.NamespacedName{Namespace: svc.Namespace, Name: svc.Name}
	}
	return injector, nil
}

// selectorOf takes no selector for one of everything, as the API server does.
func selectorOf(s *metav1.LabelSelector) (labels.Selector, error) {
	if s == nil {
		return labels.Everything(), nil
	}
	return metav1.LabelSelectorAsSelector(s)
}

// Sees reports whether the injector is asked about pods of a Namespace.
func (i *Injector) Sees(ns *corev1.Namespace) bool {
	return i.namespaces.Matches(labels.Set(ns.Labels))
}

// SeesPod reports whether the injector is asked about pods with these labels, in a
// Namespace that it sees.
func (i *Injector) SeesPod(podLabels map[string]string) bool {
	return i.pods.Matches(labels.Set(podLabels))
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package f5nginx

import (
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
)

// title is the product's name for people.
const title = "F5 NGINX Ingress Controller"

// The forms that spec.f5Nginx.routes chooses from.
const (
	formVirtualServer = string(v1alpha1.F5NginxVirtualServer)
	formIngress       = string(v1alpha1.F5NginxIngress)
)

// The kinds of the controller (pkg/apis/configuration/v1/types.go, CRDs in
// config/crd/bases).
var (
	kindVirtualServer      = kind("VirtualServer", "virtualservers")
	kindVirtualServerRoute = kind("VirtualServerRoute", "virtualserverroutes")
	kindTransportServer    = kind("TransportServer", "transportservers")
)

func kind(name, plural string) providers.Kind {
	return providers.Kind{
		GroupVersionKind: schema.GroupVersionKind{Group: "k8s.nginx.org", Version: "v1", Kind: name},
		Resource:         plural,
	}
}

// Provider translates for F5Nginx. It has no state.
type Provider struct{}

var (
	_ providers.Provider     = Provider{}
	_ providers.FormChooser  = Provider{}
	_ providers.Observer     = Provider{}
	_ providers.RelayAuditor = Provider{}
)

// New returns the provider of the vendor F5Nginx.
func New() Provider { return Provider{} }

// Describe returns the static facts about the controller.
//
// What no way supports, and why:
//   - AnyHost: a VirtualServer needs a host (pkg/apis/configuration/validation/
//     virtualserver.go, validateHost), and so does a rule of an Ingress unless the
//     controller runs with a flag of v5.5 (internal/k8s/validation.go,
//     validateIngressSpec).
//   - DefaultBackend: for the same reason nothing takes the requests of other hosts.
//     spec.defaultBackend of an Ingress is the path / of its own hosts
//     (internal/configs/ingress.go, generateNginxCfg).
//   - ExternalAuth: a Policy's externalAuth, of v5.5, asks pods, not a ClusterIP, and
//     passes the client's own l5d-dst-override on (internal/configs/virtualserver.go,
//     generateExternalAuthLocation).
func (Provider) Describe() providers.Description {
	return providers.Description{
		Vendor: v1alpha1.VendorF5Nginx,
		Title:  title,
		Source: "nginx/kubernetes-ingress",
		Writes: []providers.Kind{kindVirtualServer, providers.KindIngress},
		Routes: []providers.Kind{
			kindVirtualServer, kindVirtualServerRoute, kindTransportServer, providers.KindIngress,
		},
		Strategies: append(virtualServerWays(), ingressWays()...),
		// Of two objects with one host the controller serves the older
		// (internal/k8s/configuration.go, buildHostsAndResources).
		ExclusiveHosts: true,
		DataPlane:      dataPlane(),
	}
}

// virtualServerWays lists CrossNamespace, which the controller has since v5.3
// (validateVirtualServerServiceName): an older one says in the status of the
// VirtualServer that it is invalid.
func virtualServerWays() []providers.StrategySupport {
	features := []providers.Feature{
		providers.FeatureWildcardHost, providers.FeatureExactPath, providers.FeatureWeights, providers.FeatureTLS,
		providers.FeatureCrossNamespace, providers.FeatureH2C,
	}
	return []providers.StrategySupport{
		{
			Strategy: v1alpha1.StrategyClusterIP, Form: formVirtualServer,
			Needs:    []providers.Kind{kindVirtualServer},
			Reason:   "use-cluster-ip makes the Service's ClusterIP the one server of each upstream of a VirtualServer.",
			Features: features,
		},
		{
			Strategy: v1alpha1.StrategyHeader, Form: formVirtualServer, OptIn: true,
			Needs:    []providers.Kind{kindVirtualServer},
			Reason:   "Each action of a VirtualServer sets l5d-dst-override.",
			Features: features,
		},
	}
}

// ingressWays leaves out Weights, which an Ingress has not. Header routing has no
// H2C: nginx.org/proxy-set-headers is left out of locations that speak gRPC
// (internal/configs/version1/nginx.ingress.tmpl).
func ingressWays() []providers.StrategySupport {
	features := []providers.Feature{providers.FeatureWildcardHost, providers.FeatureExactPath, providers.FeatureTLS}
	return []providers.StrategySupport{
		{
			Strategy: v1alpha1.StrategyClusterIP, Form: formIngress,
			Reason:   "nginx.org/use-cluster-ip makes the Service's ClusterIP the one server of each upstream of an Ingress.",
			Features: append([]providers.Feature{providers.FeatureH2C}, features...),
		},
		{
			Strategy: v1alpha1.StrategyHeader, Form: formIngress, OptIn: true,
			Reason:   "nginx.org/proxy-set-headers sets l5d-dst-override, on an Ingress for each Service.",
			Features: features,
		},
	}
}

// dataPlane finds what the chart and the manifests install. The name of the container
// keeps the former chart stable/nginx-ingress of the community's controller out, which
// has the label app: nginx-ingress too. Older charts, up to v3.0, have only
// app: <release>-nginx-ingress and are left to spec.dataPlane.workloads.
//
// The controller refuses an IngressClass with another controller string
// (internal/k8s/controller.go and cmd/nginx-ingress/{main,flags}.go v5.5.4).
func dataPlane() providers.DataPlane {
	kinds := []string{"Deployment", "DaemonSet", "StatefulSet"}
	const container = "nginx-ingress"
	flags := []providers.ClassFlag{{Arg: "ingress-class"}}
	return providers.DataPlane{Controllers: []string{"nginx.org/ingress-controller"}, Workloads: []providers.WorkloadSelector{
		{
			Kinds: kinds, Container: container, ClassFlags: flags,
			Labels: map[string]string{"app.kubernetes.io/name": "nginx-ingress"},
			Source: "nginx/kubernetes-ingress charts/nginx-ingress/templates/_helpers.tpl and " +
				"deployments/{deployment,daemon-set,stateful-set} v5.5.4",
		},
		{
			Kinds: kinds, Container: container, ClassFlags: flags,
			Labels: map[string]string{"app": "nginx-ingress"},
			Source: "nginx/kubernetes-ingress deployments/{deployment,daemon-set} v3.0.0",
		},
	}}
}

// Form is spec.f5Nginx.routes: VirtualServer, the default, or Ingress.
func (Provider) Form(class providers.Class) string {
	if o := class.Spec.F5Nginx; o != nil && o.Routes != "" {
		return string(o.Routes)
	}
	return formVirtualServer
}

// Reads asks, for Ingresses, who has a host: the controller says it in the status of
// a VirtualServer, but not of an Ingress.
func (Provider) Reads(in providers.Input) []providers.Read {
	if in.Strategy.Form != formIngress {
		return nil
	}
	reads := []providers.Read{{Kind: providers.KindIngress}}
	if in.Served.Has(kindVirtualServer) {
		reads = append(reads, providers.Read{Kind: kindVirtualServer})
	}
	return reads
}

// Translate makes one VirtualServer for each host, or one Ingress, or in header
// routing one Ingress for each Service and port.
//
// Errors: Invalid for a path that NGINX would not match as it is meant, for a host
// that is too long, for weights that are no whole percents, for HTTP/2 without TLS,
// and for backends that one Ingress cannot tell apart; Duplicate for paths that are
// the same and, with Ingresses, for a host of an older object; Forbidden for
// annotations that would undo the operator's work; Required for TLS without hosts.
func (Provider) Translate(in providers.Input) (providers.Plan, field.ErrorList) {
	errs := checkRoutes(in)
	errs = append(errs, checkTemplate(in)...)
	errs = append(errs, checkDestinations(in)...)
	write := virtualServers
	if in.Strategy.Form == formIngress {
		write = ingressPlan
	}
	plan, more := write(in)
	plan.Notices = append(plan.Notices, http2Notices(in)...)
	return plan, append(errs, more...)
}

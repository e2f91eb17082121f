// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package haproxyingress

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/annotations"
	"github.com/meshingress/meshingress/providers/internal/certificates"
	"github.com/meshingress/meshingress/providers/internal/ingresses"
	"github.com/meshingress/meshingress/providers/internal/questions"
)

const title = "HAProxy Ingress"

var (
	_ providers.Provider     = Provider{}
	_ providers.RelayAuditor = Provider{}
)

// Provider translates for HAProxyIngress. It has no state.
type Provider struct{}

// New returns the provider.
func New() Provider { return Provider{} }

// Describe returns the static facts about the controller.
func (Provider) Describe() providers.Description {
	return providers.Description{
		Vendor:     v1alpha1.VendorHAProxyIngress,
		Title:      title,
		Source:     "jcmoraisjr/haproxy-ingress",
		Writes:     []providers.Kind{providers.KindIngress},
		Routes:     []providers.Kind{providers.KindIngress},
		ReadOnly:   []providers.Kind{providers.KindService},
		Strategies: []providers.StrategySupport{clusterIPSupport(), headerSupport()},
		Sticky: []providers.StickyAnnotation{{
			Keys: []string{prefix + "affinity", secondPrefix + "affinity"}, Value: "cookie",
			Source: "jcmoraisjr/haproxy-ingress pkg/converters/ingress/annotations/backend.go v0.17.0-alpha.2",
		}},
		DataPlane: dataPlane(),
	}
}

func clusterIPSupport() providers.StrategySupport {
	return providers.StrategySupport{
		Strategy: v1alpha1.StrategyClusterIP,
		Reason:   "haproxy-ingress.github.io/service-upstream makes the controller connect to the Service's ClusterIP.",
		Features: []providers.Feature{
			providers.FeatureAnyHost, providers.FeatureWildcardHost, providers.FeatureExactPath,
			providers.FeatureDefaultBackend, providers.FeatureTLS, providers.FeatureExternalAuth, providers.FeatureH2C,
		},
	}
}

// headerSupport leaves out FeatureExternalAuth. The question carries all headers of
// the request (auth-headers-request: "*", pkg/converters/ingress/defaults.go), and by
// then the header is the backend's (rootfs/etc/templates/haproxy/haproxy.tmpl, headers
// before AuthExternal): Linkerd would ask the backend.
//
// The header is set in the backend of HAProxy, where every request for the Service and
// port comes by, that of a default backend too.
func headerSupport() providers.StrategySupport {
	return providers.StrategySupport{
		Strategy: v1alpha1.StrategyHeader,
		OptIn:    true,
		Reason: "haproxy-ingress.github.io/headers sends l5d-dst-override from one Ingress for each Service and port, " +
			"as the class asks.",
		Features: []providers.Feature{
			providers.FeatureAnyHost, providers.FeatureWildcardHost, providers.FeatureExactPath,
			providers.FeatureDefaultBackend, providers.FeatureTLS, providers.FeatureH2C,
		},
	}
}

// dataPlane finds what the chart installs. The controller string ends in the value of
// --controller-class, also that of a GatewayClass; --ingress-class is about the annotation
// kubernetes.io/ingress.class (pkg/controller/config/{config,options}.go v0.16.1).
func dataPlane() providers.DataPlane {
	const controller = "haproxy-ingress.github.io/controller"
	return providers.DataPlane{Controllers: []string{controller}, Workloads: []providers.WorkloadSelector{{
		Kinds:     []string{"Deployment", "DaemonSet"},
		Labels:    map[string]string{"app.kubernetes.io/name": "haproxy-ingress"},
		Container: "haproxy-ingress",
		ClassFlags: []providers.ClassFlag{
			{Arg: "controller-class", Controller: controller + "/" + providers.ControllerValue}, {Arg: "ingress-class"},
		},
		Source: "haproxy-ingress/charts haproxy-ingress/templates/{_helpers.tpl,_podtemplate.yaml," +
			"controller-deployment.yaml,controller-daemonset.yaml} 0.16.1",
	}}}
}

// Reads asks for the Ingresses and the Services of the namespace: their annotations
// may decide how the controller reaches a Service that we route to.
func (Provider) Reads(in providers.Input) []providers.Read {
	return []providers.Read{
		{Kind: providers.KindIngress, Namespace: in.Namespace},
		{Kind: providers.KindService, Namespace: in.Namespace},
	}
}

// Translate makes one Ingress in ClusterIP routing, and a second one where only some
// backends speak HTTP/2; in header routing one for each Service and port. A default
// backend has its own.
func (Provider) Translate(in providers.Input) (providers.Plan, field.ErrorList) {
	_, errs := certificates.New(title, in.TLS)
	errs = append(errs, ingresses.CheckPaths(in.Routes)...)
	errs = append(errs, annotations.Check(in, refusals(in.Strategy.Strategy))...)
	errs = append(errs, questions.Check(in, "HAProxy")...)
	errs = append(errs, checkServices(in)...)
	if len(errs) > 0 {
		return providers.Plan{}, errs
	}
	in.Routes = withoutPatterns(in.Routes)
	planned := ingresses.Build(in, ingresses.Style{
		PerBackend:  in.Strategy.Strategy == v1alpha1.StrategyHeader,
		Annotations: func(b providers.Backend) map[string]string { return ownAnnotations(in, b) },
	})
	return providers.Plan{Objects: planned, Notices: conflictNotices(in, planned)}, nil
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package haproxy

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/annotations"
	"github.com/meshingress/meshingress/providers/internal/certificates"
	"github.com/meshingress/meshingress/providers/internal/ingresses"
)

// ReasonClassAnnotation goes to a class whose Ingresses name it by the annotation that
// controllers before 3.2 read.
const ReasonClassAnnotation = "ClassAnnotation"

const title = "HAProxy Kubernetes Ingress Controller"

var (
	_ providers.Provider        = Provider{}
	_ providers.ClassTranslator = Provider{}
	_ providers.RelayAuditor    = Provider{}
)

// Provider translates for HAProxy. It has no state.
type Provider struct{}

// New returns the provider.
func New() Provider { return Provider{} }

// Describe returns the static facts about the controller.
func (Provider) Describe() providers.Description {
	return providers.Description{
		Vendor:     v1alpha1.VendorHAProxy,
		Title:      title,
		Source:     "haproxytech/kubernetes-ingress",
		Writes:     []providers.Kind{providers.KindIngress},
		Routes:     []providers.Kind{providers.KindIngress},
		ReadOnly:   []providers.Kind{providers.KindService},
		Strategies: []providers.StrategySupport{headerSupport()},
		Sticky: []providers.StickyAnnotation{{
			Keys:   []string{prefix + "cookie-persistence", prefix + "cookie-persistence-no-dynamic"},
			Source: "haproxytech/kubernetes-ingress pkg/annotations/service/cookie.go v3.2.11",
		}},
		DataPlane: dataPlane(),
	}
}

// headerSupport leaves out FeatureDefaultBackend: the rule of request-set-header holds
// where txn.path_match has the rule's ID, and that variable is not set for requests
// that no path matches, which go to the default backend
// (pkg/haproxy/rules/main.go, refreshRule; fs/usr/local/etc/haproxy/haproxy.cfg). They
// would carry the client's own header.
//
// Paths that overlap are safe. The maps of paths give one value for a request, of the
// most specific path: the backend and the IDs of its Ingress's rules together
// (pkg/controller/controller.go, setupHAProxyRules; pkg/route/route.go,
// AddHostPathRoute). So no rule of another Ingress, less specific or not, can set the
// header of a request after ours. This is so since v1.6 at the latest (v1.6.9
// controller/route/route.go; v1.9.15 pkg/haproxy/rules/main.go).
func headerSupport() providers.StrategySupport {
	return providers.StrategySupport{
		Strategy: v1alpha1.StrategyHeader,
		Reason: "HAProxy connects to pods; haproxy.org/request-set-header sends l5d-dst-override from one Ingress for " +
			"each Service and port.",
		Features: []providers.Feature{
			providers.FeatureAnyHost, providers.FeatureWildcardHost, providers.FeatureExactPath,
			providers.FeatureTLS, providers.FeatureH2C,
		},
	}
}

// dataPlane finds what the chart and the manifest install. The controller string ends in
// the value of --ingress.class (documentation/ingressclass.md and pkg/store/store.go,
// IsIngressClassSupported, v3.2.11).
func dataPlane() providers.DataPlane {
	kinds := []string{"Deployment", "DaemonSet"}
	const controller, arg = "haproxy.org/ingress-controller", "ingress.class"
	flags := []providers.ClassFlag{{Arg: arg, Controller: controller + "/" + providers.ControllerValue}, {Arg: arg}}
	return providers.DataPlane{Controllers: []string{controller}, Workloads: []providers.WorkloadSelector{
		{
			Kinds:     kinds,
			Labels:    map[string]string{"app.kubernetes.io/name": "kubernetes-ingress"},
			Container: "kubernetes-ingress-controller", ClassFlags: flags,
			Source: "haproxytech/helm-charts kubernetes-ingress/templates/{_helpers.tpl,_podspec.tpl," +
				"controller-deployment.yaml,controller-daemonset.yaml} kubernetes-ingress-1.52.1",
		},
		{
			Kinds:     kinds,
			Labels:    map[string]string{"run": "haproxy-ingress"},
			Container: "haproxy-ingress", ClassFlags: flags,
			Source: "haproxytech/kubernetes-ingress deploy/haproxy-ingress.yaml v3.2.11",
		},
	}}
}

// Reads asks for the Services of the namespace: their annotations win over those of
// an Ingress.
func (Provider) Reads(in providers.Input) []providers.Read {
	return []providers.Read{{Kind: providers.KindService, Namespace: in.Namespace}}
}

// Translate makes one Ingress for each Service and port.
func (Provider) Translate(in providers.Input) (providers.Plan, field.ErrorList) {
	_, errs := certificates.New(title, in.TLS)
	errs = append(errs, ingresses.CheckPaths(in.Routes)...)
	errs = append(errs, annotations.Check(in, refusals())...)
	errs = append(errs, checkServices(in)...)
	if len(errs) > 0 {
		return providers.Plan{}, errs
	}
	return providers.Plan{Objects: ingresses.Build(in, style(in))}, nil
}

func style(in providers.Input) ingresses.Style {
	s := ingresses.Style{
		PerBackend:  true,
		Annotations: func(b providers.Backend) map[string]string { return ownAnnotations(in, b) },
	}
	if byAnnotation(in.Class) {
		s.ClassAnnotation = annotations.IngressClass
	}
	return s
}

func byAnnotation(class providers.Class) bool {
	o := class.Spec.HAProxy
	return o != nil && o.ClassField == v1alpha1.ClassFieldAnnotation
}

// TranslateClass warns of the annotation, which controllers have not read since v3.2.0
// (pkg/ingress/ingress.go, Supported). Before, it had to be the controller's
// --ingress.class, and a controller without that flag served no Ingress that has it
// (v3.1.17 pkg/ingress/ingress.go, Supported).
func (Provider) TranslateClass(in providers.ClassInput) (providers.Plan, field.ErrorList) {
	if !byAnnotation(in.Class) {
		return providers.Plan{}, nil
	}
	return providers.Plan{Notices: []v1alpha1.Notice{{
		Reason: ReasonClassAnnotation,
		Message: "controllers 3.2 and later do not read the annotation " + annotations.IngressClass + ", and earlier ones " +
			"serve an Ingress that has it only where it is their --ingress.class, " + in.Class.IngressClassName +
			" here: set spec.haproxy.classField to Spec if there is an IngressClass",
	}}}, nil
}

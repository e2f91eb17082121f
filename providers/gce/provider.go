// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gce

import (
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
)

// kindBackendConfig configures a Google Cloud backend service, one for each Service and
// port. The controller installs the CRD itself (pkg/backendconfig/backendconfig.go,
// CRDMeta).
var kindBackendConfig = providers.Kind{
	GroupVersionKind: schema.GroupVersionKind{Group: "cloud.google.com", Version: "v1", Kind: "BackendConfig"},
	Resource:         "backendconfigs",
}

var (
	_ providers.Provider        = Provider{}
	_ providers.Observer        = Provider{}
	_ providers.ClassTranslator = Provider{}
)

// Provider translates for GCE. It has no state.
type Provider struct{}

// New returns the provider of the vendor GCE.
func New() Provider { return Provider{} }

// Describe returns the static facts about GCE Ingress.
//
// What is missing from the features, and why:
//   - Weights: a path of the URL map has one backend service
//     (pkg/controller/translator/translator.go, TranslateIngress).
//   - ExternalAuth: a BackendConfig has Identity-Aware Proxy and nothing that asks a
//     Service (pkg/apis/backendconfig/v1/types.go).
//   - CrossNamespace: a backend has the namespace of its Ingress (TranslateIngress).
//   - H2C: the protocols of a Service are HTTP, HTTPS and HTTP2
//     (pkg/annotations/service.go), the last with TLS (getProbeScheme of translator.go),
//     and appProtocol is not read.
func (Provider) Describe() providers.Description {
	return providers.Description{
		Vendor:  v1alpha1.VendorGCE,
		Title:   "GCE Ingress",
		Source:  "kubernetes/ingress-gce",
		Writes:  []providers.Kind{providers.KindIngress, kindBackendConfig},
		Patches: []providers.Kind{providers.KindService},
		Routes:  []providers.Kind{providers.KindIngress},
		Strategies: []providers.StrategySupport{{
			Strategy: v1alpha1.StrategyHeader,
			Needs:    []providers.Kind{kindBackendConfig},
			Reason: "A BackendConfig for each Service and port sets l5d-dst-override, as the documents of Linkerd ask; " +
				"no proxy of Linkerd reads it.",
			Features: []providers.Feature{
				providers.FeatureAnyHost, providers.FeatureWildcardHost, providers.FeatureExactPath,
				providers.FeatureDefaultBackend, providers.FeatureTLS,
			},
		}},
		DataPlane: providers.DataPlane{
			Outside: "the load balancer is Google's, outside the cluster, where no proxy of Linkerd can stand beside it: for " +
				"a meshed ingress, put an ingress controller of the cluster behind the load balancer",
		},
		Notices: vendorNotices(),
	}
}

// Reads asks for the Services of the namespace: their annotations and type decide
// whether the controller can use them.
func (Provider) Reads(in providers.Input) []providers.Read {
	return []providers.Read{{Kind: providers.KindService, Namespace: in.Namespace}}
}

// Translate makes one Ingress, because each is a load balancer with an address of its
// own, and one BackendConfig for each Service and port, attached by an annotation of
// the Service. The BackendConfigs come first: a Service that names one that is not there
// fails (pkg/backendconfig/backendconfig.go, ErrBackendConfigDoesNotExist).
//
// Errors: Invalid for a path with "*", Forbidden for an annotation of spec.template that
// is the operator's or the controller's, Required for what an internal load balancer
// with TLS lacks.
func (Provider) Translate(in providers.Input) (providers.Plan, field.ErrorList) {
	errs := checkPaths(in.Routes)
	errs = append(errs, checkTemplate(in)...)
	errs = append(errs, checkInternalHTTPS(in)...)
	if len(errs) > 0 {
		return providers.Plan{}, errs
	}
	services := servicesOf(in)
	plan := backendConfigs(in, services)
	plan.Objects = append(plan.Objects, buildIngress(in))
	plan.Notices = append(serviceNotices(in, services), headerNotices(in)...)
	return plan, nil
}

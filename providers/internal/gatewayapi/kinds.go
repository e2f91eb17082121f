// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gatewayapi

import (
	"k8s.io/apimachinery/pkg/runtime/schema"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/meshingress/meshingress/providers"
)

// Kinds of the Gateway API (config/crd/standard; v1 since v1.0.0, GRPCRoute since
// v1.1.0).
var (
	KindGatewayClass = kind("GatewayClass", "gatewayclasses").InCluster()
	KindGateway      = kind("Gateway", "gateways")
	KindHTTPRoute    = kind("HTTPRoute", "httproutes")
	KindGRPCRoute    = kind("GRPCRoute", "grpcroutes")
)

func kind(name, plural string) providers.Kind {
	return providers.Kind{
		GroupVersionKind: schema.GroupVersionKind{
			Group: gatewayv1.GroupName, Version: gatewayv1.GroupVersion.Version, Kind: name,
		},
		Resource: plural,
	}
}

// Reads asks for what Build looks at: what Survey does, and, where there is a default
// backend, the HTTPRoutes of others.
func Reads(in providers.Input) []providers.Read {
	reads := SurveyReads(in.Class, in.Served)
	if in.Default != nil && len(reads) > 0 {
		reads = append(reads, providers.Read{Kind: KindHTTPRoute})
	}
	return reads
}

// SurveyReads asks for what Survey looks at: the Gateways beside the class's, and the
// GatewayClasses. What is not served is not asked for, because it never comes.
func SurveyReads(class providers.Class, served providers.Served) []providers.Read {
	ref := class.Spec.GatewayRef
	if ref == nil || !served.Has(KindGateway) || !served.Has(KindGatewayClass) {
		return nil
	}
	return []providers.Read{{Kind: KindGateway, Namespace: ref.Namespace}, {Kind: KindGatewayClass}}
}

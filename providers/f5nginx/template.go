// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package f5nginx

import (
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/annotations"
)

// checkTemplate refuses annotations of spec.template that would undo the operator's
// work, and on VirtualServers those that would do nothing.
func checkTemplate(in providers.Input) field.ErrorList {
	refusals := append(annotations.ClassRefusal(), annotations.Refusal{
		Key: "nsm.nginx.com/*", Remedy: "is for another service mesh, which cannot share the way with Linkerd: remove it",
	})
	if in.Strategy.Form != formIngress {
		return annotations.Check(in, append(refusals, ingressOnly()...))
	}
	refusals = append(refusals, ownRefusals()...)
	if in.Strategy.Strategy == v1alpha1.StrategyHeader {
		return annotations.Check(in, append(refusals, headerRefusals()...))
	}
	return append(annotations.Check(in, refusals), checkHeaders(in)...)
}

func ingressOnly() []annotations.Refusal {
	const remedy = "has no effect on a VirtualServer: remove it, or set spec.f5Nginx.routes of the class to Ingress"
	return []annotations.Refusal{
		{Key: "nginx.org/*", Remedy: remedy},
		{Key: "nginx.com/*", Remedy: remedy},
	}
}

func ownRefusals() []annotations.Refusal {
	const oneServer = "has no effect, because Linkerd chooses the pod: remove it"
	return []annotations.Refusal{
		{Key: useClusterIP, Remedy: "is the operator's: set spec.routing of the MeshIngressClass instead"},
		{Key: grpcServices, Remedy: "follows the Service port's appProtocol: set that instead"},
		{Key: mergeableType, Remedy: "makes another kind of Ingress: write all paths of the host in one MeshIngress"},
		{Key: "nginx.org/path-regex", Remedy: "makes regular expressions of the paths: remove it"},
		{Key: "nginx.org/lb-method", Remedy: oneServer},
		{Key: "nginx.org/sticky-cookie-services", Remedy: oneServer},
		{Key: "nginx.com/sticky-cookie-services", Remedy: oneServer},
	}
}

// headerRefusals keep the header where Linkerd sees it. What a Policy asks on the way,
// externalAuth for one, carries the client's own header.
func headerRefusals() []annotations.Refusal {
	const policies = "can make requests with the client's own header: set spec.routing of the class to ClusterIP"
	return []annotations.Refusal{
		{Key: proxySetHeaders, Remedy: "is the operator's in header routing: set spec.routing of the class to ClusterIP"},
		{Key: "nginx.org/ssl-services", Remedy: "hides the header in TLS: set spec.routing of the class to ClusterIP"},
		{Key: "nginx.org/policies", Remedy: policies},
		{Key: "nginx.com/policies", Remedy: policies},
	}
}

// checkHeaders leaves nginx.org/proxy-set-headers to the user in ClusterIP routing,
// but for the operator's own header.
func checkHeaders(in providers.Input) field.ErrorList {
	if !strings.Contains(strings.ToLower(in.Annotations[proxySetHeaders]), linkerd.OverrideHeader) {
		return nil
	}
	return field.ErrorList{field.Forbidden(providers.AnnotationField(proxySetHeaders),
		"sets "+linkerd.OverrideHeader+", which is the operator's: set spec.routing of the class to Header")}
}

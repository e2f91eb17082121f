// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package injection

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
)

// maxInMessage bounds what the message of a hazard names.
const maxInMessage = 5

// injects reports whether a value of linkerd.io/inject makes the injector act.
func injects(value string) bool {
	return value == linkerd.InjectEnabled || value == linkerd.InjectIngress
}

// effective are the annotations that the injector sees on the pods of a workload once
// what the claim asks for is written: those of the Namespace stand in for what the pods
// do not have.
func effective(claim Claim, c Cluster) map[string]string {
	all := namespaceAnnotations(claim, c)
	maps.Copy(all, claim.Workload.Template.Annotations)
	if !isNamespace(claim.Target) {
		maps.Copy(all, claim.Annotations)
	}
	return all
}

// namespaceAnnotations are those of the Namespace of a workload once what the claim
// asks for is written.
func namespaceAnnotations(claim Claim, c Cluster) map[string]string {
	all := map[string]string{}
	if ns := c.Namespaces[claim.Workload.Namespace]; ns != nil {
		maps.Copy(all, ns.Annotations)
	}
	if isNamespace(claim.Target) {
		maps.Copy(all, claim.Annotations)
	}
	return all
}

// ClientAddressLost tells of Services that lose the client's address on their way to a
// class's pods, although the ports bypass the proxy for its sake: with
// externalTrafficPolicy: Cluster, a node that passes a request on to another puts its
// own address in the place of the client's (kubernetes/website
// content/en/docs/tutorials/services/source-ip.md).
//
// It keeps silent where the address comes in another way, or may: a Service whose
// annotations speak of the PROXY protocol or of a load balancer that reaches the pods
// themselves or speaks HTTP, or that has no node ports. Load balancers that answer the
// client directly (DSR) cannot be told from the Service.
func ClientAddressLost(class *v1alpha1.MeshIngressClass, d Discovery) []v1alpha1.Notice {
	in := class.Spec.DataPlane
	if in.ClientIP == v1alpha1.ClientIPIgnore || in.Injection == v1alpha1.InjectionIgnore {
		return nil
	}
	var names []string
	for _, svc := range slices.Concat(d.Services...) {
		if losesAddress(svc) {
			names = append(names, svc.Namespace+"/"+svc.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return []v1alpha1.Notice{{Reason: v1alpha1.ReasonClientAddressLost, Message: fmt.Sprintf(
		"with externalTrafficPolicy: Cluster a node passes requests on under its own address, so the controller does not see "+
			"the client's: set externalTrafficPolicy: Local on %s; where the address comes by a header or the PROXY protocol, "+
			"set spec.dataPlane.clientIP: Ignore", listed("Service", names))}}
}

func losesAddress(svc *corev1.Service) bool {
	policy := svc.Spec.ExternalTrafficPolicy
	passesOn := policy == corev1.ServiceExternalTrafficPolicyCluster || policy == "" && isExposed(svc)
	withoutNodePorts := svc.Spec.AllocateLoadBalancerNodePorts != nil && !*svc.Spec.AllocateLoadBalancerNodePorts
	hasTCP := slices.ContainsFunc(svc.Spec.Ports, func(p corev1.ServicePort) bool { return isTCP(p.Protocol) })
	return passesOn && hasTCP && !withoutNodePorts && !tellsAddressOtherwise(svc.Annotations)
}

// tellsAddressOtherwise reports whether the annotations of a Service, whichever cloud
// reads them, speak of a way by which the client's address gets through in spite of the
// nodes: DigitalOcean's do-loadbalancer-enable-proxy-protocol, Hetzner's
// uses-proxyprotocol, proxy_protocol_v2.enabled among the target group's attributes of
// AWS, and its nlb-target-type ip and nlb-ip; a backend-protocol of http for a load
// balancer that adds a header.
func tellsAddressOtherwise(annotations map[string]string) bool {
	plain := strings.NewReplacer("-", "", "_", "")
	for key, value := range annotations {
		key, value = plain.Replace(strings.ToLower(key)), plain.Replace(strings.ToLower(value))
		switch {
		case strings.Contains(key, "proxyprotocol") && value != "" && value != "false",
			strings.Contains(value, "proxyprotocol") && !strings.Contains(value, "proxyprotocolv2.enabled=false"),
			strings.HasSuffix(key, "nlbtargettype") && value == "ip",
			strings.HasSuffix(key, "loadbalancertype") && value == "nlbip",
			strings.HasSuffix(key, "backendprotocol") && strings.HasPrefix(value, "http"),
			strings.HasSuffix(key, "forwardingmode") && value == "dsr":
			return true
		}
	}
	return false
}

// listed names objects of a kind, sorted, each once.
func listed(kind string, names []string) string {
	names = slices.Clone(names)
	slices.Sort(names)
	names = slices.Compact(names)
	return kind + " " + firstFew(names)
}

func firstFew(items []string) string {
	text := strings.Join(items[:min(len(items), maxInMessage)], ", ")
	if more := len(items) - maxInMessage; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// SortNotices orders notices by reason and message.
func SortNotices(notices []v1alpha1.Notice) {
	slices.SortFunc(notices, func(a, b v1alpha1.Notice) int {
		return cmp.Or(cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Message, b.Message))
	})
}

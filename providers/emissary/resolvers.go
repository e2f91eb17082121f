// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package emissary

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
)

const (
	// ReasonResolverReplaced is the Reason of the notice that the resolver by which our
	// Mappings reach ClusterIPs has been replaced by one that finds pods.
	ReasonResolverReplaced = "ResolverReplaced"

	// ReasonClusterShared is the Reason of the notice that a Mapping of others with a
	// resolver that finds pods may decide for ours.
	ReasonClusterShared = "ClusterShared"
)

// resolverNotices tells where requests might go to pods past the ClusterIP.
func resolverNotices(in providers.Input) []v1alpha1.Notice {
	var notices []v1alpha1.Notice
	endpoints := endpointResolvers(in)
	if endpoints[serviceResolver] {
		notices = append(notices, v1alpha1.Notice{
			Reason: ReasonResolverReplaced,
			Message: fmt.Sprintf("A resolver with the name %s finds pods, so Emissary connects to them and not to the "+
				"ClusterIP: give that KubernetesEndpointResolver or ConsulResolver another name.", serviceResolver),
		})
	}
	if other := sharer(in, endpoints); other != nil {
		notices = append(notices, v1alpha1.Notice{
			Reason: ReasonClusterShared,
			Message: fmt.Sprintf("Mapping %s/%s names the same Service in the same way and has a resolver that finds "+
				"pods; Emissary uses one resolver for both, that of the Mapping that it reads first: remove that Mapping, "+
				"or set its resolver to %s.", other.GetNamespace(), other.GetName(), serviceResolver),
		})
	}
	return notices
}

// endpointResolvers are the names of resolvers that find pods: those that Emissary has
// from the start (ir/irserviceresolver.py, load_all), and what the cluster holds.
func endpointResolvers(in providers.Input) map[string]bool {
	all := map[string]bool{"endpoint": true, "kubernetes-endpoint": true, "consul": true, "consul-endpoint": true}
	for _, k := range []providers.Kind{kindEndpointResolver, kindConsulResolver} {
		for _, obj := range theirs(in, k) {
			all[obj.GetName()] = true
		}
	}
	return all
}

// sharer is the first Mapping of others whose cluster in Envoy is one of ours. A
// cluster's name is made of the service as it is written, the Mapping's namespace,
// cluster_tag and load balancer, but not of the resolver, and the first cluster of a
// name stays (ir/ircluster.py, __init__; ir/ir.py, add_cluster).
func sharer(in providers.Input, endpoints map[string]bool) *unstructured.Unstructured {
	var services []string
	for _, b := range in.AllBackends() {
		services = append(services, serviceURL(b, in.ClusterDomain))
	}
	common := moduleResolver(in)
	for _, obj := range theirs(in, kindMapping) {
		resolver := text(obj, "resolver")
		if resolver == "" {
			resolver = common
		}
		_, balanced, _ := unstructured.NestedFieldNoCopy(obj.Object, "spec", "load_balancer")
		if obj.GetNamespace() == in.Namespace && endpoints[resolver] && !balanced && text(obj, "cluster_tag") == "" &&
			slices.Contains(services, strings.ToLower(text(obj, "service"))) {
			return obj
		}
	}
	return nil
}

// moduleResolver is the resolver of Mappings that name none.
func moduleResolver(in providers.Input) string {
	for _, obj := range theirs(in, kindModule) {
		if name := text(obj, "config", "resolver"); obj.GetName() == "ambassador" && name != "" {
			return name
		}
	}
	return serviceResolver
}

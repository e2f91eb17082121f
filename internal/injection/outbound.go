// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package injection

import (
	"cmp"

	"github.com/meshingress/meshingress/internal/linkerd"
)

// skipOutbound adds the vendor's ports to those that bypass the proxy on the way out
// anyway: a pod's annotation takes the place of its Namespace's, and either that of what
// Linkerd was installed with (linkerd/linkerd2 pkg/inject/inject.go b24cd4059,
// GetConfigOverride and ProxyIgnoreOutboundPortsAnnotation; in CNI mode
// linkerd/linkerd2-proxy-init cni-plugin/main.go 183e791, outboundSkipOverride).
func (d Discovery) skipOutbound(annotations map[string]string, w Workload, c Cluster) {
	if len(d.SkipOutbound) == 0 {
		return
	}
	anyway := c.Linkerd.IgnoreOutboundPorts
	if ns := c.Namespaces[w.Namespace]; ns != nil {
		anyway = cmp.Or(ns.Annotations[linkerd.SkipOutboundPortsAnnotation], anyway)
	}
	annotations[linkerd.SkipOutboundPortsAnnotation] = linkerd.PortsOf(d.SkipOutbound...).Union(linkerd.ParsePorts(anyway)).String()
}

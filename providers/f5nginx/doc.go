// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package f5nginx translates for F5's NGINX Ingress Controller (nginx/kubernetes-ingress).
//
// ClusterIP routing: one VirtualServer for each host, whose upstreams say
// use-cluster-ip, or Ingresses annotated nginx.org/use-cluster-ip, as the class
// chooses. Header routing, which the class must ask for: each action of a
// VirtualServer sets l5d-dst-override, or nginx.org/proxy-set-headers of an Ingress
// does.
//
// Facts about the controller were read in nginx/kubernetes-ingress v5.5.4 unless
// another version is named; comments name the path.
package f5nginx

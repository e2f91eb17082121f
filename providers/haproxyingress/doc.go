// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package haproxyingress translates for HAProxy Ingress, of the community.
//
// ClusterIP routing: Ingresses annotated service-upstream: "true", by which the
// controller connects to the Service's ClusterIP. Header routing, which the class must
// ask for: each Service and port has an Ingress of its own, whose headers set
// l5d-dst-override.
//
// Facts were read in jcmoraisjr/haproxy-ingress at v0.16.1, unless a comment names
// another version; comments name the path.
package haproxyingress

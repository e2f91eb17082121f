// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package emissary translates for Emissary-ingress (emissary-ingress/emissary),
// formerly Ambassador, 2.5 and later.
//
// Emissary connects to a Service's name in DNS, hence to its ClusterIP, unless it is
// told another resolver. So the only strategy is ClusterIP: Mappings that name the
// resolver kubernetes-service. Facts about Emissary were read in v4.1.0; paths like
// ir/irhost.py are below python/ambassador/src/ambassador.
package emissary

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package enroute translates for EnRoute OneStep (saarasio/enroute), experimentally.
//
// Linkerd's documents name one switch, linkerd_enabled in a GlobalConfig, and the
// normal mode of the proxy. The class writes that switch; routes are GatewayHosts. What
// the switch does could not be seen: the open source tree, which is not updated any
// more, declares it and never reads it. Facts were read in v1.0.0; the switch and the
// routes are the same in the last commit, 3f746fe37b6c.
package enroute

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package certificates finds the Secret of a host in spec.tls, for vendors whose
// objects hold one host and its Secret.
package certificates

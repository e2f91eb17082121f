// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package ingresses writes Ingresses of networking.k8s.io/v1 for the many vendors
// that read them, each with annotations of its own.
package ingresses

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package crdgate ends the watch on a vendor's or Linkerd's kind when its CRD leaves. Watches
// begin when a reconciler first needs the kind; without an end, a watch on a kind
// that is gone would ask the API server for ever.
package crdgate

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Command footprint measures what bin/manager needs of a node, for the resource requests
// in config/manager/manager.yaml. On a real control plane with the CRDs of all vendors, and
// as many pods and Services as -pods and -services say, it runs the manager with the
// permissions of config/rbac, creates a MeshIngressClass of each vendor and -routes
// MeshIngresses, and prints memory and processor time. `make footprint` runs it.
package main

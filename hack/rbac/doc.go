// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Command rbac writes the roles of the operator into config/rbac, and their rules for the
// Helm chart into charts/meshingress/files, from internal/permissions and what each
// provider describes. It is run at the root of the repository:
//
//	go run ./hack/rbac
//
// The manager is bound to one ClusterRole, into which the control plane puts the rules
// of those with a label (see aggregation in the Kubernetes documentation of RBAC). So
// each vendor has a ClusterRole of its own, and an installation that does without the
// vendor leaves it out. What only an opt-in way of a vendor needs, and what
// spec.authorization of a MeshIngress does, is in config/rbac/optin, which the
// kustomization does not list. Files that it wrote earlier and that have no place any
// more are removed; files that people wrote stay, and the kustomization lists them too.
package main

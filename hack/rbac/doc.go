// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Command rbac writes the roles of the operator into config/rbac, from
// internal/permissions and what each provider describes. It is run at the root of
// the repository:
//
//	go run ./hack/rbac
//
// Each vendor has a ClusterRole and a ClusterRoleBinding of its own, so that an
// installation that does without a vendor can leave its permissions out. What only
// an opt-in way of a vendor needs, and what spec.authorization of a MeshIngress does, is
// in files optin_*, which the kustomization does not list. Files that it wrote earlier
// and that have no place any more are removed; files that people wrote stay, and the
// kustomization lists them too.
package main

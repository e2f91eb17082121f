// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Command docs writes the pages of the documentation that repeat what the code
// says: docs/vendors.md from what each provider describes, docs/api.md from the CRDs and
// the comments on the conditions, docs/metrics.md from the definitions of the metrics and
// the alerts, and docs/permissions.md from the rules of the operator's roles. It is run at
// the root of the repository, after the CRDs have been written:
//
//	go run ./hack/docs
package main

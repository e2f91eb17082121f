// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Command chart writes what the Helm chart in charts/meshingress repeats of other files:
// the version in Chart.yaml, copies of files of config/, and, from the comments in
// values.yaml, the descriptions in values.schema.json and the table in README.md. It is
// run at the root of the repository, after hack/rbac:
//
//	go run ./hack/chart -version 1.2.3
//
// It fails where values.yaml and values.schema.json do not list the same values, or one
// has no comment.
package main

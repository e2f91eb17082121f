// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package render runs the whole translation without a cluster: from manifests to
// what the operator would write. It is pure; readers are given to it.
//
// The manifests are checked as an API server would check them: the operator's
// own kinds against their CustomResourceDefinition, defaults and CEL rules
// included.
package render

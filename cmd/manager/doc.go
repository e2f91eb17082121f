// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Command manager runs the operator.
package main

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package override checks the header l5d-dst-override, in what the operator writes and
// in what others have.
package override

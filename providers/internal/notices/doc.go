// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package notices words what several vendors have to tell.
package notices

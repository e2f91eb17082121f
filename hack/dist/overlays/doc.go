// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package overlays holds no code, only the tests of the installations in config: that each
// is accepted by an API server, gives the operator the permissions that it should, and
// runs pods that the strictest Pod Security Standard admits.
package overlays

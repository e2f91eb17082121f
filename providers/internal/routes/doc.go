// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package routes sorts and rewrites routes for vendors whose objects hold one host,
// or whose prefixes are of strings.
package routes

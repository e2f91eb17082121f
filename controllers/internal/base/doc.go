// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package base is what the reconcilers of both kinds have in common: what they work
// with, how they write to the object itself, and when they try again.
package base

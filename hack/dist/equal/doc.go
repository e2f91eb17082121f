// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package equal says what an installation of the operator amounts to, so that two of them
// can be compared: its objects without their names and labels, and what the manager may
// do, however roles and bindings are cut. Its tests hold kustomize, the Helm chart and the
// OLM bundle to be the same.
//
// It follows roles and bindings by itself, and not with internal/rules, of which the
// bundle is made: a mistake there would be on both sides.
package equal

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package controllers wires the controllers into a manager.
package controllers

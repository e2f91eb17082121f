// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package crd embeds the CustomResourceDefinitions of this operator, so that a
// program can check and default objects as an API server would, without one.
package crd

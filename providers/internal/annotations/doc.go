// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package annotations checks what users put on generated objects through spec.template,
// and reads annotations of others as the vendors do.
package annotations

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package admission has no code of its own: its tests install the policies of
// config/admission on a real API server, and send it MeshIngressClasses as users of all
// sorts.
package admission

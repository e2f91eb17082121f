// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package installs starts the control plane on which the tests of the Helm chart and of
// kustomize's overlays try their installations.
package installs

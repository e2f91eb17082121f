// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package manifests reads what kustomize makes of a directory of config/. The OLM bundle,
// the test of the Helm chart and the files of a release all begin here.
package manifests

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package manifests reads the objects of an installation: what kustomize makes of a
// directory of config/, or a file of YAML. The OLM bundle, the tests of the Helm chart and
// the files of a release all begin here.
package manifests

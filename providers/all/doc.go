// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package all lists the providers. It is the only package that knows every vendor
// by name: a new one is a folder and a line here.
package all

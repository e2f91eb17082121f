// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package licenses collects the texts that come along with a program because modules of
// others are linked into it: their licenses ask for that where a program is passed on.
package licenses

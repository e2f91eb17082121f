// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package objects turns typed vendor objects into what a Plan holds, and finds and reads
// those that an Input does.
package objects

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Command chartpackage packages the Helm chart for a release and prints the path of the
// package. The same chart gives the same bytes: the files in it have the time of
// SOURCE_DATE_EPOCH, in seconds since 1970, by default 0.
package main

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Command kubectl-meshingress prints its version, whatever it is asked, to standard error. It imports
// nothing, so that there is little to compile for each platform.
package main

var version = "dev"

func main() { println(version) }

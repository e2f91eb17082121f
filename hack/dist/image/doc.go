// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Command image builds the images of a release into a directory, without Docker and without
// a registry. For each of them, NAME, it writes
//
//	NAME/                          the image for all platforms as an OCI layout, its SBOMs attached
//	NAME.digest                    the digest of that image, as manifests name it
//	NAME-VERSION-OS-ARCH.tar       the image for one platform, for docker load and the like
//	NAME-VERSION-OS-ARCH.spdx.json what is in it
//
// An image has one program, its license and those of all modules in it, and a user, and
// nothing else: no shell, and no CA certificates either, because the manager talks to the API
// server alone, whose CA Kubernetes mounts, and the plugin to nobody. There are two images, so
// that the one which runs in clusters has nothing that does not.
//
// The time in all of it is that of SOURCE_DATE_EPOCH, or 1970.
package main

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Command release completes dist/ to what a release has, after make has written the images,
// the manifest, the chart, the bundle and the catalog into it: it adds
//
//	plugin/           the kubectl plugin for each platform, what is in it, and krew's manifest
//	images/bundle...  the image of the OLM bundle
//	release-notes.md  what has changed, from docs/changes
//	SHA256SUMS        the checksums of all files
//
// Before the last, it holds everything in dist/ against the version and against the digest
// of the manager's image, and fails where something is missing, is too much, or differs.
package main

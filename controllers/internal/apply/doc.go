// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package apply writes to the cluster, and takes back what was written. It is the
// only place that writes: objects of ours by forced server-side apply after a
// check of ownership, and fields of others' objects by apply that is not forced
// and names the object's UID.
package apply

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package providers is what every vendor of an ingress controller implements.
//
// A provider is pure: it imports no client, opens no connection and reads no
// clock. It is given an Input that has been resolved (backends exist, ports are
// numbers) and answers with a Plan: objects that the operator will own, fields
// on objects of others, and notices. What it writes, reads and supports is said
// by Describe, and watches, RBAC and documentation are derived from that.
//
// Vendors live in one folder each and are listed in providers/all. Nothing else
// in the program switches on a vendor.
package providers

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package haproxy translates for the HAProxy Kubernetes Ingress Controller of HAProxy
// Technologies.
//
// The controller connects to pods only, so that routing is by header: each Service
// and port has an Ingress of its own, whose request-set-header sets l5d-dst-override.
//
// Facts about the controller were read in haproxytech/kubernetes-ingress at v3.2.11,
// unless a comment names another version; comments name the path.
package haproxy

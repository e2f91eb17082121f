// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package dataplane reconciles MeshIngressClasses: find the ingress controller's
// workload, merge what all classes ask of it, write that into its pod template
// once, and count the pods that are meshed.
//
// A workload can belong to several classes, so its fields have one manager, and
// this controller works on one class at a time.
package dataplane

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package inbound says what Linkerd's policy controller makes of the objects in a
// namespace: whether a client may call a port of a pod. It is a model, for specs that ask
// who is let in and not how the objects look. The controller itself is written in Rust
// and does not run here.
//
// The model follows linkerd/linkerd2 policy-controller/k8s/index/src/inbound/index.rs
// edge-26.8.3 (reindex_servers, client_authzs, policy_client_authz) and defaults.rs. It
// leaves out what no spec needs: routes attached to Servers, ExternalWorkloads, probes.
package inbound

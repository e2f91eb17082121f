// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package authorization plans the objects of Linkerd's policy API by which the
// backends of a MeshIngress take requests from its ingress controller and from the
// clients that it lists, and from nobody else. It is pure: it works on what the caller
// has read.
//
// For each backend port there is a Server, and for each Server an AuthorizationPolicy
// that refers to one MeshTLSAuthentication with every identity. All references of one
// policy have to match, any one identity of a MeshTLSAuthentication does, and any one
// policy admits (linkerd/linkerd2 policy-controller/k8s/index/src/inbound/index.rs
// edge-26.8.3, policy_client_authz and client_authzs; two ServiceAccounts in one policy
// are refused by policy-controller/runtime/src/admission.rs). Networks are a policy of
// their own, for the same reason.
//
// Objects come in the order in which they have to be written: who is admitted before the
// Server that keeps the others out. Backwards is the order to take them away in.
//
// Kubelet's HTTP probes stay admitted: where no HTTPRoute is attached to a Server, the
// policy controller adds a route for the paths of the pod's httpGet probes
// (default_inbound_http_routes, in the same file), for all networks unless Linkerd was
// installed with other policyController.probeNetworks.
package authorization

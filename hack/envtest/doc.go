// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Command envtest builds the control plane that the tests run against: etcd,
// kube-apiserver and kubectl. With -demo it also builds kube-controller-manager
// and kwok, for the demo and for the suites that run pods.
//
//	go run ./hack/envtest [-demo]
//
// Everything is compiled from Go modules, so a machine that can build the
// operator can also test it. Each binary is built once, into bin/k8s, and again
// only when the go.mod or go.sum that pins it changes. Progress goes to stderr;
// the last line, and the only one on stdout, is the directory of the binaries.
//
// When KUBEBUILDER_ASSETS is set, the control plane must be there and is not built.
// What runs pods is seldom there, so it is built even then.
package main

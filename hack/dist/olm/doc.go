// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package olm holds no code, only the test that the Operator Lifecycle Manager installs,
// upgrades and removes the operator. `make test-olm` runs it; the build tag olm keeps it out
// of other runs, because it needs programs that take minutes to build.
//
// What is real: etcd, kube-apiserver and kube-controller-manager; OLM's olm-operator and
// catalog-operator, and opm, which serves the catalog of `make catalog`; and the manager, of
// this tree and of the commit that the release before was made of. There are no containers:
// all are processes, kwok reports pods as running, and Linkerd's injector is a stand-in. A
// bundle without an image, as opm renders a directory, OLM installs without a pod to unpack it.
//
// A manager runs as its pod would: with the arguments and the environment of the Deployment
// that OLM made, and a token of its ServiceAccount where a pod finds it. Its permissions are
// those that OLM granted, and no others. With these it serves an ingress controller of every
// vendor.
//
// TestMain builds the managers and starts the test again in a network and a mount namespace of
// its own, which ends with it: OLM's programs listen on fixed ports, and the token lies below
// /var/run. That takes Linux, and root or a kernel that lets others have user namespaces.
//
// The specs share one cluster. Each uninstalls in the end what it installed, and compares all
// objects of the cluster with those before; the first that fails ends the run.
package olm

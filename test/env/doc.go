// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package env runs a real control plane for the suites and for the demo: etcd and
// kube-apiserver, and on request kube-controller-manager, kwok and a stand-in for
// Linkerd's proxy injector.
//
// A suite starts it once:
//
//	var testEnv *env.Environment
//
//	var _ = BeforeSuite(func(ctx SpecContext) {
//		var err error
//		testEnv, err = env.Start(ctx, env.WithVendorCRDs(crds.Traefik))
//		Expect(err).NotTo(HaveOccurred())
//		DeferCleanup(func() error { return testEnv.Stop() })
//	})
//
// Without WithControllerManager nothing collects garbage, empties a deleted
// Namespace, fills a ClusterRole with an aggregationRule (but AggregateRole) or makes
// pods: a suite sets what it needs by hand, and never asserts
// what a controller would have done.
package env

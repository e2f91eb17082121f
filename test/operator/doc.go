// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package operator runs the operator in the process of a test: the controllers as
// cmd/manager wires them, as the ServiceAccount and with the permissions of
// config/rbac, on a control plane of test/env.
//
//	op, err := operator.Start(ctx, testEnv)
//	Expect(err).NotTo(HaveOccurred())
//	DeferCleanup(op.Stop)
//
// It works on its own time, so a suite waits for what it expects. Where that is not
// the point of a test, call the reconcilers directly.
package operator

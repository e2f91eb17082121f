// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package controllertest lets a suite call the reconcilers directly, as the
// operator's own ServiceAccount and against a real API server. Nothing is cached,
// so what was written is seen at once and nothing needs to be waited for; and a
// permission that config/rbac lacks makes a spec fail.
//
//	var operator *controllertest.Operator
//
//	var _ = BeforeSuite(func(ctx SpecContext) {
//		controllertest.LogToGinkgo()
//		registry, err := all.New()
//		Expect(err).NotTo(HaveOccurred())
//		operator = controllertest.New(ctx, testEnv, registry)
//	})
//
//	var _ = BeforeEach(func() { operator.Reset() })
package controllertest

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package providertest holds what the tests of every provider have in common:
// golden files (RunGolden), what a user may not break out of (Fuzz), what a provider
// declares (Conformance), what an API server takes (DryRun), and checks that hold for
// whatever a provider plans (CheckOutput).
//
// A case is a file testdata/<feature>-<condition>.in.yaml next to the provider:
// documents that kubectl could apply. Its first line is a comment that says what
// the case proves. A second comment line may say which of the vendor's kinds the
// cluster serves, "# served: traefik.io/v1alpha1/IngressRoute,…", some with a field,
// "group/version/Kind:spec.field"; an empty list means none. What is planned for it is
// in <case>.out.yaml, which
//
//	go test ./providers/... -run Golden -update
//
// writes.
package providertest

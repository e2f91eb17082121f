// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package cel has no code of its own: its tests send valid and invalid objects to
// a real API server, which judges them by the operator's CRDs. A validation rule
// that no test provokes fails the suite.
package cel

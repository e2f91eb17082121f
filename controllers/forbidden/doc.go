// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package forbidden holds no code, only the tests of what the operator does without a
// permission. Every verb of every rule of internal/permissions is taken from it once, on a
// real API server with RBAC. It then says in a status which permission is missing and
// which role grants it, does not try again soon, and goes on once it has the permission
// back. A verb that nobody misses is none that it needs. What no reconcile asks for, the
// lease of the leader and events, the log names.
package forbidden

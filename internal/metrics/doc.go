// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package metrics declares the operator's own metrics, beside those of
// controller-runtime. One table, Definitions, says what each is; what is registered
// and the page of the documentation both come from it.
//
// The state of MeshIngresses and classes is read from the cache while a scrape is
// answered: nothing has to be set, nothing goes stale, and what is deleted is gone.
package metrics

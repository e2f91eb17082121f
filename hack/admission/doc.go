// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Command admission writes the admission policies of config/admission, from the
// templates beside it, the fields of the API and what each provider describes. It is run
// at the root of the repository:
//
//	go run ./hack/admission
//
// A template has what people decide: which right a field of a MeshIngressClass takes. What
// follows from elsewhere is filled in: which vendors have ended, which objects the operator
// finds by itself for a vendor, which fields say what is done to them.
package main

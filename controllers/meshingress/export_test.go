// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package meshingress

// The mappings from events to requests, for the suite.
var (
	All           = (*Reconciler).all
	OfClass       = (*Reconciler).ofClass
	OfService     = (*Reconciler).ofService
	OfNamespace   = (*Reconciler).ofNamespace
	OfCRD         = (*Reconciler).ofCRD
	OfObject      = (*Reconciler).ofObject
	WithSameRoute = (*Reconciler).withSameRoute
)

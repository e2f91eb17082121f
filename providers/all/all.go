// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package all

import (
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/contour"
	"github.com/meshingress/meshingress/providers/ingressnginx"
	"github.com/meshingress/meshingress/providers/traefik"
)

// New returns a Registry of all providers, in the order of the documentation. An
// error means that two of them are for one vendor.
func New() (*providers.Registry, error) {
	return providers.NewRegistry(
		ingressnginx.New(),
		traefik.New(),
		contour.New(),
	)
}

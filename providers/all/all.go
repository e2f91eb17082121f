// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package all

import (
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/contour"
	"github.com/meshingress/meshingress/providers/emissary"
	"github.com/meshingress/meshingress/providers/enroute"
	"github.com/meshingress/meshingress/providers/envoygateway"
	"github.com/meshingress/meshingress/providers/f5nginx"
	"github.com/meshingress/meshingress/providers/gatewayapi"
	"github.com/meshingress/meshingress/providers/gce"
	"github.com/meshingress/meshingress/providers/gloo"
	"github.com/meshingress/meshingress/providers/haproxy"
	"github.com/meshingress/meshingress/providers/haproxyingress"
	"github.com/meshingress/meshingress/providers/ingressnginx"
	"github.com/meshingress/meshingress/providers/kong"
	"github.com/meshingress/meshingress/providers/ngrok"
	"github.com/meshingress/meshingress/providers/traefik"
	"github.com/meshingress/meshingress/providers/traefikv1"
)

// New returns a Registry of all providers, in the order of the documentation. An
// error means that two of them are for one vendor.
func New() (*providers.Registry, error) {
	return providers.NewRegistry(
		ingressnginx.New(),
		f5nginx.New(),
		traefik.New(),
		traefikv1.New(),
		gce.New(),
		gloo.New(),
		contour.New(),
		kong.New(),
		haproxy.New(),
		haproxyingress.New(),
		emissary.New(),
		enroute.New(),
		ngrok.New(),
		envoygateway.New(),
		gatewayapi.New(),
	)
}

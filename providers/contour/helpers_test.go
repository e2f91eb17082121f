// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package contour_test

import (
	"testing"

	contourv1 "github.com/projectcontour/contour/apis/projectcontour/v1"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/contour"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

var class = providers.Class{Name: "public", IngressClassName: "contour-public"}

// input is the MeshIngress default/web of the class with routes.
func input(routes ...providers.Route) providers.Input {
	return story.Input(class, contour.New().Describe().Strategies[0], routes...)
}

func backend(service string) providers.Backend { return story.Backend(service, 80) }

// translate returns the HTTPProxies of an input that has no errors, by fqdn.
func translate(t *testing.T, in providers.Input) map[string]*contourv1.HTTPProxy {
	t.Helper()
	proxies := map[string]*contourv1.HTTPProxy{}
	for _, obj := range story.Translate(t, contour.New(), in).Objects {
		proxy := story.Typed[contourv1.HTTPProxy](t, obj)
		proxies[proxy.Spec.VirtualHost.Fqdn] = proxy
	}
	return proxies
}

func failures(t *testing.T, in providers.Input) []story.Failure {
	t.Helper()
	return story.Failures(t, contour.New(), in)
}

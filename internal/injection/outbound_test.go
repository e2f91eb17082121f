// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package injection_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/test/builders"
)

const skipOut = "config.linkerd.io/skip-outbound-ports"

func TestPortsPastTheProxyOnTheWayOut(t *testing.T) {
	for name, tc := range map[string]struct {
		vendor    []int32
		linkerd   string
		namespace string
		want      string
	}{
		"none":                                    {linkerd: "4567,4568", namespace: "25"},
		"the vendor's":                            {vendor: []int32{8001, 18000, 8001}, want: "8001,18000"},
		"with those Linkerd was installed with":   {vendor: []int32{8001}, linkerd: "4568,4567,8001", want: "4567,4568,8001"},
		"with ranges, by their first port":        {vendor: []int32{8001}, linkerd: "9000-9100,443", want: "443,8001,9000-9100"},
		"without what Linkerd does not read":      {vendor: []int32{8001}, linkerd: "25, 26 ", want: "25,8001"},
		"without what is no port":                 {vendor: []int32{8001}, linkerd: "mysql,70000,9-1,-1,1-,,25", want: "25,8001"},
		"with the Namespace's, in place of those": {vendor: []int32{8001}, linkerd: "4567", namespace: "25", want: "25,8001"},
	} {
		t.Run(name, func(t *testing.T) {
			dataPlane := where()
			dataPlane.SkipOutboundPorts = tc.vendor
			c := cluster(nil, proxy("infra", "edge"))
			c.Linkerd.IgnoreOutboundPorts = tc.linkerd
			if tc.namespace != "" {
				ns := builders.Namespace("infra")
				ns.Annotations = annotations{skipOut: tc.namespace}
				c.Namespaces["infra"] = ns
			}
			class := builders.Class("public", v1alpha1.VendorContour)
			d, err := injection.Discover(class, dataPlane, c)
			if err != nil {
				t.Fatal(err)
			}
			want := annotations{"linkerd.io/inject": "ingress"}
			if tc.want != "" {
				want[skipOut] = tc.want
			}
			got := injection.Plan(class, v1alpha1.StrategyHeader, d, c)[0].Annotations
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("annotations (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMergeUnitesPortsOnTheWayOut(t *testing.T) {
	asking := func(ports string) annotations { return annotations{"linkerd.io/inject": "ingress", skipOut: ports} }
	bare := annotations{"linkerd.io/inject": "ingress"}
	for name, tc := range map[string]struct{ older, younger, want annotations }{
		"of both":        {asking("4567,8001"), asking("25-30,8001"), asking("25-30,4567,8001")},
		"of the younger": {bare, asking("8001"), asking("8001")},
		"of the older":   {asking("8001"), bare, asking("8001")},
		"of none":        {bare, bare, bare},
	} {
		t.Run(name, func(t *testing.T) {
			got := injection.Merge([]injection.ClassClaim{claim("a", 1, tc.older), claim("b", 2, tc.younger)})
			if diff := cmp.Diff(tc.want, got.Annotations); diff != "" {
				t.Errorf("merged (-want +got):\n%s", diff)
			}
		})
	}
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
)

// fake is a provider that only describes.
type fake struct {
	providers.Provider
	description providers.Description
}

func (f fake) Describe() providers.Description { return f.description }

// auditing is one that also looks for open relays.
type auditing struct {
	fake
	providers.RelayAuditor
}

func box() providers.Description {
	boxes := providers.Kind{
		GroupVersionKind: schema.GroupVersionKind{Group: "box.example", Version: "v1", Kind: "Box"}, Resource: "boxes",
	}
	return providers.Description{
		Vendor: "Box", Title: "Box Proxy", Source: "box/proxy",
		Writes: []providers.Kind{boxes}, Patches: []providers.Kind{providers.KindConfigMap},
		ReadOnly: []providers.Kind{providers.KindService},
		Strategies: []providers.StrategySupport{
			{
				Strategy: v1alpha1.StrategyClusterIP, Form: "Lid", Reason: "lids can",
				Needs:    []providers.Kind{boxes, boxes.WithField("spec.lid")},
				Features: []providers.Feature{providers.FeatureTLS},
			},
			{
				Strategy: v1alpha1.StrategyHeader, Form: "Lid", Needs: []providers.Kind{boxes}, Reason: "old boxes can",
			},
			{
				Strategy: v1alpha1.StrategyClusterIP, Form: "Lid", Needs: []providers.Kind{boxes}, Reason: "another is first",
			},
			{Strategy: v1alpha1.StrategyHeader, OptIn: true, Reason: "headers can too"},
		},
		DataPlane: providers.DataPlane{
			Workloads: []providers.WorkloadSelector{
				{
					Kinds: []string{"Deployment"}, Labels: map[string]string{"b": "2", "a": "1"}, Container: "proxy",
					Source:     "box/proxy v1",
					ClassFlags: []providers.ClassFlag{{Arg: "class", Env: "CLASS"}, {Arg: "class", Controller: "box/*"}},
				},
				{Kinds: []string{"DaemonSet"}, GatewayName: "gw", GatewayNamespace: "ns", Source: "box/gate v2"},
			},
			Controllers: []string{"box/controller", "box/gates"},

			Targets: []v1alpha1.InjectionTarget{v1alpha1.InjectionTargetNamespace, v1alpha1.InjectionTargetGateway},
			Kinds:   []providers.Kind{providers.KindNamespace}, NoInbound: true,
		},
		Notices: []v1alpha1.Notice{{Reason: "Old", Message: "it is old"}},
	}
}

// classSchema has an option of the vendor Box.
const classSchema = `
properties:
  vendor: {type: string}
  box: {type: object, properties: {lid: {type: string, default: Open, description: lid of the box.}}}
  boxes: {type: object, properties: {other: {type: string}}}
`

func TestVendorsPage(t *testing.T) {
	got := vendorsPage([]providers.Provider{fake{description: box()}},
		[]constant{{Value: "TLS", Doc: "is spec.tls."}}, parseSchema(t, classSchema))
	cases := map[string]string{
		"features of the first way": "| `Box` | `ClusterIP` | `Lid` | `box.example`, `Box spec.lid` | yes " +
			"| – | – | – | – | – | yes | – | – | – |\n",
		"a way for older versions":  "| `Box` | `Header` | `Lid` | `box.example` | yes | – |",
		"features of an opt-in way": "| `Box` | `Header` (opt-in) | | | – | – | – | – | – | – | – | – | – | – |\n",
		"meaning of a feature":      "- `TLS` is spec.tls.\n",
		"ways in order": "1. `ClusterIP` with `Lid`, if the API server serves `boxes.box.example`, " +
			"`boxes.box.example` with `spec.lid`: lids can\n" +
			"2. `Header` with `Lid`, if the API server serves `boxes.box.example`: old boxes can\n",
		"kinds":        "- written: `Box box.example/v1`\n- patched: `ConfigMap v1`, `Namespace v1`\n- read: `Service v1`\n\n",
		"data plane":   "| Deployment | `a=1`, `b=2` | `proxy` | box/proxy v1 |\n",
		"of a Gateway": "| DaemonSet | `gw` with the name of `gatewayRef`, `ns` with the namespace of `gatewayRef` | the first | box/gate v2 |\n",
		"controllers": "- an IngressClass or GatewayClass is the vendor's if its controller is `box/controller`, `box/gates`, " +
			"or such a one with a `/` and more\n",
		"class flags":       "is known by what it is started with: `class`, `CLASS`\n",
		"no port to skip":   "- clients reach it through no Service",
		"targets":           "- annotations for the injector may go on `Namespace`, `Gateway`; `Auto` is the first that can be\n",
		"what is annotated": "- annotated: `Namespace v1`\n",
		"options":           "| `spec.box.lid` | string | `\"Open\"` | | lid of the box. |\n",
		"notices":           "- `Old`: it is old\n",
	}
	for name, want := range cases {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(got, want) {
				t.Errorf("the page lacks\n%s\nin\n%s", want, got)
			}
		})
	}
	if strings.Contains(got, "spec.boxes") {
		t.Error("the options of another vendor are listed")
	}
}

// What a way needs decides whether Auto can ever take it.
func TestAuto(t *testing.T) {
	want := []bool{true, true, false, false}
	var got []bool
	for i := range box().Strategies {
		got = append(got, isAuto(box(), i))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ways that Auto takes (-want +got):\n%s", diff)
	}
}

func TestADataPlaneOutsideTheClusterIsNotLookedFor(t *testing.T) {
	d := box()
	d.DataPlane = providers.DataPlane{Outside: "it is in the cloud."}
	got := vendorsPage([]providers.Provider{fake{description: d}}, nil, parseSchema(t, classSchema))
	if !strings.Contains(got, "`DataPlaneOutsideCluster`: it is in the cloud.\n") || strings.Contains(got, "pod template") {
		t.Errorf("the page says\n%s", got)
	}
}

func TestAnAbilityIsToldOfThoseThatHaveIt(t *testing.T) {
	with, without := abilities(auditing{}), abilities(fake{})
	if len(with) != 1 || len(without) != 0 {
		t.Errorf("abilities %q and %q, want one and none", with, without)
	}
}

func TestPagesAreTheSameEachTime(t *testing.T) {
	root := filepath.Join("..", "..")
	first, err := pages(root)
	if err != nil {
		t.Fatal(err)
	}
	second, err := pages(root)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("pages (-first +second):\n%s", diff)
	}
	for path, content := range first {
		if !strings.HasPrefix(content, header) {
			t.Errorf("%s does not say that it is generated", path)
		}
	}
}

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
		Strategies: []providers.StrategySupport{
			{
				Strategy: v1alpha1.StrategyClusterIP, Needs: []providers.Kind{boxes}, Reason: "boxes can",
				Features: []providers.Feature{providers.FeatureTLS},
			},
			{Strategy: v1alpha1.StrategyHeader, OptIn: true, Reason: "headers can too"},
		},
		DataPlane: providers.DataPlane{Workloads: []providers.WorkloadSelector{{
			Kinds: []string{"Deployment"}, Labels: map[string]string{"b": "2", "a": "1"}, Container: "proxy", Source: "box/proxy v1",
		}}},
		Notices: []v1alpha1.Notice{{Reason: "Old", Message: "it is old"}},
	}
}

func TestVendorsPage(t *testing.T) {
	got := vendorsPage([]providers.Provider{fake{description: box()}}, []constant{{Value: "TLS", Doc: "is spec.tls."}})
	cases := map[string]string{
		"features of the first way": "| `Box` | `ClusterIP` | `box.example` | – | – | – | – | – | yes | – | – | – |\n",
		"features of an opt-in way": "| `Box` | `Header` (opt-in) | | – | – | – | – | – | – | – | – | – |\n",
		"meaning of a feature":      "- `TLS` is spec.tls.\n",
		"ways in order": "1. `ClusterIP`, if the API server serves `boxes.box.example`: boxes can\n" +
			"2. `Header` (opt-in): headers can too\n",
		"kinds":      "- written: `Box box.example/v1`\n- patched: `ConfigMap v1`\n\n",
		"data plane": "| Deployment | `a=1`, `b=2` | `proxy` | box/proxy v1 |\n",
		"notices":    "- `Old`: it is old\n",
	}
	for name, want := range cases {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(got, want) {
				t.Errorf("the page lacks\n%s\nin\n%s", want, got)
			}
		})
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

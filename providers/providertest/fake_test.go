// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package providertest

import (
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/objects"
)

var kindRoute = providers.Kind{
	GroupVersionKind: schema.GroupVersionKind{Group: "fake.test", Version: "v1", Kind: "Route"}, Resource: "routes",
}

// fake writes a Route with the destinations of a MeshIngress, and is then spoilt.
type fake struct {
	spoil func(in providers.Input, plan *providers.Plan)
}

func (fake) Describe() providers.Description {
	return providers.Description{
		Vendor: v1alpha1.VendorTraefik, Title: "Fake",
		Writes:  []providers.Kind{kindRoute},
		Patches: []providers.Kind{providers.KindConfigMap},
		Strategies: []providers.StrategySupport{{
			Strategy: v1alpha1.StrategyHeader, Reason: "it is a fake", Needs: []providers.Kind{kindRoute},
			Features: []providers.Feature{providers.FeatureAnyHost},
		}},
	}
}

func (fake) Reads(providers.Input) []providers.Read {
	return []providers.Read{{Kind: providers.KindConfigMap}}
}

func (f fake) Translate(in providers.Input) (providers.Plan, field.ErrorList) {
	route := objects.New(kindRoute, in.Namespace, in.Name, in.Labels, nil)
	var destinations []string
	for _, r := range in.Routes {
		destinations = append(destinations, r.Backends[0].Destination(in.ClusterDomain))
	}
	route.Object["spec"] = map[string]any{"l5d-dst-override": strings.Join(destinations, ",")}
	plan := providers.Plan{}
	plan.Objects = append(plan.Objects, route)
	if f.spoil != nil {
		f.spoil(in, &plan)
	}
	return plan, nil
}

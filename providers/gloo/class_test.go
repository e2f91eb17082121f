// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gloo_test

import (
	"testing"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/gloo"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

func TestTheClassSetsOneFieldOfItsSettings(t *testing.T) {
	class := classWith("")
	class.Spec.Gloo = &v1alpha1.GlooOptions{SettingsRef: &v1alpha1.ObjectKey{Namespace: "infra", Name: "public"}}
	for want, class := range map[string]providers.Class{"gloo-system/default": classWith(""), "infra/public": class} {
		plan, errs := gloo.New().TranslateClass(providers.ClassInput{Class: class, ClusterDomain: "cluster.local"})
		if len(errs) > 0 || len(plan.Objects) > 0 || len(plan.Fields) != 1 {
			t.Fatalf("errors %v, plan %v", errs, plan)
		}
		target := plan.Fields[0].Target
		story.Diff(t, "target", want, target.Namespace+"/"+target.Name)
		story.Diff(t, "kind", "gloo.solo.io/v1, Kind=Settings", target.String())
		story.Diff(t, "fields", map[string]any{"spec": map[string]any{"linkerd": true}}, plan.Fields[0].Fields)
	}
}

func TestOtherHeadersLeaveTheSettingsAlone(t *testing.T) {
	for _, header := range headers()[1:] {
		plan, errs := gloo.New().TranslateClass(providers.ClassInput{Class: classWith(header), ClusterDomain: "cluster.local"})
		if len(errs) > 0 || len(plan.Fields)+len(plan.Objects)+len(plan.Notices) > 0 {
			t.Errorf("%s: errors %v, plan %v", header, errs, plan)
		}
	}
}

func TestAnotherClusterDomain(t *testing.T) {
	for name, tc := range map[string]struct {
		header  v1alpha1.GlooHeader
		class   []story.Failure
		ingress []story.Failure
		reason  string
	}{
		"cannot be in the header of Settings": {
			"",
			[]story.Failure{story.Invalid("spec.gloo.header")},
			[]story.Failure{story.Invalid("spec.className")},
			"",
		},
		"can be in that of a route":          {"HeaderManipulation", nil, nil, gloo.ReasonSettingsStayOff},
		"can be in that of a transformation": {"Transformation", nil, nil, gloo.ReasonSettingsStayOff},
	} {
		t.Run(name, func(t *testing.T) {
			plan, errs := gloo.New().TranslateClass(providers.ClassInput{
				Class: classWith(tc.header), ClusterDomain: "mesh.internal",
			})
			story.Diff(t, "failures of the class", tc.class, story.FailuresOf(t, errs))
			var reason string
			for _, n := range plan.Notices {
				reason = n.Reason
			}
			story.Diff(t, "notice", tc.reason, reason)
			in := input(tc.header, story.Prefix("a.test", "/"))
			in.ClusterDomain = "mesh.internal"
			story.Diff(t, "failures of the MeshIngress", tc.ingress, failures(t, in))
		})
	}
}

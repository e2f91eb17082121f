// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gloo

import (
	"fmt"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/objects"
)

// clusterDomain is in every header that Settings make Gloo set: it is not a setting
// (projects/gloo/pkg/plugins/linkerd/plugin.go, createHeaderForUpstream).
const clusterDomain = "cluster.local"

// settingsOf are the Settings of the class; gloo-system/default is what the chart
// installs (install/helm/gloo/templates/18-settings.yaml).
func settingsOf(class providers.Class) v1alpha1.ObjectKey {
	if o := class.Spec.Gloo; o != nil && o.SettingsRef != nil {
		return *o.SettingsRef
	}
	return v1alpha1.ObjectKey{Namespace: "gloo-system", Name: "default"}
}

// TranslateClass sets spec.linkerd of the Settings, where the class asks for that. The
// header then replaces what a client sent.
//
// Errors: Invalid for header: Settings where Linkerd has another cluster domain than
// Gloo takes.
func (Provider) TranslateClass(in providers.ClassInput) (providers.Plan, field.ErrorList) {
	if headerOf(in.Class) != v1alpha1.GlooSettings {
		return providers.Plan{Notices: stayOff(in)}, nil
	}
	if in.ClusterDomain != clusterDomain {
		return providers.Plan{}, field.ErrorList{field.Invalid(
			field.NewPath("spec", "gloo", "header"), v1alpha1.GlooSettings, wrongDomain(in.ClusterDomain))}
	}
	ref := settingsOf(in.Class)
	return providers.Plan{
		Fields: []providers.FieldSet{objects.Fields(kindSettings, ref.Namespace, ref.Name, map[string]any{
			"spec": map[string]any{"linkerd": true},
		})},
		Notices: []v1alpha1.Notice{{
			Reason: ReasonAffectsAllRoutes,
			Message: fmt.Sprintf("spec.linkerd of Settings %s/%s sets %s on every route of Gloo to a Service, also on those of no "+
				"MeshIngress; a route to one destination with options.headerManipulation of its own loses it.",
				ref.Namespace, ref.Name, linkerd.OverrideHeader),
		}},
	}, nil
}

func wrongDomain(domain string) string {
	return fmt.Sprintf("Gloo writes the cluster domain %s into the header, and that of Linkerd is %s: "+
		"set spec.gloo.header of the class to HeaderManipulation", clusterDomain, domain)
}

// stayOff warns of a header of Settings beside that of a route: Gloo puts it last on a
// weighted destination, and Envoy after a transformation.
func stayOff(in providers.ClassInput) []v1alpha1.Notice {
	if in.ClusterDomain == clusterDomain {
		return nil
	}
	return []v1alpha1.Notice{{
		Reason: ReasonSettingsStayOff,
		Message: fmt.Sprintf("spec.linkerd of Gloo's Settings must stay off: it would set %s with the cluster domain %s, "+
			"and that of Linkerd is %s.", linkerd.OverrideHeader, clusterDomain, in.ClusterDomain),
	}}
}

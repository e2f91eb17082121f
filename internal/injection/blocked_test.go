// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package injection_test

import (
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/test/builders"
)

// What Linkerd as it is installed does not inject, or not so that it works.
func TestWhatIsInTheWayOfThisLinkerd(t *testing.T) {
	injector, err := linkerd.ReadInjector(&admissionv1.MutatingWebhookConfiguration{Webhooks: []admissionv1.MutatingWebhook{{
		ObjectSelector: &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{
			{Key: "linkerd.io/cni-resource", Operator: metav1.LabelSelectorOpDoesNotExist},
		}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	const pods, space = v1alpha1.InjectionTargetWorkload, v1alpha1.InjectionTargetNamespace
	for name, tc := range map[string]struct {
		label    string // of the pods
		pods     string // annotation of the pods
		inject   string // annotation of the Namespace
		target   v1alpha1.InjectionTarget
		strategy v1alpha1.Strategy
		version  string
		remedy   string // empty where nothing is in the way
	}{
		"nothing":                            {},
		"a label that the injector passes":   {label: "linkerd.io/cni-resource", remedy: "spec.template.metadata.labels"},
		"another label":                      {label: "example.com/cni-resource"},
		"a Namespace that is injected":       {inject: "enabled", target: pods},
		"a Namespace in ingress mode":        {inject: "ingress", target: pods},
		"a Namespace that is not injected":   {inject: "disabled", target: pods},
		"a Namespace that makes no sense":    {inject: "true", target: pods, remedy: "set it to one of enabled, ingress, disabled, or remove it"},
		"a Namespace in another case":        {inject: "Enabled", target: pods, remedy: "or remove it"},
		"a Namespace, whose value ours is":   {inject: "true", target: space},
		"pods that are to be left alone":     {pods: "disabled", target: space, remedy: "take it off what the pod template is generated from"},
		"pods whose value makes no sense":    {pods: "true", target: space, remedy: "take it off"},
		"pods that are injected in any case": {pods: "enabled", target: space},
		"pods with no word":                  {pods: "", target: space},
		"pods whose value is in our place":   {pods: "disabled", target: pods},
		"a version with the fault":           {strategy: v1alpha1.StrategyHeader, version: "stable-2.13.4", remedy: "2.13.5 or later, or set spec.routing: ClusterIP"},
		"the fault, which does not matter":   {strategy: v1alpha1.StrategyClusterIP, version: "stable-2.13.4"},
		"a version without the fault":        {strategy: v1alpha1.StrategyHeader, version: "stable-2.13.5"},
		"an edge release with the fault":     {strategy: v1alpha1.StrategyHeader, version: "edge-23.5.1", remedy: "upgrade"},
		"an edge release without the fault":  {strategy: v1alpha1.StrategyHeader, version: "edge-26.8.3"},
	} {
		t.Run(name, func(t *testing.T) {
			w, c := proxy("infra", "edge"), cluster(nil)
			w.Template.Labels[tc.label] = "true"
			w.Template.Annotations = map[string]string{linkerd.InjectAnnotation: tc.pods}
			c.Linkerd.Injector, c.Linkerd.Version = injector, tc.version
			ns := builders.Namespace("infra")
			ns.Annotations = map[string]string{linkerd.InjectAnnotation: tc.inject}
			c.Namespaces["infra"] = ns
			class := builders.Class("public", v1alpha1.VendorTraefik)
			class.Spec.DataPlane.InjectionTarget = tc.target
			d := injection.Discovery{Workloads: []injection.Workload{w}, Ports: [][]int32{nil}}
			claim := injection.Plan(class, tc.strategy, d, c)[0]
			if (claim.Blocked == "") != (tc.remedy == "") || !strings.Contains(claim.Blocked, tc.remedy) {
				t.Errorf("blocked as %q, want the remedy %q", claim.Blocked, tc.remedy)
			}
			if (claim.Blocked == "") != (claim.Annotations != nil) {
				t.Errorf("blocked as %q, and yet the annotations are %v", claim.Blocked, claim.Annotations)
			}
		})
	}
}

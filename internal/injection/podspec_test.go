// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package injection_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/ptr"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/test/builders"
)

type podSpec = map[string]any

// planWith plans for a workload that mounts no token.
func planWith(c injection.Cluster, asked podSpec, projected bool, targets ...v1alpha1.InjectionTarget) injection.Claim {
	w := proxy("infra", "edge", func(w *injection.Workload) { w.Template.Spec.AutomountServiceAccountToken = ptr.To(false) })
	c.PodSpec, c.Linkerd.TokenProjection = asked, projected
	d := injection.Discovery{Workloads: []injection.Workload{w}, Ports: [][]int32{nil}, Targets: targets}
	claim := injection.Plan(builders.Class("public", v1alpha1.VendorContour), v1alpha1.StrategyHeader, d, c)[0]
	if *w.Template.Spec.AutomountServiceAccountToken {
		panic("the workload has changed")
	}
	return claim
}

func TestATokenThatTheClassMountsIsNotMissing(t *testing.T) {
	mounts := podSpec{"automountServiceAccountToken": true, "serviceAccountName": "mesh"}
	c := cluster(nil)
	c.Namespaces["infra"] = builders.Namespace("infra")
	for name, tc := range map[string]struct {
		asked     podSpec
		projected bool
		targets   []v1alpha1.InjectionTarget
		want      podSpec
		blocked   bool
	}{
		"projected":                                {projected: true},
		"projected, and mounted all the same":      {asked: mounts, projected: true, want: mounts},
		"not projected, and mounted":               {asked: mounts, want: mounts},
		"not projected, nor mounted":               {blocked: true},
		"projected, where there is no place":       {asked: mounts, projected: true, targets: []v1alpha1.InjectionTarget{toNamespace}},
		"not projected, and no place to mount one": {asked: mounts, targets: []v1alpha1.InjectionTarget{toNamespace}, blocked: true},
	} {
		t.Run(name, func(t *testing.T) {
			claim := planWith(c, tc.asked, tc.projected, tc.targets...)
			if (claim.Blocked != "") != tc.blocked || (tc.blocked && !strings.Contains(claim.Blocked, "serviceAccountTokenProjection")) {
				t.Errorf("blocked by %q", claim.Blocked)
			}
			if diff := cmp.Diff(tc.want, claim.PodSpec); diff != "" {
				t.Errorf("pod spec (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFieldsHoldAnnotationsAndPodSpec(t *testing.T) {
	asked := podSpec{"automountServiceAccountToken": true}
	claim := planWith(cluster(nil), asked, true)
	got := claim.Target.Fields(claim.Annotations, claim.PodSpec)
	want := map[string]any{"spec": map[string]any{"template": map[string]any{
		"metadata": map[string]any{"annotations": map[string]any{linkerd.InjectAnnotation: "ingress"}},
		"spec":     map[string]any{"automountServiceAccountToken": true},
	}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	_ = unstructured.SetNestedField(got, "spoilt", "spec", "template", "spec", "x")
	if len(asked) > 1 {
		t.Error("the fields share a map with the claim")
	}
	if fields := claim.Target.Fields(nil, asked); fields != nil {
		t.Errorf("without annotations there is %v", fields)
	}
}

func TestMergePodSpecs(t *testing.T) {
	token, mesh, other := podSpec{"a": true}, podSpec{"a": true, "name": "mesh"}, podSpec{"a": true, "name": "other"}
	for name, tc := range map[string]struct{ older, younger, want podSpec }{
		"nobody's":                   {},
		"the older's":                {older: mesh, want: mesh},
		"the younger's":              {younger: mesh, want: mesh},
		"what the older leaves open": {older: token, younger: mesh, want: mesh},
		"the older's of two":         {older: mesh, younger: other, want: mesh},
	} {
		t.Run(name, func(t *testing.T) {
			older, younger := claim("b", 1, annotations{"linkerd.io/inject": "ingress"}), claim("a", 2, annotations{"linkerd.io/inject": "ingress"})
			older.PodSpec, younger.PodSpec = tc.older, tc.younger
			got := injection.Merge([]injection.ClassClaim{younger, older}).PodSpec
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("merged (-want +got):\n%s", diff)
			}
			for k := range got {
				got[k] = "spoilt"
			}
			if diff := cmp.Diff([]podSpec{tc.older, tc.younger}, []podSpec{older.PodSpec, younger.PodSpec}); diff != "" {
				t.Errorf("the claims have changed: %s", diff)
			}
		})
	}
}

func TestAModeThatLosesBringsNoPodSpec(t *testing.T) {
	older, younger := claim("a", 1, annotations{"linkerd.io/inject": "enabled"}), claim("b", 2, annotations{"linkerd.io/inject": "ingress"})
	younger.PodSpec = podSpec{"automountServiceAccountToken": true}
	if got := injection.Merge([]injection.ClassClaim{older, younger}); got.PodSpec != nil {
		t.Errorf("got %v", got.PodSpec)
	}
}

func TestServiceAccountsOfClaims(t *testing.T) {
	of := func(namespace string, asked podSpec) injection.Claim {
		return injection.Claim{Workload: proxy(namespace, "edge"), PodSpec: asked}
	}
	mesh := podSpec{"serviceAccountName": "mesh"}
	var got []string
	for _, o := range injection.ServiceAccounts([]injection.Claim{
		of("infra", mesh), of("infra", mesh), of("other", mesh), of("infra", nil), of("infra", podSpec{"automountServiceAccountToken": true}),
	}) {
		got = append(got, o.GetAPIVersion()+" "+o.GetKind()+" "+o.GetNamespace()+"/"+o.GetName())
	}
	if want := []string{"v1 ServiceAccount infra/mesh", "v1 ServiceAccount other/mesh"}; !slices.Equal(want, got) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package injection_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/test/builders"
)

const skip = "config.linkerd.io/skip-inbound-ports"

type annotations = map[string]string

func TestAnnotationsOfAStrategy(t *testing.T) {
	for name, tc := range map[string]struct {
		strategy v1alpha1.Strategy
		ports    []int32
		want     annotations
	}{
		"ClusterIP routing": {
			strategy: v1alpha1.StrategyClusterIP, ports: []int32{8000, 8443},
			want: annotations{"linkerd.io/inject": "enabled", skip: "8000,8443"},
		},
		"header routing": {
			strategy: v1alpha1.StrategyHeader, ports: []int32{8000},
			want: annotations{"linkerd.io/inject": "ingress", skip: "8000"},
		},
		"no ports": {
			strategy: v1alpha1.StrategyHeader, want: annotations{"linkerd.io/inject": "ingress"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			class := builders.Class("public", v1alpha1.VendorTraefik)
			d := injection.Discovery{Workloads: []injection.Workload{proxy("infra", "edge")}, Ports: [][]int32{tc.ports}}
			claims := injection.Plan(class, tc.strategy, d, cluster(nil))
			if len(claims) != 1 || claims[0].Blocked != "" || claims[0].Workload.Name != "edge" {
				t.Fatalf("got %+v, want one claim that nothing blocks", claims)
			}
			if diff := cmp.Diff(tc.want, claims[0].Annotations); diff != "" {
				t.Errorf("annotations (-want +got):\n%s", diff)
			}
		})
	}
}

// seesOnly makes an injector that sees the namespaces with a label.
func seesOnly(t *testing.T, label string) *linkerd.Injector {
	t.Helper()
	injector, err := linkerd.ReadInjector(&admissionv1.MutatingWebhookConfiguration{Webhooks: []admissionv1.MutatingWebhook{{
		NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{label: "yes"}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	return injector
}

func TestWhatIsInTheWay(t *testing.T) {
	pod := func(change func(*corev1.PodSpec)) func(*injection.Workload) {
		return func(w *injection.Workload) { change(&w.Template.Spec) }
	}
	container := func(name, image string) func(*injection.Workload) {
		return pod(func(p *corev1.PodSpec) {
			p.Containers = append(p.Containers, corev1.Container{Name: name, Image: image})
		})
	}
	initContainer := func(name, image string) func(*injection.Workload) {
		return pod(func(p *corev1.PodSpec) {
			p.InitContainers = append(p.InitContainers, corev1.Container{Name: name, Image: image})
		})
	}
	nothing := func(*injection.Workload) {}
	noToken := pod(func(p *corev1.PodSpec) { p.AutomountServiceAccountToken = ptr.To(false) })
	sees, known := seesOnly(t, "mesh"), builders.Namespace("infra")
	meshed := builders.Namespace("infra")
	meshed.Labels = map[string]string{"mesh": "yes"}
	for name, tc := range map[string]struct {
		change     func(*injection.Workload)
		injector   *linkerd.Injector
		namespace  *corev1.Namespace
		unprojects bool
		remedy     string // empty where nothing is in the way
	}{
		"nothing": {change: nothing},
		"the host's network": {
			change: pod(func(p *corev1.PodSpec) { p.HostNetwork = true }), remedy: "set hostNetwork: false",
		},
		"Istio's proxy":              {change: container("istio-proxy", ""), remedy: "remove it"},
		"Istio's proxy as a sidecar": {change: initContainer("istio-proxy", ""), remedy: "remove it"},
		"Istio's proxy by its image": {
			change: container("x", "gcr.io/istio-release/proxyv2:1.2"), remedy: "remove it",
		},
		"Istio's init container":         {change: initContainer("istio-init", ""), remedy: "remove it"},
		"Linkerd's proxy put in by hand": {change: container("linkerd-proxy", ""), remedy: "remove it"},
		"Linkerd's proxy by its image": {
			change: container("x", "cr.l5d.io/linkerd/proxy:edge-26.8.3"), remedy: "remove it",
		},
		"Linkerd's init container":         {change: initContainer("linkerd-init", ""), remedy: "remove it"},
		"an image with a similar name":     {change: container("x", "cr.l5d.io/linkerd/proxy-tools:1")},
		"no token, where one is projected": {change: noToken},
		"no token, where none is projected": {
			change: noToken, unprojects: true, remedy: "automountServiceAccountToken: true",
		},
		"a token, where none is projected":   {change: nothing, unprojects: true},
		"a namespace that the injector sees": {change: nothing, injector: sees, namespace: meshed},
		"a namespace that it does not see": {
			change: nothing, injector: sees, namespace: known, remedy: "move the controller",
		},
		"a namespace that is not known":    {change: nothing, injector: sees},
		"no injector, which is for others": {change: nothing, namespace: known},
	} {
		t.Run(name, func(t *testing.T) {
			w := proxy("infra", "edge", tc.change)
			c := cluster(nil)
			c.Linkerd.Injector, c.Linkerd.TokenProjection = tc.injector, !tc.unprojects
			if tc.namespace != nil {
				c.Namespaces["infra"] = tc.namespace
			}
			d := injection.Discovery{Workloads: []injection.Workload{w}, Ports: [][]int32{{8000}}}
			claim := injection.Plan(builders.Class("public", v1alpha1.VendorTraefik), v1alpha1.StrategyClusterIP, d, c)[0]
			if (claim.Blocked == "") != (tc.remedy == "") || !strings.Contains(claim.Blocked, tc.remedy) {
				t.Errorf("blocked as %q, want the remedy %q", claim.Blocked, tc.remedy)
			}
			if (claim.Blocked == "") != (claim.Annotations != nil) {
				t.Errorf("blocked as %q, and yet the annotations are %v", claim.Blocked, claim.Annotations)
			}
		})
	}
}

func TestMode(t *testing.T) {
	for strategy, want := range map[v1alpha1.Strategy]string{
		v1alpha1.StrategyClusterIP: "enabled", v1alpha1.StrategyHeader: "ingress",
	} {
		if got := injection.Mode(strategy); got != want {
			t.Errorf("%s needs the mode %q, not %q", strategy, want, got)
		}
	}
}

// claim is what a class that was born on a day asks of a workload.
func claim(name string, born int, asked annotations) injection.ClassClaim {
	class := builders.Class(name, v1alpha1.VendorTraefik)
	class.CreationTimestamp = day(born)
	return injection.ClassClaim{Class: class, Claim: injection.Claim{Workload: proxy("infra", "edge"), Annotations: asked}}
}

func TestMerge(t *testing.T) {
	enabled := func(ports string) annotations { return annotations{"linkerd.io/inject": "enabled", skip: ports} }
	ingress := func(ports string) annotations { return annotations{"linkerd.io/inject": "ingress", skip: ports} }
	bare := annotations{"linkerd.io/inject": "enabled"}
	for name, tc := range map[string]struct {
		claims []injection.ClassClaim
		want   annotations
		losers map[string]string
	}{
		"nobody": {},
		"one": {
			claims: []injection.ClassClaim{claim("a", 1, enabled("8000"))}, want: enabled("8000"),
		},
		"one that is blocked": {claims: []injection.ClassClaim{claim("a", 1, nil)}},
		"the same twice": {
			claims: []injection.ClassClaim{claim("a", 1, enabled("8000")), claim("b", 2, enabled("8000"))},
			want:   enabled("8000"),
		},
		"the union of the ports": {
			claims: []injection.ClassClaim{claim("a", 1, enabled("9000,8443")), claim("b", 2, enabled("8000,8443"))},
			want:   enabled("8000,8443,9000"),
		},
		"ports of the younger only": {
			claims: []injection.ClassClaim{claim("a", 1, bare), claim("b", 2, enabled("8000"))},
			want:   enabled("8000"),
		},
		"no ports at all": {
			claims: []injection.ClassClaim{claim("a", 1, bare), claim("b", 2, bare)}, want: bare,
		},
		"the mode of the oldest": {
			claims: []injection.ClassClaim{claim("b", 1, ingress("8000")), claim("a", 2, enabled("9000"))},
			want:   ingress("8000"), losers: map[string]string{"a": "b"},
		},
		"of equal age, the first by name": {
			claims: []injection.ClassClaim{claim("b", 1, ingress("8000")), claim("a", 1, enabled("9000"))},
			want:   enabled("9000"), losers: map[string]string{"b": "a"},
		},
		"two lose to one": {
			claims: []injection.ClassClaim{claim("a", 1, ingress("1")), claim("b", 2, enabled("2")), claim("c", 3, enabled("3"))},
			want:   ingress("1"), losers: map[string]string{"b": "a", "c": "a"},
		},
		"who loses brings no ports": {
			claims: []injection.ClassClaim{claim("a", 1, ingress("1")), claim("b", 2, enabled("2")), claim("c", 3, ingress("3"))},
			want:   ingress("1,3"), losers: map[string]string{"b": "a"},
		},
		"who is blocked wins nothing": {
			claims: []injection.ClassClaim{claim("a", 1, nil), claim("b", 2, ingress("1"))}, want: ingress("1"),
		},
	} {
		t.Run(name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, 2))
			for range 8 {
				given := append([]injection.ClassClaim{}, tc.claims...)
				random.Shuffle(len(given), func(i, j int) { given[i], given[j] = given[j], given[i] })
				before := append([]injection.ClassClaim{}, given...)
				got := injection.Merge(given)
				want := injection.Merged{Annotations: tc.want, Losers: tc.losers}
				if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
					t.Fatalf("merged (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(names(before), names(given)); diff != "" {
					t.Fatalf("the argument is in another order: %s", diff)
				}
			}
		})
	}
}

// Nothing of a claim is shared with what is merged: a claim goes into the status.
func TestMergeLeavesClaimsAsTheyAre(t *testing.T) {
	older := claim("a", 1, annotations{"linkerd.io/inject": "enabled", skip: "1"})
	younger := claim("b", 2, annotations{"linkerd.io/inject": "enabled", skip: "2"})
	injection.Merge([]injection.ClassClaim{older, younger}).Annotations["spoilt"] = "yes"
	if diff := cmp.Diff(annotations{"linkerd.io/inject": "enabled", skip: "1"}, older.Annotations); diff != "" {
		t.Errorf("the older claim: %s", diff)
	}
	if diff := cmp.Diff(annotations{"linkerd.io/inject": "enabled", skip: "2"}, younger.Annotations); diff != "" {
		t.Errorf("the younger claim: %s", diff)
	}
}

func names(claims []injection.ClassClaim) []string {
	var out []string
	for _, c := range claims {
		out = append(out, c.Class.Name)
	}
	return out
}

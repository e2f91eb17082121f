// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package injection_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/test/builders"
)

const (
	toNamespace = v1alpha1.InjectionTargetNamespace
	toWorkload  = v1alpha1.InjectionTargetWorkload
	toGateway   = v1alpha1.InjectionTargetGateway
)

// claimFor plans for the one Deployment infra/edge in a Namespace that is enabled.
func claimFor(
	t *testing.T, asked v1alpha1.InjectionTarget, offered []v1alpha1.InjectionTarget,
	find func(v1alpha1.InjectionTarget, injection.Workload) (*unstructured.Unstructured, []string, error),
	changes ...func(*injection.Workload),
) injection.Claim {
	t.Helper()
	class := builders.Class("public", v1alpha1.VendorEnvoyGateway)
	class.Spec.DataPlane.InjectionTarget = asked
	c := cluster(nil, proxy("infra", "edge", changes...))
	c.Find = find
	c.Namespaces["infra"] = &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: "infra", UID: "ns-uid", Annotations: map[string]string{"linkerd.io/inject": "enabled"},
	}}
	dataPlane := where()
	dataPlane.Targets = offered
	d, err := injection.Discover(class, dataPlane, c)
	if err != nil {
		t.Fatal(err)
	}
	claims := injection.Plan(class, v1alpha1.StrategyHeader, d, c)
	if len(claims) != 1 {
		t.Fatalf("got %+v, want one claim", claims)
	}
	return claims[0]
}

func ofGateway() *metav1.OwnerReference {
	return &metav1.OwnerReference{Kind: "Gateway", Name: "public"}
}

func TestWhereAnnotationsGo(t *testing.T) {
	gateway := func(target v1alpha1.InjectionTarget, w injection.Workload) (*unstructured.Unstructured, []string, error) {
		if target != toGateway || w.Name != "edge" {
			t.Errorf("asked for %s of %s", target, w)
		}
		o := &unstructured.Unstructured{Object: map[string]any{
			"spec": map[string]any{"infrastructure": map[string]any{"annotations": map[string]any{"a": "b"}}},
		}}
		o.SetAPIVersion("gateway.networking.k8s.io/v1")
		o.SetKind("Gateway")
		o.SetNamespace("infra")
		o.SetName("public")
		o.SetUID("gw-uid")
		return o, []string{"spec", "infrastructure", "annotations"}, nil
	}
	wish := map[string]any{"linkerd.io/inject": "ingress"}
	for name, tc := range map[string]struct {
		asked   v1alpha1.InjectionTarget
		offered []v1alpha1.InjectionTarget
		owner   *metav1.OwnerReference
		target  string
		uid     string
		current map[string]string
		fields  map[string]any
	}{
		"the pod template, where the vendor says nothing": {
			target: "Deployment infra/edge", fields: map[string]any{"spec": map[string]any{"template": map[string]any{
				"metadata": map[string]any{"annotations": wish},
			}}},
		},
		"the vendor's first": {
			offered: []v1alpha1.InjectionTarget{toNamespace, toGateway}, target: "Namespace infra", uid: "ns-uid",
			current: map[string]string{"linkerd.io/inject": "enabled"},
			fields:  map[string]any{"metadata": map[string]any{"annotations": wish}},
		},
		"the vendor's second, for a workload that another controller generates": {
			offered: []v1alpha1.InjectionTarget{toWorkload, toGateway}, owner: ofGateway(),
			target: "Gateway infra/public", uid: "gw-uid", current: map[string]string{"a": "b"},
			fields: map[string]any{"spec": map[string]any{"infrastructure": map[string]any{"annotations": wish}}},
		},
		"what the class asks for": {
			asked: toGateway, offered: []v1alpha1.InjectionTarget{toNamespace, toGateway},
			target: "Gateway infra/public", uid: "gw-uid", current: map[string]string{"a": "b"},
			fields: map[string]any{"spec": map[string]any{"infrastructure": map[string]any{"annotations": wish}}},
		},
		"the pod template, where the class asks for it": {
			asked: toWorkload, offered: []v1alpha1.InjectionTarget{toGateway, toWorkload}, target: "Deployment infra/edge",
			fields: map[string]any{"spec": map[string]any{"template": map[string]any{
				"metadata": map[string]any{"annotations": wish},
			}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			claim := claimFor(t, tc.asked, tc.offered, gateway, func(w *injection.Workload) { w.Owner = tc.owner })
			if claim.Blocked != "" {
				t.Fatalf("blocked: %s", claim.Blocked)
			}
			got := []any{claim.Target.String(), string(claim.Target.UID), claim.Target.Current, claim.Target.Fields(claim.Annotations, claim.PodSpec)}
			if diff := cmp.Diff([]any{tc.target, tc.uid, tc.current, tc.fields}, got); diff != "" {
				t.Errorf("target (-want +got):\n%s", diff)
			}
			if claim.Target.Fields(nil, nil) != nil {
				t.Error("no annotations make fields")
			}
		})
	}
}

func TestWhereAnnotationsCannotGo(t *testing.T) {
	owned := func(w *injection.Workload) { w.Owner = ofGateway() }
	missing := func(v1alpha1.InjectionTarget, injection.Workload) (*unstructured.Unstructured, []string, error) {
		return nil, nil, errors.New("there is no Gateway infra/public")
	}
	for name, tc := range map[string]struct {
		asked   v1alpha1.InjectionTarget
		offered []v1alpha1.InjectionTarget
		changes []func(*injection.Workload)
		want    []string
	}{
		"a pod template that the vendor generates": {
			asked: toWorkload, offered: []v1alpha1.InjectionTarget{toNamespace, toGateway}, want: []string{"generated", "Namespace, Gateway"},
		},
		"a workload that another controller generates": {
			changes: []func(*injection.Workload){owned}, want: []string{"Gateway public", "Ignore"},
		},
		"a workload that another controller generates, where the class names it all the same": {
			asked: toWorkload, offered: []v1alpha1.InjectionTarget{toWorkload, toGateway}, changes: []func(*injection.Workload){owned},
			want: []string{"Gateway public", "injectionTarget to Gateway"},
		},
		"what the vendor does not find": {asked: toGateway, offered: []v1alpha1.InjectionTarget{toGateway}, want: []string{"there is no Gateway"}},
	} {
		t.Run(name, func(t *testing.T) {
			claim := claimFor(t, tc.asked, tc.offered, missing, tc.changes...)
			if claim.Annotations != nil {
				t.Errorf("asks for %v", claim.Annotations)
			}
			for _, word := range tc.want {
				if !strings.Contains(claim.Blocked, word) {
					t.Errorf("blocked by %q, which does not say %q", claim.Blocked, word)
				}
			}
		})
	}
}

// A target may itself be generated, of an object that is the target in its place.
func TestAutoTakesTheFirstTargetThatThereIs(t *testing.T) {
	const toProxy = v1alpha1.InjectionTargetEnvoyProxy
	offered := []v1alpha1.InjectionTarget{toWorkload, toGateway, toProxy}
	for name, tc := range map[string]struct {
		asked v1alpha1.InjectionTarget
		there []v1alpha1.InjectionTarget
		want  string // the target's kind, or a word of what is in the way
	}{
		"the first":                {there: []v1alpha1.InjectionTarget{toGateway, toProxy}, want: "Gateway"},
		"Auto, written out":        {asked: v1alpha1.InjectionTargetAuto, there: []v1alpha1.InjectionTarget{toGateway}, want: "Gateway"},
		"the next":                 {there: []v1alpha1.InjectionTarget{toProxy}, want: "EnvoyProxy"},
		"none: what the last says": {want: "there is no EnvoyProxy"},
		"no other than is asked":   {asked: toGateway, there: []v1alpha1.InjectionTarget{toProxy}, want: "there is no Gateway"},
	} {
		t.Run(name, func(t *testing.T) {
			find := func(target v1alpha1.InjectionTarget, _ injection.Workload) (*unstructured.Unstructured, []string, error) {
				if !slices.Contains(tc.there, target) {
					return nil, nil, fmt.Errorf("there is no %s", target)
				}
				o := &unstructured.Unstructured{Object: map[string]any{}}
				o.SetKind(string(target))
				return o, []string{"metadata", "annotations"}, nil
			}
			claim := claimFor(t, tc.asked, offered, find, func(w *injection.Workload) { w.Owner = ofGateway() })
			if got := claim.Target.Kind + claim.Blocked; got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestEmptyFieldsOnTheWayToTheAnnotations(t *testing.T) {
	path := []string{"spec", "infrastructure", "annotations"}
	for name, tc := range map[string]struct {
		object map[string]any
		empty  string // the field that is in the way
	}{
		"nothing is there":       {map[string]any{}, ""},
		"an empty spec":          {map[string]any{"spec": map[string]any{}}, "spec of"},
		"an empty field":         {map[string]any{"spec": map[string]any{"infrastructure": map[string]any{}}}, "spec.infrastructure of"},
		"something beside it":    {map[string]any{"spec": map[string]any{"other": "x"}}, ""},
		"something empty beside": {map[string]any{"spec": map[string]any{"other": map[string]any{}}}, ""},
		"no annotations": {map[string]any{"spec": map[string]any{"infrastructure": map[string]any{
			"annotations": map[string]any{}, "labels": map[string]any{"a": "b"},
		}}}, "spec.infrastructure.annotations of"},
		"annotations": {map[string]any{"spec": map[string]any{"infrastructure": map[string]any{
			"annotations": map[string]any{"a": "b"},
		}}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			find := func(v1alpha1.InjectionTarget, injection.Workload) (*unstructured.Unstructured, []string, error) {
				o := &unstructured.Unstructured{Object: tc.object}
				o.SetKind("Gateway")
				o.SetName("public")
				return o, path, nil
			}
			claim := claimFor(t, toGateway, []v1alpha1.InjectionTarget{toGateway}, find)
			if (claim.Blocked == "") != (tc.empty == "") || !strings.HasPrefix(claim.Blocked, tc.empty) {
				t.Errorf("blocked by %q, want %q", claim.Blocked, tc.empty)
			}
		})
	}
}

func TestDataPlaneOutsideTheCluster(t *testing.T) {
	dataPlane := providers.DataPlane{Outside: "the proxies are elsewhere"}
	_, err := injection.Discover(builders.Class("public", v1alpha1.VendorGCE), dataPlane, cluster(nil, proxy("infra", "edge")))
	var failed *injection.DiscoveryError
	if !errors.As(err, &failed) || failed.Reason != v1alpha1.ReasonDataPlaneOutsideCluster || failed.Message != dataPlane.Outside {
		t.Errorf("got %v", err)
	}
}

func TestDataPlaneWithoutInboundPorts(t *testing.T) {
	dataPlane := where()
	dataPlane.NoInbound = true
	class := builders.Class("public", v1alpha1.VendorNgrok)
	service := exposed("infra", "edge")
	d, err := injection.Discover(class, dataPlane, cluster([]*corev1.Service{service}, proxy("infra", "edge")))
	if err != nil {
		t.Fatal(err)
	}
	if notices := d.Notices(class); len(notices) > 0 || d.VendorVersion != "v1.2.3" {
		t.Errorf("notices %v, version %q", notices, d.VendorVersion)
	}
	claims := injection.Plan(class, v1alpha1.StrategyClusterIP, d, cluster(nil))
	want := map[string]string{linkerd.InjectAnnotation: linkerd.InjectEnabled}
	if diff := cmp.Diff(want, claims[0].Annotations); diff != "" {
		t.Errorf("annotations (-want +got):\n%s", diff)
	}
}

func TestDataPlaneOfAGateway(t *testing.T) {
	const nameLabel, namespaceLabel = "fake.test/gateway", "fake.test/gateway-namespace"
	labeled := func(name, namespace string) func(*injection.Workload) {
		return func(w *injection.Workload) {
			w.Template.Labels[nameLabel] = name
			if namespace != "" {
				w.Template.Labels[namespaceLabel] = namespace
			}
		}
	}
	all := []injection.Workload{
		proxy("infra", "ours", labeled("public", "infra")), proxy("infra", "theirs", labeled("private", "infra")),
		proxy("system", "same-name", labeled("public", "other")), proxy("system", "bare"),
	}
	ref := &v1alpha1.GatewayReference{ObjectKey: v1alpha1.ObjectKey{Namespace: "infra", Name: "public"}}
	for name, tc := range map[string]struct {
		ref            *v1alpha1.GatewayReference
		namespaceLabel string
		want           string
	}{
		"by both labels":                     {ref, namespaceLabel, "ours"},
		"by one label and its own namespace": {ref, "", "ours"},
		"a class without Gateway":            {nil, namespaceLabel, ""},
	} {
		t.Run(name, func(t *testing.T) {
			dataPlane := where()
			dataPlane.Workloads[0].GatewayName, dataPlane.Workloads[0].GatewayNamespace = nameLabel, tc.namespaceLabel
			class := builders.Class("public", v1alpha1.VendorEnvoyGateway)
			class.Spec.GatewayRef = tc.ref
			d, err := injection.Discover(class, dataPlane, cluster(nil, all...))
			if (err == nil) != (tc.want != "") {
				t.Fatalf("found %v, %v", d.Workloads, err)
			}
			if err == nil && d.Workloads[0].Name != tc.want {
				t.Errorf("found %s", d.Workloads[0])
			}
		})
	}
}

// A Gateway that a label of the vendor names generates the workload, as an owner does.
func TestAWorkloadThatALabelSaysIsGenerated(t *testing.T) {
	const label = "fake.test/owning-gateway"
	labeled := func(w *injection.Workload) { w.Template.Labels[label] = "private" }
	owned := func(w *injection.Workload) { w.Owner = &metav1.OwnerReference{Kind: "Stack", Name: "all"} }
	foreign := func(w *injection.Workload) { w.Template.Labels["app"] = "other" }
	for name, tc := range map[string]struct {
		changes []func(*injection.Workload)
		owner   string
	}{
		"by its label":                           {[]func(*injection.Workload){labeled}, "Gateway private"},
		"by its owner":                           {[]func(*injection.Workload){labeled, owned}, "Stack all"},
		"by nothing":                             {nil, ""},
		"by the label of what the vendor is not": {[]func(*injection.Workload){labeled, foreign}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			dataPlane := where()
			dataPlane.Workloads = append(dataPlane.Workloads, providers.WorkloadSelector{
				Kinds: []string{"Deployment"}, Labels: map[string]string{"app": "proxy"}, OwningGateway: label, Container: "proxy",
			})
			w := proxy("infra", "edge", tc.changes...)
			class := builders.Class("public", v1alpha1.VendorContour)
			class.Spec.DataPlane.Workloads = []v1alpha1.WorkloadReference{w.WorkloadReference}
			d, err := injection.Discover(class, dataPlane, cluster(nil, w))
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if owner := d.Workloads[0].Owner; owner != nil {
				got = owner.Kind + " " + owner.Name
			}
			if got != tc.owner {
				t.Errorf("generated for %q, want %q", got, tc.owner)
			}
		})
	}
}

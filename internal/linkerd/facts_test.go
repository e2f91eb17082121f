// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package linkerd_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/test/fixtures"
)

const defaultOpaquePorts = "25,587,3306,4444,5432,6379,9300,11211"

// fromFixture reads the only object of a kind.
func fromFixture(t *testing.T, fixture, kind string, into any) {
	t.Helper()
	objects, err := fixtures.Objects(fixture)
	if err != nil {
		t.Fatal(err)
	}
	for _, obj := range objects {
		if obj.GetKind() != kind {
			continue
		}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(obj.Object, into); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Fatalf("%s holds no %s", fixture, kind)
}

func config(values string) *corev1.ConfigMap {
	return &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: "linkerd", Name: linkerd.ConfigMapName},
		Data:       map[string]string{"values": values},
	}
}

func TestWithoutLinkerdThereAreDefaults(t *testing.T) {
	want := linkerd.Facts{
		ClusterDomain: "cluster.local", TokenProjection: true, OpaquePorts: defaultOpaquePorts,
		DefaultInboundPolicy: "all-unauthenticated",
	}
	if diff := cmp.Diff(want, linkerd.Unknown()); diff != "" {
		t.Error(diff)
	}
}

func TestReadConfigOfAnInstallation(t *testing.T) {
	var cm corev1.ConfigMap
	fromFixture(t, fixtures.Linkerd, "ConfigMap", &cm)
	got, err := linkerd.ReadConfig(&cm)
	if err != nil {
		t.Fatal(err)
	}
	want := linkerd.Facts{
		Found: true, Namespace: "linkerd", Version: "edge-26.8.3", ClusterDomain: "cluster.local",
		TokenProjection: true, OpaquePorts: defaultOpaquePorts,
		IgnoreInboundPorts: "4567,4568", IgnoreOutboundPorts: "4567,4568", NativeSidecar: true,
		DefaultInboundPolicy: "all-unauthenticated",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
}

func TestReadConfig(t *testing.T) {
	defaults := linkerd.Unknown()
	defaults.Found, defaults.Namespace = true, "linkerd"
	for name, tc := range map[string]struct {
		values string
		want   func(*linkerd.Facts)
	}{
		"null": {values: "null", want: func(*linkerd.Facts) {}},
		"only nulls": {
			values: "{clusterDomain: null, linkerdVersion: null, identity: null, proxy: null}",
			want:   func(*linkerd.Facts) {},
		},
		"nulls below": {
			values: "{identity: {serviceAccountTokenProjection: null}, proxy: {opaquePorts: null}}",
			want:   func(*linkerd.Facts) {},
		},
		"what is not read": {
			values: "{clusterNetworks: [], proxy: {cores: {}}}", want: func(*linkerd.Facts) {},
		},
		"a version": {
			values: "linkerdVersion: stable-2.14.10", want: func(f *linkerd.Facts) { f.Version = "stable-2.14.10" },
		},
		"another cluster domain": {
			values: "clusterDomain: k8s.example.org",
			want:   func(f *linkerd.Facts) { f.ClusterDomain = "k8s.example.org" },
		},
		"no token projection": {
			values: "identity: {serviceAccountTokenProjection: false}",
			want:   func(f *linkerd.Facts) { f.TokenProjection = false },
		},
		"opaque ports": {
			values: "proxy: {opaquePorts: '3306,5432'}",
			want:   func(f *linkerd.Facts) { f.OpaquePorts = "3306,5432" },
		},
		"one opaque port, given with --set": {
			values: "proxy: {opaquePorts: 3306}", want: func(f *linkerd.Facts) { f.OpaquePorts = "3306" },
		},
		"Linkerd's CNI plugin": {values: "cniEnabled: true", want: func(f *linkerd.Facts) { f.CNI = true }},
		"ports that no proxy takes": {
			values: "proxyInit: {ignoreInboundPorts: '25,100-200', ignoreOutboundPorts: 25}",
			want: func(f *linkerd.Facts) {
				f.IgnoreInboundPorts, f.IgnoreOutboundPorts = "25,100-200", "25"
			},
		},
		"native sidecars": {
			values: "proxy: {nativeSidecar: true}", want: func(f *linkerd.Facts) { f.NativeSidecar = true },
		},
		"an inbound policy": {
			values: "proxy: {defaultInboundPolicy: deny}", want: func(f *linkerd.Facts) { f.DefaultInboundPolicy = "deny" },
		},
		"no opaque ports, on purpose": {
			values: "proxy: {opaquePorts: ''}", want: func(f *linkerd.Facts) { f.OpaquePorts = "" },
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := linkerd.ReadConfig(config(tc.values))
			if err != nil {
				t.Fatal(err)
			}
			want := defaults
			tc.want(&want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("facts (-want +got):\n%s", diff)
			}
		})
	}
}

// The default cluster domain must not take the place of one that has gone lost.
func TestConfigWithoutValues(t *testing.T) {
	if facts, err := linkerd.ReadConfig(&corev1.ConfigMap{}); err == nil {
		t.Errorf("read as %+v", facts)
	}
}

// A destination is made of the cluster domain: what is no name must not get there.
func TestConfigsThatMakeNoSense(t *testing.T) {
	for name, values := range map[string]string{
		"nothing":                        "",
		"blanks":                         " \n",
		"no YAML":                        "clusterDomain: [",
		"a list":                         "- clusterDomain",
		"a domain that is a map":         "clusterDomain: {a: b}",
		"a domain with a space":          "clusterDomain: 'cluster local'",
		"a domain with a newline":        `clusterDomain: "cluster.local\nX-Evil: yes"`,
		"a domain with a port":           "clusterDomain: cluster.local:80",
		"a domain with a variable":       "clusterDomain: $host",
		"a domain in upper case":         "clusterDomain: Cluster.Local",
		"a domain with a dot at the end": "clusterDomain: cluster.local.",
		"ports that are a list":          "proxy: {opaquePorts: [25]}",
	} {
		t.Run(name, func(t *testing.T) {
			facts, err := linkerd.ReadConfig(config(values))
			if err == nil {
				t.Errorf("read as %+v", facts)
			}
			if facts.ClusterDomain != linkerd.DefaultClusterDomain {
				t.Errorf("the cluster domain is %q", facts.ClusterDomain)
			}
		})
	}
}

func TestNamespacesThatTheInjectorSees(t *testing.T) {
	var cfg admissionv1.MutatingWebhookConfiguration
	fromFixture(t, fixtures.LinkerdInjector, "MutatingWebhookConfiguration", &cfg)
	injector, err := linkerd.ReadInjector(&cfg)
	if err != nil || injector == nil {
		t.Fatalf("got %v, %v", injector, err)
	}
	for name, tc := range map[string]struct {
		labels map[string]string
		want   bool
	}{
		"any":         {labels: map[string]string{corev1.LabelMetadataName: "traefik"}, want: true},
		"kube-system": {labels: map[string]string{corev1.LabelMetadataName: "kube-system"}},
		"disabled": {
			labels: map[string]string{linkerd.AdmissionWebhooksLabel: linkerd.AdmissionWebhooksDisabled},
		},
		"labeled as something": {labels: map[string]string{linkerd.AdmissionWebhooksLabel: "enabled"}, want: true},
		"without labels":       {want: true},
	} {
		t.Run(name, func(t *testing.T) {
			ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Labels: tc.labels}}
			if got := injector.Sees(ns); got != tc.want {
				t.Errorf("Sees is %v", got)
			}
		})
	}
}

func TestPodsThatTheInjectorSees(t *testing.T) {
	var cfg admissionv1.MutatingWebhookConfiguration
	fromFixture(t, fixtures.LinkerdInjector, "MutatingWebhookConfiguration", &cfg)
	injector, err := linkerd.ReadInjector(&cfg)
	if err != nil {
		t.Fatal(err)
	}
	everything, err := linkerd.ReadInjector(&admissionv1.MutatingWebhookConfiguration{Webhooks: []admissionv1.MutatingWebhook{{}}})
	if err != nil {
		t.Fatal(err)
	}
	for label, want := range map[string]bool{
		"app": true, "linkerd.io/control-plane-component": false, "linkerd.io/cni-resource": false,
	} {
		podLabels := map[string]string{label: "x"}
		if got := injector.SeesPod(podLabels); got != want {
			t.Errorf("pods with %s: %v", label, got)
		}
		if !everything.SeesPod(podLabels) {
			t.Errorf("without a selector, pods with %s are not seen", label)
		}
	}
}

func TestReadInjector(t *testing.T) {
	webhook := func(s *metav1.LabelSelector) *admissionv1.MutatingWebhookConfiguration {
		return &admissionv1.MutatingWebhookConfiguration{
			Webhooks: []admissionv1.MutatingWebhook{{NamespaceSelector: s}},
		}
	}
	for name, cfg := range map[string]*admissionv1.MutatingWebhookConfiguration{
		"none": nil, "without webhooks": {},
	} {
		if injector, err := linkerd.ReadInjector(cfg); injector != nil || err != nil {
			t.Errorf("%s: got %v, %v", name, injector, err)
		}
	}
	for name, selector := range map[string]*metav1.LabelSelector{"no selector": nil, "an empty one": {}} {
		injector, err := linkerd.ReadInjector(webhook(selector))
		if err != nil || !injector.Sees(&corev1.Namespace{}) {
			t.Errorf("%s does not see every namespace: %v", name, err)
		}
	}
	bad := &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "a", Operator: "Is"}}}
	if injector, err := linkerd.ReadInjector(webhook(bad)); err == nil {
		t.Errorf("an operator that does not exist is read as %v", injector)
	}
	badPods := webhook(nil)
	badPods.Webhooks[0].ObjectSelector = bad
	if injector, err := linkerd.ReadInjector(badPods); err == nil {
		t.Errorf("an operator that does not exist is read as %v", injector)
	}
}

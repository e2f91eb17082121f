// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package injection_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/test/builders"
)

// found lists what Discover finds, or the reason why it does not.
func found(t *testing.T, class *v1alpha1.MeshIngressClass, w providers.DataPlane, c injection.Cluster) []string {
	t.Helper()
	d, err := injection.Discover(class, w, c)
	if err != nil {
		var why *injection.DiscoveryError
		if !errors.As(err, &why) || why.Message == "" {
			t.Fatalf("%v is no DiscoveryError with a message", err)
		}
		return []string{why.Reason}
	}
	if len(d.Ports) != len(d.Workloads) {
		t.Errorf("there are ports for %d of %d workloads", len(d.Ports), len(d.Workloads))
	}
	var out []string
	for _, w := range d.Workloads {
		out = append(out, w.String())
	}
	return out
}

func TestWorkloadsAreFoundByWhatIsOnTheirPods(t *testing.T) {
	relabel := func(w *injection.Workload) { w.Template.Labels = map[string]string{"app": "other"} }
	rename := func(w *injection.Workload) { w.Template.Spec.Containers[0].Name = "main" }
	daemonSet := func(w *injection.Workload) { w.Kind = "DaemonSet" }
	sidecar := func(w *injection.Workload) {
		w.Template.Spec.Containers = append([]corev1.Container{{Name: "sidecar"}}, w.Template.Spec.Containers...)
	}
	empty := func(w *injection.Workload) { w.Template.Spec.Containers = nil }
	anyContainer := where()
	anyContainer.Workloads[0].Container = ""
	two := where()
	two.Workloads = append(two.Workloads, providers.WorkloadSelector{
		Kinds: []string{"DaemonSet"}, Labels: map[string]string{"app": "other"}, Container: "main",
	})
	for name, tc := range map[string]struct {
		where     providers.DataPlane
		workloads []injection.Workload
		want      []string
	}{
		"by labels": {
			workloads: []injection.Workload{proxy("infra", "edge"), proxy("infra", "app", relabel)},
			want:      []string{"Deployment infra/edge"},
		},
		"beside a sidecar": {
			workloads: []injection.Workload{proxy("infra", "edge", sidecar)},
			want:      []string{"Deployment infra/edge"},
		},
		"no workload at all": {want: []string{v1alpha1.ReasonWorkloadNotFound}},
		"other labels": {
			workloads: []injection.Workload{proxy("infra", "edge", relabel)},
			want:      []string{v1alpha1.ReasonWorkloadNotFound},
		},
		"another kind": {
			workloads: []injection.Workload{proxy("infra", "edge", daemonSet)},
			want:      []string{v1alpha1.ReasonWorkloadNotFound},
		},
		"another container": {
			workloads: []injection.Workload{proxy("infra", "edge", rename)},
			want:      []string{v1alpha1.ReasonWorkloadNotFound},
		},
		"any container": {
			where: anyContainer, workloads: []injection.Workload{proxy("infra", "edge", rename)},
			want: []string{"Deployment infra/edge"},
		},
		"any container, where there is none": {
			where: anyContainer, workloads: []injection.Workload{proxy("infra", "edge", empty)},
			want: []string{v1alpha1.ReasonWorkloadNotFound},
		},
		"by the second way": {
			where: two, workloads: []injection.Workload{proxy("infra", "edge", relabel, rename, daemonSet)},
			want: []string{"DaemonSet infra/edge"},
		},
		"two in one namespace": {
			workloads: []injection.Workload{proxy("infra", "edge"), proxy("infra", "internal")},
			want:      []string{v1alpha1.ReasonAmbiguousWorkload},
		},
		"two in two namespaces": {
			workloads: []injection.Workload{proxy("infra", "edge"), proxy("other", "edge")},
			want:      []string{v1alpha1.ReasonAmbiguousWorkload},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.where.Workloads == nil {
				tc.where = where()
			}
			class := builders.Class("public", v1alpha1.VendorTraefik)
			if diff := cmp.Diff(tc.want, found(t, class, tc.where, cluster(nil, tc.workloads...))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWorkloadsMayBeNamed(t *testing.T) {
	all := []injection.Workload{proxy("infra", "internal"), proxy("infra", "edge"), proxy("other", "edge")}
	for name, tc := range map[string]struct {
		refs [][3]string
		want []string
	}{
		"one": {
			refs: [][3]string{{"Deployment", "infra", "edge"}}, want: []string{"Deployment infra/edge"},
		},
		"several, sorted": {
			refs: [][3]string{{"Deployment", "other", "edge"}, {"Deployment", "infra", "edge"}},
			want: []string{"Deployment infra/edge", "Deployment other/edge"},
		},
		"one that is missing": {
			refs: [][3]string{{"Deployment", "infra", "edge"}, {"Deployment", "infra", "gone"}},
			want: []string{v1alpha1.ReasonWorkloadNotFound},
		},
		"of another kind": {
			refs: [][3]string{{"DaemonSet", "infra", "edge"}}, want: []string{v1alpha1.ReasonWorkloadNotFound},
		},
	} {
		t.Run(name, func(t *testing.T) {
			class := builders.Class("public", v1alpha1.VendorTraefik)
			for _, ref := range tc.refs {
				builders.WithWorkload(ref[0], ref[1], ref[2])(class)
			}
			if diff := cmp.Diff(tc.want, found(t, class, where(), cluster(nil, all...))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The message can be pasted into the class, and does not grow without bound.
func TestAmbiguousWorkloadsAreListed(t *testing.T) {
	var many []injection.Workload
	for i := range 20 {
		many = append(many, proxy("infra", fmt.Sprintf("edge-%02d", i)))
	}
	_, err := injection.Discover(builders.Class("public", v1alpha1.VendorTraefik), where(), cluster(nil, many...))
	if err == nil || !strings.Contains(err.Error(), "{kind: Deployment, namespace: infra, name: edge-00}") ||
		!strings.Contains(err.Error(), "spec: {dataPlane: {workloads: [") {
		t.Errorf("got %v, want the workloads as YAML and the field", err)
	}
	if strings.Contains(err.Error(), "edge-08") || !strings.Contains(err.Error(), "20") {
		t.Errorf("got %v, want the number of all, and the first 8", err)
	}
}

func TestVendorVersion(t *testing.T) {
	for image, want := range map[string]string{
		"traefik:v3.1":                                   "v3.1",
		"docker.io/traefik:v3.1":                         "v3.1",
		"registry.example.com:5000/traefik:v3.1":         "v3.1",
		"registry.example.com:5000/traefik":              "",
		"traefik":                                        "",
		"traefik:v3.1@sha256:0123456789abcdef":           "v3.1",
		"traefik@sha256:0123456789abcdef":                "",
		"registry.example.com:5000/a/b@sha256:012345678": "",
		"": "",
	} {
		w := proxy("infra", "edge", func(w *injection.Workload) { w.Template.Spec.Containers[0].Image = image })
		d, err := injection.Discover(builders.Class("public", v1alpha1.VendorTraefik), where(), cluster(nil, w))
		if err != nil {
			t.Fatal(err)
		}
		if d.VendorVersion != want {
			t.Errorf("image %q: got version %q, want %q", image, d.VendorVersion, want)
		}
	}
}

// A workload that the class names may be one that the vendor's labels do not find.
func TestVendorVersionOfAnotherContainer(t *testing.T) {
	class := builders.Class("public", v1alpha1.VendorTraefik, builders.WithWorkload("Deployment", "infra", "edge"))
	renamed := proxy("infra", "edge", func(w *injection.Workload) { w.Template.Spec.Containers[0].Name = "main" })
	d, err := injection.Discover(class, where(), cluster(nil, renamed))
	if err != nil || d.VendorVersion != "" || len(d.Workloads) != 1 {
		t.Errorf("got %+v, %v; want the workload, without a version", d, err)
	}
}

func TestVendorVersionOfSeveralWorkloads(t *testing.T) {
	untagged := func(w *injection.Workload) { w.Template.Spec.Containers[0].Image = "proxy@sha256:0" }
	class := builders.Class("public", v1alpha1.VendorTraefik,
		builders.WithWorkload("Deployment", "infra", "a"), builders.WithWorkload("Deployment", "infra", "b"))
	for _, workloads := range [][]injection.Workload{
		{proxy("infra", "a"), proxy("infra", "b", untagged)}, {proxy("infra", "a", untagged), proxy("infra", "b")},
	} {
		d, err := injection.Discover(class, where(), cluster(nil, workloads...))
		if err != nil || d.VendorVersion != "v1.2.3" {
			t.Errorf("got version %q, %v; one of the two says v1.2.3", d.VendorVersion, err)
		}
	}
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package authorization_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/authorization"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/internal/translate"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/test/builders"
)

const namespace = "emojivoto"

func serviceAccount(namespace, name string) v1alpha1.AuthorizedClient {
	return v1alpha1.AuthorizedClient{ServiceAccount: &v1alpha1.ObjectKey{Namespace: namespace, Name: name}}
}

func network(cidr string) v1alpha1.AuthorizedClient { return v1alpha1.AuthorizedClient{Network: cidr} }

func meshIngress(name string, mode v1alpha1.AuthorizationMode, clients ...v1alpha1.AuthorizedClient) *v1alpha1.MeshIngress {
	mi := builders.MeshIngress(name, namespace)
	mi.Spec.Authorization = &v1alpha1.Authorization{Policy: mode, Clients: clients}
	return mi
}

// port is that of a Service which selects app=<name> and leads to targetPort.
func port(service string, targetPort intstr.IntOrString) authorization.Port {
	svc := builders.Service(namespace, service)
	svc.Spec.Selector = map[string]string{"app": service}
	number := max(80, targetPort.IntVal)
	if targetPort.StrVal != "" && targetPort.StrVal != "http" {
		number += int32(len(targetPort.StrVal))
	}
	return authorization.Port{Service: svc, Port: corev1.ServicePort{Port: number, TargetPort: targetPort}}
}

// webPod is a pod of web-svc that has named ports.
func webPod(more map[string]string) corev1.Pod {
	labels := map[string]string{"app": "web-svc"}
	for k, v := range more {
		labels[k] = v
	}
	return corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Labels: labels},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Ports: []corev1.ContainerPort{
			{Name: "http", ContainerPort: 8080}, {Name: "prom", ContainerPort: 8801},
		}}, {Name: linkerd.ProxyContainer}}},
	}
}

func web() authorization.Port { return port("web-svc", intstr.FromString("http")) }

// input is for one backend, behind one ingress controller.
func input(mi *v1alpha1.MeshIngress, ports ...authorization.Port) authorization.Input {
	return authorization.Input{
		MeshIngress: mi, Ports: ports, Settled: true,
		Controllers: []v1alpha1.ObjectKey{{Namespace: "ingress", Name: "nginx"}},
	}
}

// object is one of a policy kind.
func object(k providers.Kind, name string, spec map[string]any) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
	u.SetGroupVersionKind(k.GroupVersionKind)
	u.SetNamespace(namespace)
	u.SetName(name)
	return u
}

// server is somebody's for app=web-svc; port is int64 or string.
func server(name string, port any, labels map[string]any) *unstructured.Unstructured {
	return object(authorization.KindServer, name, map[string]any{
		"podSelector": map[string]any{"matchLabels": labels}, "port": port, "accessPolicy": "deny",
	})
}

// summary names what is planned: "<kind> <what of the spec matters>".
func summary(objects []*unstructured.Unstructured) []string {
	var lines []string
	for _, o := range objects {
		spec := o.Object["spec"].(map[string]any)
		line := o.GetKind()
		switch o.GetKind() {
		case "Server":
			line += fmt.Sprint(" ", spec["podSelector"], " ", spec["port"], " ", spec["proxyProtocol"], " ", spec["accessPolicy"])
		case "MeshTLSAuthentication":
			for _, ref := range spec["identityRefs"].([]any) {
				ref := ref.(map[string]any)
				line += fmt.Sprintf(" %s %s/%s", ref["kind"], ref["namespace"], ref["name"])
			}
		case "NetworkAuthentication":
			line += fmt.Sprint(" ", spec["networks"])
		case "AuthorizationPolicy":
			refs := spec["requiredAuthenticationRefs"].([]any)
			line += fmt.Sprintf(" %v", refs[0].(map[string]any)["kind"])
			if len(refs) != 1 {
				line += " and more"
			}
		}
		lines = append(lines, line)
	}
	return lines
}

func named(objects []*unstructured.Unstructured, k providers.Kind) *unstructured.Unstructured {
	i := slices.IndexFunc(objects, func(o *unstructured.Unstructured) bool { return o.GetKind() == k.Kind })
	return objects[i]
}

func TestWhatIsWritten(t *testing.T) {
	canary := port("web-canary", intstr.FromString("http"))
	canary.Service.Spec.Selector = map[string]string{"app": "web-svc", "track": "canary"}
	alias := web()
	alias.Service = alias.Service.DeepCopy()
	alias.Service.Name = "web-alias"
	opaque := web()
	opaque.Opaque = true
	const identities = "AuthorizationPolicy MeshTLSAuthentication"
	webServer := func(policy string) string {
		return "Server map[matchLabels:map[app:web-svc]] http unknown " + policy
	}
	nginx := "MeshTLSAuthentication ServiceAccount ingress/nginx"
	for name, tc := range map[string]struct {
		in   authorization.Input
		want []string
	}{
		"nothing without backends": {in: input(meshIngress("web", v1alpha1.AuthorizationAudit))},
		"who is admitted before the Server": {
			in:   input(meshIngress("web", v1alpha1.AuthorizationAudit), web()),
			want: []string{nginx, identities, webServer("audit")},
		},
		"Enforce denies": {
			in:   input(meshIngress("web", v1alpha1.AuthorizationEnforce), web()),
			want: []string{nginx, identities, webServer("deny")},
		},
		"clients, each once and sorted, and networks by a policy of their own": {
			in: input(meshIngress("web", v1alpha1.AuthorizationEnforce, network("fd00::/8"), serviceAccount("jobs", "vote"),
				network("10.0.0.0/8"), serviceAccount("ingress", "nginx"), serviceAccount("aaa", "z"), network("fd00::/8")), web()),
			want: []string{
				"NetworkAuthentication [map[cidr:10.0.0.0/8] map[cidr:fd00::/8]]",
				"MeshTLSAuthentication ServiceAccount aaa/z ServiceAccount ingress/nginx ServiceAccount jobs/vote",
				identities, "AuthorizationPolicy NetworkAuthentication", webServer("deny"),
			},
		},
		"a port by number, and one that is the Service's own": {
			in: input(meshIngress("web", v1alpha1.AuthorizationAudit),
				port("a", intstr.FromInt32(8080)), port("b", intstr.IntOrString{})),
			want: []string{
				nginx, identities, identities,
				"Server map[matchLabels:map[app:a]] 8080 unknown audit", "Server map[matchLabels:map[app:b]] 80 unknown audit",
			},
		},
		"an opaque port stays so": {
			in:   input(meshIngress("web", v1alpha1.AuthorizationAudit), opaque),
			want: []string{nginx, identities, "Server map[matchLabels:map[app:web-svc]] http opaque audit"},
		},
		"one Server for a port that is named twice, and by two Services": {
			in:   input(meshIngress("web", v1alpha1.AuthorizationAudit), web(), web(), alias),
			want: []string{nginx, identities, webServer("audit")},
		},
		"a Server for each port of the same pods": {
			in: input(meshIngress("web", v1alpha1.AuthorizationAudit), web(), port("web-svc", intstr.FromString("prom"))),
			want: []string{
				nginx, identities, identities, webServer("audit"), "Server map[matchLabels:map[app:web-svc]] prom unknown audit",
			},
		},
		"one Server for pods of which some are a canary's": {
			in:   input(meshIngress("web", v1alpha1.AuthorizationAudit), canary, web()),
			want: []string{nginx, identities, webServer("audit")},
		},
	} {
		t.Run(name, func(t *testing.T) {
			plan := authorization.New(tc.in)
			if diff := cmp.Diff(tc.want, summary(plan.Objects)); diff != "" {
				t.Errorf("objects (-want +got):\n%s", diff)
			}
			if len(plan.Refusals) > 0 {
				t.Errorf("refused: %v", plan.Refusals)
			}
			for _, o := range plan.Objects {
				if !translate.OwnerOf(tc.in.MeshIngress).Owns(o) {
					t.Errorf("%s %s has no owner", o.GetKind(), o.GetName())
				}
			}
		})
	}
}

// An AuthorizationPolicy that names another Server, or what does not exist, admits nobody.
func TestPoliciesReferToWhatIsPlanned(t *testing.T) {
	objects := authorization.New(input(meshIngress("web", v1alpha1.AuthorizationEnforce, network("10.0.0.0/8")), web())).Objects
	byName := map[string]bool{}
	for _, o := range objects {
		byName[o.GetKind()+"/"+o.GetName()] = true
	}
	for _, o := range objects {
		if o.GetKind() != "AuthorizationPolicy" {
			continue
		}
		spec := o.Object["spec"].(map[string]any)
		refs := append([]any{spec["targetRef"]}, spec["requiredAuthenticationRefs"].([]any)...)
		for _, ref := range refs {
			ref := ref.(map[string]any)
			if key := fmt.Sprintf("%s/%s", ref["kind"], ref["name"]); !byName[key] || ref["group"] != authorization.Group {
				t.Errorf("%s refers to %v, which is not planned", o.GetName(), ref)
			}
		}
	}
}

func TestNamesAreApartAndShort(t *testing.T) {
	seen := map[string]string{}
	long := strings.Repeat("x", 63)
	for _, mi := range []string{"web", "web-a", long} {
		for _, p := range []authorization.Port{
			port("a-b", intstr.FromString("c")), port("a", intstr.FromString("b-c")), port(long, intstr.FromInt32(80)),
			port(long, intstr.FromInt32(81)),
		} {
			for _, o := range authorization.New(input(meshIngress(mi, v1alpha1.AuthorizationAudit), p)).Objects {
				key, what := o.GetKind()+"/"+o.GetName(), mi+" "+fmt.Sprint(o.Object["spec"])
				if other, taken := seen[key]; taken && other != what {
					t.Errorf("%s is both %s and %s", key, other, what)
				}
				if seen[key] = what; len(o.GetName()) > 63 {
					t.Errorf("%s is longer than a label", key)
				}
			}
		}
	}
}

// While pods of an earlier template are left, their identity stays admitted.
func TestWhoIsAdmittedStaysUntilTheDataPlaneIsSettled(t *testing.T) {
	in := input(meshIngress("web", v1alpha1.AuthorizationEnforce), web())
	in.Objects = authorization.New(in).Objects
	in.Controllers = []v1alpha1.ObjectKey{{Namespace: "ingress", Name: "renamed"}}
	for settled, want := range map[bool]string{
		true:  "MeshTLSAuthentication ServiceAccount ingress/renamed",
		false: "MeshTLSAuthentication ServiceAccount ingress/nginx ServiceAccount ingress/renamed",
	} {
		in.Settled = settled
		got := summary([]*unstructured.Unstructured{named(authorization.New(in).Objects, authorization.KindMeshTLSAuthentication)})
		if got[0] != want {
			t.Errorf("settled %v: got %q, want %q", settled, got[0], want)
		}
	}
}

func TestARefusedPortLeavesTheOthers(t *testing.T) {
	bad := port("bad", intstr.FromInt32(1))
	bad.Others = []string{"MeshIngress api"}
	plan := authorization.New(input(meshIngress("web", v1alpha1.AuthorizationEnforce), bad, web(), bad))
	if plan.Guarded != 1 || len(plan.Refusals) != 1 {
		t.Errorf("%d guarded, refused: %v", plan.Guarded, plan.Refusals)
	}
}

func TestTooManyPorts(t *testing.T) {
	var ports []authorization.Port
	for i := range 256 {
		ports = append(ports, port(fmt.Sprintf("svc-%d", i), intstr.FromInt32(80)))
	}
	plan := authorization.New(input(meshIngress("web", v1alpha1.AuthorizationAudit), ports...))
	if len(plan.Objects) > 0 || len(plan.Refusals) != 1 || plan.Refusals[0].Reason != v1alpha1.ReasonTooManyObjects {
		t.Errorf("%d objects, refused: %v", len(plan.Objects), plan.Refusals)
	}
}

func TestEntriesAreSortedForWriting(t *testing.T) {
	entry := func(group, kind string) v1alpha1.InventoryEntry {
		return v1alpha1.InventoryEntry{Group: group, Kind: kind}
	}
	entries := []v1alpha1.InventoryEntry{
		entry("networking.k8s.io", "Ingress"), entry(authorization.Group, "Server"), entry("", "Server"),
		entry(authorization.Group, "AuthorizationPolicy"), entry(authorization.Group, "MeshTLSAuthentication"),
	}
	authorization.Sort(entries)
	want := []v1alpha1.InventoryEntry{
		entry(authorization.Group, "MeshTLSAuthentication"), entry(authorization.Group, "AuthorizationPolicy"),
		entry(authorization.Group, "Server"), entry("networking.k8s.io", "Ingress"), entry("", "Server"),
	}
	if diff := cmp.Diff(want, entries); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package authorization_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/authorization"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/test/builders"
)

func TestRefusals(t *testing.T) {
	elsewhere, noSelector, skipped, shared := web(), web(), web(), web()
	elsewhere.Service = builders.Service("other", "web-svc")
	noSelector.Service = builders.Service(namespace, "web-svc")
	noSelector.Service.Spec.Selector = nil
	pod := webPod(nil)
	pod.Annotations = map[string]string{linkerd.SkipInboundPortsAnnotation: "25,8000-8100"}
	skipped.Pods = []corev1.Pod{pod}
	shared.Others = []string{"MeshIngress api of MeshIngressClass kong"}
	withPod := web()
	withPod.Pods = []corev1.Pod{webPod(map[string]string{"tier": "front"})}
	policyFor := func(kind, name string) *unstructured.Unstructured {
		return object(authorization.KindAuthorizationPolicy, "users", map[string]any{
			"targetRef": map[string]any{"kind": kind, "name": name},
		})
	}
	ourServer := named(authorization.New(input(meshIngress("web", v1alpha1.AuthorizationAudit), web())).Objects,
		authorization.KindServer).GetName()
	app := map[string]any{"app": "web-svc"}
	for name, tc := range map[string]struct {
		port    authorization.Port
		objects []*unstructured.Unstructured
		reason  string
		says    string
	}{
		"a Service of another namespace":    {port: elsewhere, reason: v1alpha1.ReasonNamespaceNotAllowed, says: "other/web-svc"},
		"a Service without selector":        {port: noSelector, reason: v1alpha1.ReasonInvalidBackend, says: "web-svc"},
		"a port that bypasses the proxy":    {port: skipped, reason: v1alpha1.ReasonPortSkipped, says: "8080"},
		"another ingress controller":        {port: shared, reason: v1alpha1.ReasonOtherClients, says: "MeshIngress api"},
		"a policy for the namespace":        {port: web(), objects: list(policyFor("Namespace", namespace)), reason: v1alpha1.ReasonPolicyExists, says: "users"},
		"a policy for our Server":           {port: web(), objects: list(policyFor("Server", ourServer)), reason: v1alpha1.ReasonPolicyExists, says: "users"},
		"a policy for another Server":       {port: web(), objects: list(policyFor("Server", "another"))},
		"a policy for a route":              {port: web(), objects: list(policyFor("HTTPRoute", ourServer))},
		"a Server for the pods and port":    {port: web(), objects: list(server("users", "http", app)), reason: v1alpha1.ReasonPolicyExists, says: "users"},
		"a Server for another port":         {port: web(), objects: list(server("users", "prom", app))},
		"a Server for other pods":           {port: web(), objects: list(server("users", "http", map[string]any{"app": "x"}))},
		"a Server that may be for it":       {port: web(), objects: list(server("users", int64(8080), app)), reason: v1alpha1.ReasonPolicyExists},
		"a Server for the port by number":   {port: withPod, objects: list(server("users", int64(8080), app)), reason: v1alpha1.ReasonPolicyExists},
		"a Server for another number":       {port: withPod, objects: list(server("users", int64(8801), app))},
		"a Server by a label of the pods":   {port: withPod, objects: list(server("users", "http", map[string]any{"tier": "front"})), reason: v1alpha1.ReasonPolicyExists},
		"a Server for no pod that is there": {port: withPod, objects: list(server("users", "http", map[string]any{"app": "web-svc", "x": "y"}))},
		"a Server for every pod":            {port: withPod, objects: list(server("users", "http", map[string]any{})), reason: v1alpha1.ReasonPolicyExists},
		"a Server for ExternalWorkloads": {port: withPod, objects: list(object(authorization.KindServer, "users", map[string]any{
			"externalWorkloadSelector": map[string]any{}, "port": "http",
		}))},
		"a Server that cannot be read": {port: withPod, objects: list(object(authorization.KindServer, "users", map[string]any{
			"podSelector": map[string]any{"matchExpressions": []any{map[string]any{"key": "a", "operator": "Is"}}}, "port": "http",
		})), reason: v1alpha1.ReasonPolicyExists},
	} {
		t.Run(name, func(t *testing.T) {
			in := input(meshIngress("web", v1alpha1.AuthorizationEnforce), tc.port)
			in.Objects = tc.objects
			plan := authorization.New(in)
			if tc.reason == "" {
				if len(plan.Refusals) > 0 || plan.Guarded != 1 {
					t.Errorf("refused: %v", plan.Refusals)
				}
				return
			}
			if len(plan.Refusals) != 1 || plan.Refusals[0].Reason != tc.reason || !strings.Contains(plan.Refusals[0].Message, tc.says) {
				t.Errorf("got %v, want %s about %s", plan.Refusals, tc.reason, tc.says)
			}
			if len(plan.Objects) > 0 {
				t.Errorf("planned all the same: %v", summary(plan.Objects))
			}
		})
	}
}

func list(objects ...*unstructured.Unstructured) []*unstructured.Unstructured { return objects }

// Two MeshIngresses of one namespace may have a backend in common: the older Server is
// for both, and each brings those that it admits.
func TestAServerIsShared(t *testing.T) {
	early, late := metav1.NewTime(time.Unix(1, 0)), metav1.NewTime(time.Unix(2, 0))
	first := authorization.New(input(meshIngress("first", v1alpha1.AuthorizationEnforce), web())).Objects
	firstServer := named(first, authorization.KindServer)
	firstServer.SetCreationTimestamp(early)
	second := meshIngress("second", v1alpha1.AuthorizationEnforce, serviceAccount("jobs", "vote"))

	t.Run("the younger one brings its clients", func(t *testing.T) {
		in := input(second, web())
		in.Objects = first
		plan := authorization.New(in)
		want := []string{
			"MeshTLSAuthentication ServiceAccount ingress/nginx ServiceAccount jobs/vote", "AuthorizationPolicy MeshTLSAuthentication",
		}
		if diff := cmp.Diff(want, summary(plan.Objects)); diff != "" || len(plan.Refusals) > 0 {
			t.Errorf("refused %v, objects (-want +got):\n%s", plan.Refusals, diff)
		}
		target, _, _ := unstructured.NestedString(plan.Objects[1].Object, "spec", "targetRef", "name")
		if target != firstServer.GetName() {
			t.Errorf("the policy is for %q, want %q", target, firstServer.GetName())
		}
	})

	t.Run("the policies of the younger one are no obstacle to the older one", func(t *testing.T) {
		in := input(second, web())
		in.Objects = first
		brought := authorization.New(in).Objects
		in = input(meshIngress("first", v1alpha1.AuthorizationEnforce), web())
		in.Objects = slices.Concat(first, brought)
		if plan := authorization.New(in); len(plan.Refusals) > 0 || len(plan.Objects) != len(first) {
			t.Errorf("refused %v, planned %v", plan.Refusals, summary(plan.Objects))
		}
	})

	t.Run("the younger of two Servers goes", func(t *testing.T) {
		own := authorization.New(input(second, web())).Objects
		ownServer := named(own, authorization.KindServer)
		for created, keeps := range map[metav1.Time]bool{early: true, late: false} {
			ownServer.SetCreationTimestamp(created)
			firstServer := firstServer.DeepCopy()
			firstServer.SetCreationTimestamp(metav1.NewTime(time.Unix(1, 500)))
			if keeps {
				firstServer.SetCreationTimestamp(late)
			}
			in := input(second, web())
			in.Objects = list(firstServer, ownServer)
			got := slices.ContainsFunc(authorization.New(in).Objects, func(o *unstructured.Unstructured) bool { return o.GetKind() == "Server" })
			if got != keeps {
				t.Errorf("created %v: keeps its Server: %v", created, got)
			}
		}
	})

	t.Run("another policy is told, and its clients are admitted all the same", func(t *testing.T) {
		in := input(meshIngress("second", v1alpha1.AuthorizationAudit), web())
		in.Objects = first
		plan := authorization.New(in)
		if len(plan.Refusals) != 1 || plan.Refusals[0].Reason != v1alpha1.ReasonPolicyExists || len(plan.Objects) != 2 {
			t.Errorf("refused %v, planned %v", plan.Refusals, summary(plan.Objects))
		}
	})

	t.Run("a Server for some of the pods is not", func(t *testing.T) {
		wide := web()
		wide.Service.Spec.Selector = map[string]string{"part-of": "emojivoto"}
		wide.Pods = []corev1.Pod{webPod(map[string]string{"part-of": "emojivoto"})}
		in := input(second, wide)
		in.Objects = first
		plan := authorization.New(in)
		if len(plan.Refusals) != 1 || plan.Refusals[0].Reason != v1alpha1.ReasonPolicyExists || len(plan.Objects) > 0 {
			t.Errorf("refused %v, planned %v", plan.Refusals, summary(plan.Objects))
		}
	})
}

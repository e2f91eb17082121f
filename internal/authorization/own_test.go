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
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/authorization"
)

// leading is a port of web-svc, and where it leads to.
func leading(number int32, targetPort string) authorization.Port {
	p := port("web-svc", intstr.FromString(targetPort))
	p.Port.Port = number
	return p
}

// serverNames are the names of planned Servers by the ports they are for.
func serverNames(objects []*unstructured.Unstructured) map[string]string {
	names := map[string]string{}
	for _, o := range objects {
		if o.GetKind() == authorization.KindServer.Kind {
			names[fmt.Sprint(o.Object["spec"].(map[string]any)["port"])] = o.GetName()
		}
	}
	return names
}

// One Server that goes before another comes leaves the pods to their default policy.
func TestServersChangeInPlace(t *testing.T) {
	alias := leading(80, "http")
	alias.Service = alias.Service.DeepCopy()
	alias.Service.Name = "alias"
	for name, tc := range map[string]struct {
		before, after []authorization.Port
		stays         map[string]string // from the port before to that after
	}{
		"another targetPort":            {ports(leading(80, "http")), ports(leading(80, "prom")), map[string]string{"http": "prom"}},
		"another Service for the pods":  {ports(leading(80, "http")), ports(alias), map[string]string{"http": "http"}},
		"another port for the same pod": {ports(leading(80, "http")), ports(leading(81, "http")), map[string]string{"http": "http"}},
		"targetPorts that are exchanged": {
			ports(leading(80, "http"), leading(81, "prom")), ports(leading(80, "prom"), leading(81, "http")),
			map[string]string{"http": "http", "prom": "prom"},
		},
		"one that takes another's targetPort": {
			ports(leading(80, "http"), leading(81, "prom")), ports(leading(80, "prom"), leading(81, "grpc")),
			map[string]string{"prom": "prom"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			in := input(meshIngress("web", v1alpha1.AuthorizationEnforce), tc.before...)
			in.Objects = authorization.New(in).Objects
			before := serverNames(in.Objects)
			in.Ports = tc.after
			after := serverNames(authorization.New(in).Objects)
			if len(after) != len(tc.after) {
				t.Errorf("%d Servers for %d ports: %v", len(after), len(tc.after), after)
			}
			for was, is := range tc.stays {
				if before[was] != after[is] {
					t.Errorf("the Server for %s was %q, and that for %s is %q", was, before[was], is, after[is])
				}
			}
		})
	}
}

func ports(p ...authorization.Port) []authorization.Port { return p }

// What routes may still lead to is neither planned nor taken away yet.
func TestWhatWasForFormerBackendsIsTold(t *testing.T) {
	in := input(meshIngress("web", v1alpha1.AuthorizationEnforce, network("10.0.0.0/8")), web(), port("emoji-svc", intstr.FromString("http")))
	in.Objects = authorization.New(in).Objects
	in.Ports = in.Ports[1:]
	var kinds []string
	for _, o := range authorization.New(in).Former {
		kinds = append(kinds, o.GetKind())
		if name := o.GetName(); o.GetKind() == "Server" && !strings.HasPrefix(name, "web-web-svc") {
			t.Errorf("%s is for no former backend", name)
		}
	}
	slices.Sort(kinds)
	want := []string{"AuthorizationPolicy", "AuthorizationPolicy", "MeshTLSAuthentication", "NetworkAuthentication", "Server"}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("former objects (-want +got):\n%s", diff)
	}

	in.Ports = []authorization.Port{web()}
	in.Ports[0].Others = []string{"MeshIngress api"}
	in.Objects = slices.DeleteFunc(in.Objects, func(o *unstructured.Unstructured) bool { return strings.Contains(o.GetName(), "emoji") })
	if former := authorization.New(in).Former; len(former) > 0 {
		t.Errorf("kept, although it is refused: %v", summary(former))
	}
}

// Somebody admits more clients than the MeshIngress lists. That lets in these, and is no
// reason to let in everybody.
func TestAPolicyOfOthersTakesNoServerAway(t *testing.T) {
	in := input(meshIngress("web", v1alpha1.AuthorizationEnforce), web())
	in.Objects = authorization.New(in).Objects
	planned := len(in.Objects)
	in.Objects = append(in.Objects, object(authorization.KindAuthorizationPolicy, "users", map[string]any{
		"targetRef": map[string]any{"kind": "Namespace", "name": namespace},
	}))
	plan := authorization.New(in)
	if len(plan.Objects) != planned || len(plan.Refusals) != 1 || plan.Refusals[0].Reason != v1alpha1.ReasonPolicyExists {
		t.Errorf("planned %v, refused %v", summary(plan.Objects), plan.Refusals)
	}
}

func TestPodsWithoutProxyAreTold(t *testing.T) {
	bare, finished := webPod(nil), webPod(nil)
	bare.Spec.Containers = bare.Spec.Containers[:1]
	finished.Spec.Containers = bare.Spec.Containers
	finished.Status.Phase = corev1.PodSucceeded
	p := web()
	p.Pods = []corev1.Pod{webPod(nil), bare, finished}
	plan := authorization.New(input(meshIngress("web", v1alpha1.AuthorizationEnforce), p))
	if plan.Guarded != 1 || len(plan.Refusals) != 1 || plan.Refusals[0].Reason != v1alpha1.ReasonNotInjected ||
		!strings.Contains(plan.Refusals[0].Message, "1 of 3 pods of Service web-svc") {
		t.Errorf("%d guarded, refused %v", plan.Guarded, plan.Refusals)
	}
}

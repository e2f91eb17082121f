// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package ingressnginx

import (
	"strings"
	"testing"
	"time"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/objects"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

// existing puts an Ingress that was created at an hour into the input's objects.
func existing(name string, hour int, change ...func(*networkingv1.Ingress)) func(*providers.Input) {
	class := "nginx"
	ing := &networkingv1.Ingress{
		ObjectMeta: metav1.ObjectMeta{Namespace: "emojivoto", Name: name, Annotations: map[string]string{}},
		Spec:       networkingv1.IngressSpec{IngressClassName: &class},
	}
	for _, c := range change {
		c(ing)
	}
	return func(in *providers.Input) {
		u := objects.FromTyped(providers.KindIngress, ing)
		u.SetCreationTimestamp(metav1.NewTime(time.Date(2026, 1, 1, hour, 0, 0, 0, time.UTC)))
		in.Objects = append(in.Objects, u)
	}
}

func ageless(add func(*providers.Input)) func(*providers.Input) {
	return func(in *providers.Input) {
		add(in)
		unstructured.RemoveNestedField(in.Objects[len(in.Objects)-1].Object, "metadata", "creationTimestamp")
	}
}

func port(n int32) networkingv1.ServiceBackendPort { return networkingv1.ServiceBackendPort{Number: n} }

func portName(name string) networkingv1.ServiceBackendPort {
	return networkingv1.ServiceBackendPort{Name: name}
}

func inRule(svc string, p networkingv1.ServiceBackendPort) func(*networkingv1.Ingress) {
	return func(ing *networkingv1.Ingress) {
		ing.Spec.Rules = append(ing.Spec.Rules, networkingv1.IngressRule{
			Host: "old.example.com",
			IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{
				Paths: []networkingv1.HTTPIngressPath{{Path: "/", Backend: ingressBackend(svc, p)}},
			}},
		})
	}
}

func byDefault(svc string, p networkingv1.ServiceBackendPort) func(*networkingv1.Ingress) {
	return func(ing *networkingv1.Ingress) {
		b := ingressBackend(svc, p)
		ing.Spec.DefaultBackend = &b
	}
}

func ingressBackend(svc string, p networkingv1.ServiceBackendPort) networkingv1.IngressBackend {
	return networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: svc, Port: p}}
}

func annotated(key, value string) func(*networkingv1.Ingress) {
	return func(ing *networkingv1.Ingress) { ing.Annotations[key] = value }
}

func ownedBy(owner string) func(*networkingv1.Ingress) {
	return annotated(v1alpha1.OwnerAnnotation, owner)
}

func ofClass(name string) func(*networkingv1.Ingress) {
	return func(ing *networkingv1.Ingress) { ing.Spec.IngressClassName = &name }
}

func ofAnnotatedClass(name string) func(*networkingv1.Ingress) {
	return func(ing *networkingv1.Ingress) {
		ing.Spec.IngressClassName = nil
		ing.Annotations["kubernetes.io/ingress.class"] = name
	}
}

func inNamespace(namespace string) func(*networkingv1.Ingress) {
	return func(ing *networkingv1.Ingress) { ing.Namespace = namespace }
}

func TestUpstreamNotices(t *testing.T) {
	const upstream = "nginx.ingress.kubernetes.io/service-upstream"
	rule := prefixRoute("example.com", "/", service("web-svc", 80))
	web80 := inRule("web-svc", port(80))
	ours := existing(nameOf(), 5, ownedBy("MeshIngress/emojivoto/web"), web80, annotated(upstream, "true"))
	olderWins := []string{ReasonOlderIngressWins}

	for name, c := range map[string]struct {
		change []func(*providers.Input)
		want   []string
	}{
		"an older one decides":               {[]func(*providers.Input){rule, existing("old", 1, web80), ours}, olderWins},
		"a younger one does not":             {[]func(*providers.Input){rule, existing("new", 9, web80), ours}, nil},
		"every one is older than ours to be": {[]func(*providers.Input){rule, existing("new", 9, web80)}, olderWins},
		"one without an age, as in a file, exists all the same": {
			[]func(*providers.Input){rule, ageless(existing("old", 0, web80))}, olderWins,
		},
		"at the same age the greater name is first": {
			[]func(*providers.Input){rule, existing("zebra", 5, web80), ours}, olderWins,
		},
		"at the same age the lesser name is last": {
			[]func(*providers.Input){rule, existing("ant", 5, web80), ours}, nil,
		},
		"an older default backend decides too": {
			[]func(*providers.Input){rule, existing("old", 1, byDefault("web-svc", port(80))), ours}, olderWins,
		},
		"a younger default backend overwrites": {
			[]func(*providers.Input){rule, existing("new", 9, byDefault("web-svc", port(80))), ours},
			[]string{ReasonDefaultBackendWins},
		},
		"our default backend overwrites": {
			[]func(*providers.Input){
				fallback(service("web-svc", 80)), existing("old", 1, web80),
				existing("older", 0, byDefault("web-svc", port(80))),
			}, nil,
		},
		"the first that decides is annotated": {
			[]func(*providers.Input){
				rule, existing("mid", 2, web80),
				existing("old", 1, web80, annotated(upstream, "true")),
			}, nil,
		},
		"the controller reads every spelling of true": {
			[]func(*providers.Input){rule, existing("old", 1, web80, annotated(upstream, "T"))}, nil,
		},
		"and anything else as false": {
			[]func(*providers.Input){rule, existing("old", 1, web80, annotated(upstream, "yes"))}, olderWins,
		},
		"under the prefix of the controller only": {
			[]func(*providers.Input){
				rule, annotationPrefix("edge.example.com"),
				existing("old", 1, web80, annotated(upstream, "true")),
			}, olderWins,
		},
		"another port": {[]func(*providers.Input){rule, existing("old", 1, inRule("web-svc", port(81)))}, nil},
		"a port's name, which is another upstream": {
			[]func(*providers.Input){rule, existing("old", 1, inRule("web-svc", portName("http")))}, nil,
		},
		"a name that makes the same key": {
			[]func(*providers.Input){
				prefixRoute("example.com", "/", service("web-a", 80)),
				existing("old", 1, inRule("web", portName("a-80"))),
			}, olderWins,
		},
		"another class": {[]func(*providers.Input){rule, existing("old", 1, web80, ofClass("other"))}, nil},
		"the class as an annotation": {
			[]func(*providers.Input){rule, existing("old", 1, web80, ofAnnotatedClass("nginx"))}, olderWins,
		},
		"the field before the annotation": {
			[]func(*providers.Input){rule, existing("old", 1, web80, ofClass("other"),
				annotated("kubernetes.io/ingress.class", "nginx"))}, nil,
		},
		"another namespace": {[]func(*providers.Input){rule, existing("old", 1, web80, inNamespace("elsewhere"))}, nil},
		"our own of yesterday, before it had the annotation": {
			[]func(*providers.Input){rule, existing(nameOf(), 1, web80, ownedBy("MeshIngress/emojivoto/web"))}, nil,
		},
		"of another MeshIngress, orphaned": {
			[]func(*providers.Input){rule, existing("api", 1, web80, ownedBy("MeshIngress/emojivoto/api"))}, olderWins,
		},
		"an Ingress of resources, without Services": {
			[]func(*providers.Input){rule, existing("old", 1, func(ing *networkingv1.Ingress) {
				ing.Spec.DefaultBackend = &networkingv1.IngressBackend{}
				ing.Spec.Rules = []networkingv1.IngressRule{{Host: "example.com"}}
			})}, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			equal(t, "notices", story.Reasons(translate(t, clusterIP(c.change...)).Notices), c.want)
		})
	}
}

func TestUpstreamNoticesAreSortedAndOnceEach(t *testing.T) {
	in := clusterIP(
		prefixRoute("example.com", "/", service("web-svc", 80)),
		prefixRoute("example.com", "/again", service("web-svc", 80)),
		prefixRoute("example.com", "/admin", service("web-svc", 9000)),
		prefixRoute("example.com", "/api", service("api-svc", 80)),
		existing("old", 1, inRule("web-svc", port(80)), inRule("web-svc", port(9000))),
		existing("antique", 2, inRule("api-svc", port(80)), inRule("web-svc", port(80))))
	notices := translate(t, in).Notices

	want := []string{
		"emojivoto/antique|api-svc port 80",
		"emojivoto/old|web-svc port 80",
		"emojivoto/old|web-svc port 9000",
	}
	if len(notices) != len(want) {
		t.Fatalf("got %d notices: %v", len(notices), notices)
	}
	for i, parts := range want {
		for part := range strings.SplitSeq(parts, "|") {
			if !strings.Contains(notices[i].Message, part) {
				t.Errorf("notice %d is %q, without %q", i, notices[i].Message, part)
			}
		}
	}
	equal(t, "second time", translate(t, in).Notices, notices)
}

func TestHeaderRoutingHasNoUpstreamNotices(t *testing.T) {
	in := header(prefixRoute("example.com", "/", service("web-svc", 80)), existing("old", 1, inRule("web-svc", port(80))))
	equal(t, "notices", translate(t, in).Notices, []v1alpha1.Notice(nil))
}

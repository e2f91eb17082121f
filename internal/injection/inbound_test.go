// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package injection_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/test/builders"
)

// The annotation takes the place of what Linkerd would skip without it.
func TestSkippedPortsKeepWhatIsSkippedAnyway(t *testing.T) {
	for name, tc := range map[string]struct {
		needed    []int32
		installed string
		cni       bool
		namespace string // the Namespace's own annotation
		target    v1alpha1.InjectionTarget
		want      string
	}{
		"only ours":                      {needed: []int32{8443, 8000}, want: "8000,8443"},
		"what Linkerd is installed with": {needed: []int32{80, 443}, installed: "4567,4568", want: "80,443,4567,4568"},
		"with ranges":                    {needed: []int32{101, 443}, installed: "100-200", want: "100-200,443"},
		"with what Linkerd cannot read":  {needed: []int32{80}, installed: "smtp, 25,4567", want: "80,4567"},
		"the CNI plugin adds":            {needed: []int32{80, 443}, installed: "4567,4568", cni: true, want: "80,443"},
		"the Namespace's":                {needed: []int32{80}, installed: "4567", namespace: "25,26", want: "25,26,80,4567"},
		"the Namespace's, with the CNI plugin": {
			needed: []int32{80}, installed: "4567", cni: true, namespace: "25,26", want: "25,26,80",
		},
		"the Namespace's, which is what we set": {
			needed: []int32{80}, installed: "4567", namespace: "25", target: v1alpha1.InjectionTargetNamespace, want: "80,4567",
		},
		"none are needed": {installed: "4567,4568", namespace: "25", want: ""},
	} {
		t.Run(name, func(t *testing.T) {
			w, c := proxy("infra", "edge"), cluster(nil)
			c.Linkerd.IgnoreInboundPorts, c.Linkerd.CNI = tc.installed, tc.cni
			ns := builders.Namespace("infra")
			ns.Annotations = map[string]string{linkerd.SkipInboundPortsAnnotation: tc.namespace}
			c.Namespaces["infra"] = ns
			class := builders.Class("public", v1alpha1.VendorTraefik)
			class.Spec.DataPlane.InjectionTarget = tc.target
			d := injection.Discovery{Workloads: []injection.Workload{w}, Ports: [][]int32{tc.needed}}
			claims := injection.Plan(class, v1alpha1.StrategyClusterIP, d, c)
			if got := claims[0].Annotations[skip]; got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestPortsOfWebhooks(t *testing.T) {
	byName, byNumber := intstr.FromString, intstr.FromInt32
	service := func(ports ...corev1.ServicePort) *corev1.Service {
		svc := exposed("infra", "admission", ports...)
		svc.Spec.Type = corev1.ServiceTypeClusterIP
		return svc
	}
	selecting := func(app string) *corev1.Service {
		svc := service(port(443, byName("websecure")))
		svc.Spec.Selector = map[string]string{"app": app}
		return svc
	}
	elsewhere := service(port(443, byName("websecure")))
	elsewhere.Namespace = "other"
	udp := port(443, byNumber(9999))
	udp.Protocol = corev1.ProtocolUDP
	hook := injection.Webhook{Namespace: "infra", Name: "admission", Port: 443}
	atPort := func(n int32) injection.Webhook {
		return injection.Webhook{Namespace: "infra", Name: "admission", Port: n}
	}
	for name, tc := range map[string]struct {
		services []*corev1.Service
		hooks    []injection.Webhook
		clientIP v1alpha1.ClientIP
		ref      string
		want     []int32
	}{
		"by name":                {services: []*corev1.Service{service(port(443, byName("websecure")))}, hooks: []injection.Webhook{hook}, want: []int32{8443}},
		"by number":              {services: []*corev1.Service{service(port(443, byNumber(9443)))}, hooks: []injection.Webhook{hook}, want: []int32{9443}},
		"no webhook":             {services: []*corev1.Service{service(port(443, byName("websecure")))}},
		"another port of it":     {services: []*corev1.Service{service(port(443, byNumber(1)), port(444, byNumber(2)))}, hooks: []injection.Webhook{atPort(444)}, want: []int32{2}},
		"no such port":           {services: []*corev1.Service{service(port(443, byNumber(1)))}, hooks: []injection.Webhook{atPort(8443)}},
		"a name of no container": {services: []*corev1.Service{service(port(443, byName("nowhere")))}, hooks: []injection.Webhook{hook}},
		"UDP beside it":          {services: []*corev1.Service{service(udp, port(443, byNumber(1)))}, hooks: []injection.Webhook{hook}, want: []int32{1}},
		"of other pods":          {services: []*corev1.Service{selecting("other")}, hooks: []injection.Webhook{hook}},
		"of another namespace":   {services: []*corev1.Service{elsewhere}, hooks: []injection.Webhook{{Namespace: "other", Name: "admission", Port: 443}}},
		"where the client's address does not matter": {
			services: []*corev1.Service{service(port(443, byName("websecure"))), exposed("infra", "edge", port(80, byName("web")))},
			hooks:    []injection.Webhook{hook}, clientIP: v1alpha1.ClientIPIgnore, want: []int32{8443},
		},
		"beside those of clients": {
			services: []*corev1.Service{service(port(443, byNumber(9443))), exposed("infra", "edge", port(443, byName("websecure")), port(80, byName("web")))},
			hooks:    []injection.Webhook{hook}, want: []int32{8000, 8443, 9443},
		},
		"the same as of clients": {
			services: []*corev1.Service{service(port(443, byName("websecure"))), exposed("infra", "edge", port(443, byName("websecure")))},
			hooks:    []injection.Webhook{hook}, want: []int32{8443},
		},
		"beside the Service that the class names": {
			services: []*corev1.Service{service(port(443, byNumber(9443))), exposed("infra", "edge", port(80, byName("web"))), exposed("infra", "other", port(1, byNumber(1)))},
			hooks:    []injection.Webhook{hook}, ref: "edge", want: []int32{8000, 9443},
		},
	} {
		t.Run(name, func(t *testing.T) {
			class := builders.Class("public", v1alpha1.VendorTraefik, builders.WithClientIP(tc.clientIP))
			if tc.ref != "" {
				builders.WithServiceRef("infra", tc.ref)(class)
			}
			c := cluster(tc.services, proxy("infra", "edge"))
			c.Webhooks = tc.hooks
			d, err := injection.Discover(class, where(), c)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, d.Ports[0]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestServicesOfWebhooks(t *testing.T) {
	to := func(name string, port *int32) admissionv1.WebhookClientConfig {
		return admissionv1.WebhookClientConfig{Service: &admissionv1.ServiceReference{Namespace: "infra", Name: name, Port: port}}
	}
	elsewhere := admissionv1.WebhookClientConfig{URL: ptr.To("https://example.com")}
	want := []injection.Webhook{{Namespace: "infra", Name: "a", Port: 443}, {Namespace: "infra", Name: "b", Port: 8443}}
	validating := &admissionv1.ValidatingWebhookConfiguration{Webhooks: []admissionv1.ValidatingWebhook{
		{ClientConfig: to("a", nil)},
		{ClientConfig: elsewhere},
		{ClientConfig: to("b", ptr.To[int32](8443))},
		{ClientConfig: to("a", ptr.To[int32](443))},
	}}
	if diff := cmp.Diff(want, injection.ValidatingWebhooks(validating)); diff != "" {
		t.Errorf("those that validate: %s", diff)
	}
	mutating := &admissionv1.MutatingWebhookConfiguration{Webhooks: []admissionv1.MutatingWebhook{
		{ClientConfig: to("a", nil)}, {ClientConfig: elsewhere}, {ClientConfig: to("b", ptr.To[int32](8443))},
	}}
	if diff := cmp.Diff(want, injection.MutatingWebhooks(mutating)); diff != "" {
		t.Errorf("those that mutate: %s", diff)
	}
}

// A controller may run twice, for nodes at the edge and for others, with other ports.
func TestEachOfSeveralWorkloadsHasPortsOfItsOwn(t *testing.T) {
	label := func(tier string) func(*injection.Workload) {
		return func(w *injection.Workload) { w.Template.Labels["tier"] = tier }
	}
	onNodes := func(w *injection.Workload) {
		w.Kind = "DaemonSet"
		w.Template.Spec.Containers[0].Ports = []corev1.ContainerPort{{Name: "web", ContainerPort: 80}}
	}
	serve := func(name, tier string) *corev1.Service {
		svc := exposed("infra", name, port(80, intstr.FromString("web")))
		svc.Spec.Selector["tier"] = tier
		return svc
	}
	services := []*corev1.Service{serve("deployment", "a"), serve("nodes", "b"), serve("nobody", "c")}
	c := cluster(services, proxy("infra", "proxy", label("a")), proxy("infra", "proxy", label("b"), onNodes))
	class := builders.Class("public", v1alpha1.VendorTraefik,
		builders.WithWorkload("Deployment", "infra", "proxy"), builders.WithWorkload("DaemonSet", "infra", "proxy"))
	d, err := injection.Discover(class, where(), c)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]any{}
	for _, claim := range injection.Plan(class, v1alpha1.StrategyClusterIP, d, c) {
		got[claim.Workload.String()] = claim.Annotations[skip]
	}
	if diff := cmp.Diff(map[string]any{"DaemonSet infra/proxy": "80", "Deployment infra/proxy": "8000"}, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([][]*corev1.Service{{services[1]}, {services[0]}}, d.Services); diff != "" {
		t.Errorf("Services: %s", diff)
	}

	builders.WithServiceRef("infra", "deployment")(class)
	if d, err = injection.Discover(class, where(), c); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]int32{{80}, {8000}}, d.Ports); diff != "" {
		t.Errorf("the Service that the class names is each one's: %s", diff)
	}
}

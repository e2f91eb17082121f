// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package injection_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/test/builders"
)

// theOnly is the message of the one notice there is, which has this reason; empty where
// there is none.
func theOnly(t *testing.T, notices []v1alpha1.Notice, reason string) string {
	t.Helper()
	if len(notices) == 0 {
		return ""
	}
	if len(notices) > 1 || notices[0].Reason != reason {
		t.Fatalf("got %+v, want one notice %s", notices, reason)
	}
	return notices[0].Message
}

// expectNames fails where a message lacks one of these texts, or is there without any.
func expectNames(t *testing.T, message string, texts []string) {
	t.Helper()
	if len(texts) == 0 && message != "" {
		t.Errorf("got %q, want nothing", message)
	}
	for _, text := range texts {
		if !strings.Contains(message, text) {
			t.Errorf("got %q, which lacks %q", message, text)
		}
	}
}

// addresses is where Services keep or lose the client's address.
func addresses(class *v1alpha1.MeshIngressClass, services ...*corev1.Service) []v1alpha1.Notice {
	return injection.ClientAddressLost(class, injection.Discovery{
		Workloads: []injection.Workload{proxy("infra", "edge")}, Services: [][]*corev1.Service{services},
	})
}

func TestClientAddressLost(t *testing.T) {
	annotated := func(key, value string) func(*corev1.Service) {
		return func(svc *corev1.Service) { svc.Annotations = map[string]string{key: value} }
	}
	const aws = "service.beta.kubernetes.io/aws-load-balancer-"
	lost := []string{"externalTrafficPolicy: Local", "Service infra/edge", "clientIP: Ignore"}
	for name, tc := range map[string]struct {
		change func(*corev1.Service)
		class  builders.ClassOption
		want   []string
	}{
		"no policy, which is Cluster": {want: lost},
		"Cluster": {
			change: func(svc *corev1.Service) { svc.Spec.ExternalTrafficPolicy = corev1.ServiceExternalTrafficPolicyCluster },
			want:   lost,
		},
		"Local": {
			change: func(svc *corev1.Service) { svc.Spec.ExternalTrafficPolicy = corev1.ServiceExternalTrafficPolicyLocal },
		},
		"a NodePort":                  {change: func(svc *corev1.Service) { svc.Spec.Type = corev1.ServiceTypeNodePort }, want: lost},
		"a ClusterIP, behind no node": {change: func(svc *corev1.Service) { svc.Spec.Type = corev1.ServiceTypeClusterIP }},
		"a ClusterIP with external addresses": {
			change: func(svc *corev1.Service) {
				svc.Spec.Type = corev1.ServiceTypeClusterIP
				svc.Spec.ExternalTrafficPolicy = corev1.ServiceExternalTrafficPolicyCluster
			},
			want: lost,
		},
		"UDP alone":     {change: func(svc *corev1.Service) { svc.Spec.Ports[0].Protocol = corev1.ProtocolUDP }},
		"no node ports": {change: func(svc *corev1.Service) { svc.Spec.AllocateLoadBalancerNodePorts = ptr.To(false) }},
		"node ports":    {change: func(svc *corev1.Service) { svc.Spec.AllocateLoadBalancerNodePorts = ptr.To(true) }, want: lost},

		"nobody asks for it":         {class: builders.WithClientIP(v1alpha1.ClientIPIgnore)},
		"the class only observes":    {class: builders.WithInjection(v1alpha1.InjectionIgnore)},
		"the class would set it":     {class: builders.WithInjection(v1alpha1.InjectionAudit), want: lost},
		"the PROXY protocol of AWS":  {change: annotated(aws+"proxy-protocol", "*")},
		"of a target group":          {change: annotated(aws+"target-group-attributes", "a=b,proxy_protocol_v2.enabled=true")},
		"of a target group, not":     {change: annotated(aws+"target-group-attributes", "proxy_protocol_v2.enabled=false"), want: lost},
		"of DigitalOcean":            {change: annotated("service.beta.kubernetes.io/do-loadbalancer-enable-proxy-protocol", "true")},
		"of DigitalOcean, off":       {change: annotated("service.beta.kubernetes.io/do-loadbalancer-enable-proxy-protocol", "false"), want: lost},
		"of Hetzner":                 {change: annotated("load-balancer.hetzner.cloud/uses-proxyprotocol", "true")},
		"of IBM":                     {change: annotated("service.kubernetes.io/ibm-load-balancer-cloud-provider-enable-features", "proxy-protocol")},
		"AWS to the pods' addresses": {change: annotated(aws+"nlb-target-type", "ip")},
		"AWS to the nodes":           {change: annotated(aws+"nlb-target-type", "instance"), want: lost},
		"AWS's older nlb-ip":         {change: annotated(aws+"type", "nlb-ip")},
		"AWS's nlb":                  {change: annotated(aws+"type", "nlb"), want: lost},
		"HTTP with a header":         {change: annotated(aws+"backend-protocol", "http")},
		"TCP":                        {change: annotated(aws+"backend-protocol", "tcp"), want: lost},
		"Cilium's direct answer":     {change: annotated("service.cilium.io/forwarding-mode", "dsr")},
	} {
		t.Run(name, func(t *testing.T) {
			svc := exposed("infra", "edge", port(80, intstr.FromInt32(8000)))
			if tc.change != nil {
				tc.change(svc)
			}
			class := builders.Class("public", v1alpha1.VendorTraefik)
			if tc.class != nil {
				tc.class(class)
			}
			expectNames(t, theOnly(t, addresses(class, svc), v1alpha1.ReasonClientAddressLost), tc.want)
		})
	}
}

func TestServicesThatLoseTheAddressAreNamedInOrderUpToFive(t *testing.T) {
	var services []*corev1.Service
	for _, i := range []int{6, 2, 4, 1, 5, 3, 0, 0} {
		services = append(services, exposed("infra", fmt.Sprintf("edge-%d", i), port(80, intstr.FromInt32(8000))))
	}
	got := theOnly(t, addresses(builders.Class("public", v1alpha1.VendorTraefik), services...), v1alpha1.ReasonClientAddressLost)
	expectNames(t, got, []string{"infra/edge-0, infra/edge-1, infra/edge-2, infra/edge-3, infra/edge-4 and 2 more"})
}

func TestDiscoverFindsTheServicesOfEachWorkload(t *testing.T) {
	class := builders.Class("public", v1alpha1.VendorTraefik, builders.WithClientIP(v1alpha1.ClientIPIgnore))
	services := []*corev1.Service{exposed("infra", "edge"), exposed("elsewhere", "edge")}
	d, err := injection.Discover(class, where(), cluster(services, proxy("infra", "edge")))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]*corev1.Service{services[:1]}, d.Services); diff != "" {
		t.Errorf("Services (-want +got):\n%s", diff)
	}
	inward := where()
	inward.NoInbound = true
	if d, err = injection.Discover(class, inward, cluster(services, proxy("infra", "edge"))); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]*corev1.Service{nil}, d.Services); diff != "" {
		t.Errorf("Services of a workload that nobody reaches (-want +got):\n%s", diff)
	}
}

func TestNoticesAreSorted(t *testing.T) {
	got := []v1alpha1.Notice{{Reason: "B", Message: "a"}, {Reason: "A", Message: "b"}, {Reason: "A", Message: "a"}}
	injection.SortNotices(got)
	want := []v1alpha1.Notice{{Reason: "A", Message: "a"}, {Reason: "A", Message: "b"}, {Reason: "B", Message: "a"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
}

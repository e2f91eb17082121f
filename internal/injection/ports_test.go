// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package injection_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/test/builders"
)

// ports are those that Discover finds for the only workload.
func ports(t *testing.T, class *v1alpha1.MeshIngressClass, w injection.Workload, services ...*corev1.Service) []int32 {
	t.Helper()
	d, err := injection.Discover(class, where(), cluster(services, w))
	if err != nil {
		t.Fatal(err)
	}
	return d.Ports[0]
}

func TestPortsOfServices(t *testing.T) {
	byName, byNumber := intstr.FromString, intstr.FromInt32
	udp := port(443, byName("nowhere"))
	udp.Protocol = corev1.ProtocolUDP
	sctp := port(444, byName("nowhere"))
	sctp.Protocol = corev1.ProtocolSCTP
	typed := func(svc *corev1.Service, typ corev1.ServiceType) *corev1.Service {
		svc.Spec.Type = typ
		return svc
	}
	selecting := func(selector map[string]string) *corev1.Service {
		svc := exposed("infra", "edge", port(80, byNumber(8000)))
		svc.Spec.Selector = selector
		return svc
	}
	headless := typed(exposed("infra", "edge", port(80, byNumber(8000))), corev1.ServiceTypeClusterIP)
	headless.Spec.ClusterIP = corev1.ClusterIPNone
	for name, tc := range map[string]struct {
		services []*corev1.Service
		want     []int32
	}{
		"no Service": {},
		"by number": {
			services: []*corev1.Service{exposed("infra", "edge", port(80, byNumber(8000)))}, want: []int32{8000},
		},
		"by name": {
			services: []*corev1.Service{exposed("infra", "edge", port(443, byName("websecure")), port(80, byName("web")))},
			want:     []int32{8000, 8443},
		},
		"the Service's own": {
			services: []*corev1.Service{exposed("infra", "edge", port(80, byNumber(0)))}, want: []int32{80},
		},
		"an empty name": {
			services: []*corev1.Service{exposed("infra", "edge", port(80, byName("")))}, want: []int32{80},
		},
		"no protocol is TCP": {
			services: []*corev1.Service{exposed("infra", "edge", corev1.ServicePort{Port: 80, TargetPort: byName("web")})},
			want:     []int32{8000},
		},
		"UDP and SCTP left out": {
			services: []*corev1.Service{exposed("infra", "edge", udp, sctp, port(443, byName("websecure")))},
			want:     []int32{8443},
		},
		"two ports to one": {
			services: []*corev1.Service{exposed("infra", "edge", port(80, byName("web")), port(8080, byNumber(8000)))},
			want:     []int32{8000},
		},
		"several Services": {
			services: []*corev1.Service{
				exposed("infra", "edge", port(443, byNumber(8443))),
				typed(exposed("infra", "node", port(80, byNumber(8000))), corev1.ServiceTypeNodePort),
			},
			want: []int32{8000, 8443},
		},
		"a Service inside": {
			services: []*corev1.Service{typed(exposed("infra", "edge", port(80, byNumber(8000))), corev1.ServiceTypeClusterIP)},
		},
		"a headless Service":   {services: []*corev1.Service{headless}},
		"of another namespace": {services: []*corev1.Service{exposed("other", "edge", port(80, byNumber(8000)))}},
		"of other pods":        {services: []*corev1.Service{selecting(map[string]string{"app": "other"})}},
		"of pods with one label": {
			services: []*corev1.Service{selecting(map[string]string{"app": "proxy", "tier": "edge"})},
		},
		"without a selector": {services: []*corev1.Service{selecting(nil)}},
	} {
		t.Run(name, func(t *testing.T) {
			class := builders.Class("public", v1alpha1.VendorTraefik)
			if diff := cmp.Diff(tc.want, ports(t, class, proxy("infra", "edge"), tc.services...)); diff != "" {
				t.Errorf("ports (-want +got):\n%s", diff)
			}
		})
	}
}

// A named port is what Kubernetes takes it for when it routes to the pods.
func TestNamedPortsOfContainers(t *testing.T) {
	metrics := corev1.Container{Name: "x", Ports: []corev1.ContainerPort{{Name: "metrics", ContainerPort: 9100}}}
	always := metrics
	always.RestartPolicy = ptr.To(corev1.ContainerRestartPolicyAlways)
	udp := corev1.Container{Name: "y", Ports: []corev1.ContainerPort{
		{Name: "metrics", ContainerPort: 9999, Protocol: corev1.ProtocolUDP},
	}}
	unnamed := corev1.Container{Name: "z", Ports: []corev1.ContainerPort{{ContainerPort: 1}}}
	for name, tc := range map[string]struct {
		change func(*corev1.PodSpec)
		found  bool
	}{
		"no such port": {change: func(*corev1.PodSpec) {}},
		"a port without a name": {
			change: func(p *corev1.PodSpec) { p.Containers = append(p.Containers, unnamed) },
		},
		"of another container": {
			change: func(p *corev1.PodSpec) { p.Containers = append(p.Containers, metrics) }, found: true,
		},
		"of a sidecar": {
			change: func(p *corev1.PodSpec) { p.InitContainers = append(p.InitContainers, always) }, found: true,
		},
		"of an init container": {
			change: func(p *corev1.PodSpec) { p.InitContainers = append(p.InitContainers, metrics) },
		},
		"of UDP": {change: func(p *corev1.PodSpec) { p.Containers = append(p.Containers, udp) }},
		"of UDP and of TCP": {
			change: func(p *corev1.PodSpec) { p.Containers = append(p.Containers, udp, metrics) }, found: true,
		},
		"of an init container and more": {
			change: func(p *corev1.PodSpec) { p.InitContainers = append(p.InitContainers, metrics, always) },
			found:  true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := proxy("infra", "edge", func(w *injection.Workload) { tc.change(&w.Template.Spec) })
			svc := exposed("infra", "edge", port(80, intstr.FromString("metrics")))
			class := builders.Class("public", v1alpha1.VendorTraefik)
			if !tc.found {
				got := found(t, class, where(), cluster([]*corev1.Service{svc}, w))
				if diff := cmp.Diff([]string{v1alpha1.ReasonPortUnresolved}, got); diff != "" {
					t.Error(diff)
				}
				return
			}
			if diff := cmp.Diff([]int32{9100}, ports(t, class, w, svc)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestServiceRef(t *testing.T) {
	edge := exposed("infra", "edge", port(80, intstr.FromString("web")))
	inside := exposed("infra", "inside", port(443, intstr.FromString("websecure")))
	inside.Spec.Type = corev1.ServiceTypeClusterIP
	other := exposed("other", "inside", port(1, intstr.FromInt32(1)))
	all := []*corev1.Service{edge, other, inside}

	named := builders.Class("public", v1alpha1.VendorTraefik, builders.WithServiceRef("infra", "inside"))
	if diff := cmp.Diff([]int32{8443}, ports(t, named, proxy("infra", "edge"), all...)); diff != "" {
		t.Errorf("a Service of any type may be named, and is the only one: %s", diff)
	}
	missing := builders.Class("public", v1alpha1.VendorTraefik, builders.WithServiceRef("infra", "gone"))
	got := found(t, missing, where(), cluster(all, proxy("infra", "edge")))
	if diff := cmp.Diff([]string{v1alpha1.ReasonServiceNotFound}, got); diff != "" {
		t.Error(diff)
	}
}

// A node passes on the traffic of a hostPort with the client's address, Service or not.
func TestHostPorts(t *testing.T) {
	onHost := func(w *injection.Workload) {
		w.Template.Spec.Containers[0].Ports = append(w.Template.Spec.Containers[0].Ports,
			corev1.ContainerPort{ContainerPort: 8080, HostPort: 80},
			corev1.ContainerPort{ContainerPort: 8444, HostPort: 443, Protocol: corev1.ProtocolUDP},
			corev1.ContainerPort{ContainerPort: 9100})
	}
	edge := exposed("infra", "edge", port(443, intstr.FromString("websecure")))
	for name, tc := range map[string]struct {
		class    *v1alpha1.MeshIngressClass
		services []*corev1.Service
		want     []int32
		notices  int
	}{
		"without a Service": {class: builders.Class("public", v1alpha1.VendorTraefik), want: []int32{8080}},
		"beside a Service":  {builders.Class("public", v1alpha1.VendorTraefik), []*corev1.Service{edge}, []int32{8080, 8443}, 0},
		"beside one that is named": {
			builders.Class("public", v1alpha1.VendorTraefik, builders.WithServiceRef("infra", "edge")),
			[]*corev1.Service{edge},
			[]int32{8443},
			0,
		},
		"where the client's address does not matter": {
			class: builders.Class("public", v1alpha1.VendorTraefik, builders.WithClientIP(v1alpha1.ClientIPIgnore)),
		},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := injection.Discover(tc.class, where(), cluster(tc.services, proxy("infra", "edge", onHost)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, d.Ports[0]); diff != "" {
				t.Errorf("ports (-want +got):\n%s", diff)
			}
			if got := d.Notices(tc.class); len(got) != tc.notices {
				t.Errorf("got notices %v", got)
			}
		})
	}
}

// Two workloads behind one Service may have another port by the same name.
func TestANamedPortIsEachWorkloadsOwn(t *testing.T) {
	other := func(w *injection.Workload) { w.Template.Spec.Containers[0].Ports[0].ContainerPort = 9000 }
	class := builders.Class("public", v1alpha1.VendorTraefik,
		builders.WithWorkload("Deployment", "infra", "a"), builders.WithWorkload("Deployment", "infra", "b"))
	d, err := injection.Discover(class, where(), cluster(
		[]*corev1.Service{exposed("infra", "edge", port(80, intstr.FromString("web")))},
		proxy("infra", "a"), proxy("infra", "b", other)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]int32{{8000}, {9000}}, d.Ports); diff != "" {
		t.Errorf("ports (-want +got):\n%s", diff)
	}
}

// One number may be a port of TCP, UDP and SCTP, and what is spoken on it does not matter.
func TestOneNumberOfSeveralProtocols(t *testing.T) {
	tcp := port(443, intstr.FromString("websecure"))
	tcp.AppProtocol = ptr.To("kubernetes.io/h2c")
	udp, sctp := port(443, intstr.FromInt32(8444)), port(443, intstr.FromInt32(8445))
	udp.Protocol, sctp.Protocol = corev1.ProtocolUDP, corev1.ProtocolSCTP
	quic := func(w *injection.Workload) {
		w.Template.Spec.Containers[0].Ports = append([]corev1.ContainerPort{
			{Name: "websecure", ContainerPort: 8446, Protocol: corev1.ProtocolUDP},
		}, w.Template.Spec.Containers[0].Ports...)
	}
	class := builders.Class("public", v1alpha1.VendorTraefik)
	got := ports(t, class, proxy("infra", "edge", quic), exposed("infra", "edge", udp, tcp, sctp))
	if diff := cmp.Diff([]int32{8443}, got); diff != "" {
		t.Error(diff)
	}
}

// ExternalName is a name in DNS: it leads to no pods, though a selector may be left in it.
func TestAnExternalNameLeadsNowhere(t *testing.T) {
	svc := exposed("infra", "edge", port(80, intstr.FromString("web")))
	svc.Spec.Type, svc.Spec.ExternalName = corev1.ServiceTypeExternalName, "example.com"
	if got := ports(t, builders.Class("public", v1alpha1.VendorTraefik), proxy("infra", "edge"), svc); len(got) > 0 {
		t.Errorf("got ports %v", got)
	}
}

// Who does not want ports skipped need not have ports that can be resolved.
func TestPortsDoNotMatterWhereTheClientIPDoesNot(t *testing.T) {
	class := builders.Class("public", v1alpha1.VendorTraefik, builders.WithClientIP(v1alpha1.ClientIPIgnore))
	svc := exposed("infra", "edge", port(80, intstr.FromString("nowhere")))
	if got := ports(t, class, proxy("infra", "edge"), svc); len(got) > 0 {
		t.Errorf("got ports %v", got)
	}
}

func TestAbsenceOfAnExposedServiceIsTold(t *testing.T) {
	preserve := &v1alpha1.MeshIngressClass{}
	ignore := preserve.DeepCopy()
	ignore.Spec.DataPlane.ClientIP = v1alpha1.ClientIPIgnore
	found, edge := []injection.Workload{{}}, []*corev1.Service{exposed("infra", "edge")}
	for name, tc := range map[string]struct {
		class *v1alpha1.MeshIngressClass
		d     injection.Discovery
		want  []string
	}{
		"none": {
			preserve,
			injection.Discovery{Workloads: found, Services: [][]*corev1.Service{nil}, Ports: [][]int32{nil}},
			[]string{injection.ReasonNoExposedService},
		},
		"none, and a webhook": {
			preserve,
			injection.Discovery{Workloads: found, Services: [][]*corev1.Service{nil}, Ports: [][]int32{{8443}}},
			[]string{injection.ReasonNoExposedService},
		},
		"none, which does not matter": {
			ignore, injection.Discovery{Workloads: found, Services: [][]*corev1.Service{nil}}, nil,
		},
		"none, because the workload dials out": {
			preserve, injection.Discovery{Workloads: found, Services: [][]*corev1.Service{nil}, NoInbound: true}, nil,
		},
		"one":                     {preserve, injection.Discovery{Workloads: found, Services: [][]*corev1.Service{edge}}, nil},
		"one of one of two":       {preserve, injection.Discovery{Workloads: found, Services: [][]*corev1.Service{nil, edge}}, nil},
		"no data plane found yet": {preserve, injection.Discovery{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, n := range tc.d.Notices(tc.class) {
				got = append(got, n.Reason)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("notices (-want +got):\n%s", diff)
			}
		})
	}
}

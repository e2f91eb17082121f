// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane_test

import (
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/expect"
	"github.com/meshingress/meshingress/test/fixtures"
)

var _ = Describe("The ports that bypass the proxy", func() {
	BeforeEach(func(ctx SpecContext) {
		installLinkerd(ctx)
		install(ctx, fixtures.Traefik)
	})

	skips := func(ctx SpecContext, ports string) {
		GinkgoHelper()
		want := map[string]string{inject: "enabled"}
		if ports != "" {
			want[skipPorts] = ports
		}
		soon(ctx, traefikWorkload, want)
	}
	editService := func(ctx SpecContext, doing func(*corev1.Service)) {
		GinkgoHelper()
		edit(ctx, service("traefik", "traefik"), doing)
	}

	It("follow the Service and the template", func(ctx SpecContext) {
		startManager()
		newClass(ctx, "traefik", v1alpha1.VendorTraefik)
		skips(ctx, "4567,4568,8000,8443")

		By("a container has another port by the name")
		edit(ctx, deployment(traefikWorkload), func(d *appsv1.Deployment) {
			for i, p := range d.Spec.Template.Spec.Containers[0].Ports {
				if p.Name == "web" {
					d.Spec.Template.Spec.Containers[0].Ports[i].ContainerPort = 8001
				}
			}
		})
		skips(ctx, "4567,4568,8001,8443")

		By("the Service gets more ports than iptables takes at once")
		editService(ctx, func(svc *corev1.Service) {
			for port := int32(9000); port < 9040; port += 2 {
				svc.Spec.Ports = append(svc.Spec.Ports, corev1.ServicePort{
					Name: fmt.Sprintf("tcp-%d", port), Port: port, TargetPort: intstr.FromInt32(port),
				})
			}
		})
		skips(ctx, "4567,4568,8001,8443,9000,9002,9004,9006,9008,9010,9012,9014,9016,9018,"+
			"9020,9022,9024,9026,9028,9030,9032,9034,9036,9038")

		By("clients from outside do not reach the Service any more")
		editService(ctx, func(svc *corev1.Service) {
			svc.Spec.Ports = svc.Spec.Ports[:2]
			svc.Spec.Type = corev1.ServiceTypeClusterIP
			svc.Spec.ExternalTrafficPolicy = ""
			for i := range svc.Spec.Ports {
				svc.Spec.Ports[i].NodePort = 0
			}
		})
		skips(ctx, "")

		By("they do by ports of the nodes")
		editService(ctx, func(svc *corev1.Service) { svc.Spec.Type = corev1.ServiceTypeNodePort })
		skips(ctx, "4567,4568,8001,8443")

		By("the Service goes, and the nodes pass a port on by themselves")
		Expect(testEnv.Client.Delete(ctx, service("traefik", "traefik"))).To(Succeed())
		skips(ctx, "")
		edit(ctx, deployment(traefikWorkload), func(d *appsv1.Deployment) {
			ports := d.Spec.Template.Spec.Containers[0].Ports
			ports[len(ports)-1].HostPort = 443
		})
		skips(ctx, "4567,4568,8443")
	})

	It("follow a Service without an address, where the class names it", func(ctx SpecContext) {
		headless := &corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Namespace: "traefik", Name: "headless"},
			Spec: corev1.ServiceSpec{
				ClusterIP: corev1.ClusterIPNone,
				Ports:     []corev1.ServicePort{{Name: "web", Port: 80, TargetPort: intstr.FromInt32(8000)}},
			},
		}
		expect.ExpectApplied(ctx, testEnv.Client, headless)
		startManager()
		// Nothing is written, so no rollout has the class looked at again and again.
		class := newClass(ctx, "traefik", v1alpha1.VendorTraefik, builders.WithServiceRef("traefik", "headless"),
			builders.WithInjection(v1alpha1.InjectionAudit))
		planned := func(g Gomega, ports string) {
			g.Expect(latest(ctx, class).Status.Planned).To(ContainElement(HaveField("Fields", ContainElement(`"`+ports+`"`))))
		}
		Eventually(planned).WithArguments("4567,4568,8000").WithTimeout(noticeTimeout).Should(Succeed())
		edit(ctx, service("traefik", "headless"), func(svc *corev1.Service) {
			svc.Spec.Ports[0].TargetPort = intstr.FromInt32(8100)
		})
		Eventually(planned).WithArguments("4567,4568,8100").WithTimeout(noticeTimeout).Should(Succeed())
	})
})

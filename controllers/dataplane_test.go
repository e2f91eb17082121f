// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"fmt"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/expect"
	"github.com/meshingress/meshingress/test/fixtures"
	"github.com/meshingress/meshingress/test/operator"
)

var _ = Describe("A MeshIngressClass", func() {
	var op *operator.Operator

	clusterIPMode := map[string]string{
		linkerd.InjectAnnotation: linkerd.InjectEnabled, linkerd.SkipInboundPortsAnnotation: "4567,4568,8000,8443",
	}

	BeforeEach(func(ctx SpecContext) { op = start(ctx) })

	It("keeps what Linkerd needs on its workload", func(ctx SpecContext) {
		install(ctx, fixtures.Linkerd, fixtures.Traefik)
		expect.ExpectApplied(ctx, user, traefik().class())
		eventually(ctx, linkerdAnnotations, traefikDeployment()).Should(Equal(clusterIPMode))
		rests(ctx, op)

		patch(ctx, traefikDeployment(), fmt.Sprintf(
			`{"spec":{"template":{"metadata":{"annotations":{%q:null}}}}}`, linkerd.InjectAnnotation))
		eventually(ctx, linkerdAnnotations, traefikDeployment()).Should(Equal(clusterIPMode))
	})

	It("skips the ports of the Service that clients come by, as it changes", func(ctx SpecContext) {
		install(ctx, fixtures.Linkerd, fixtures.Traefik)
		expect.ExpectApplied(ctx, user, traefik().class())
		eventually(ctx, linkerdAnnotations, traefikDeployment()).Should(Equal(clusterIPMode))
		rests(ctx, op)

		service := builders.Service("traefik", "traefik")
		change(ctx, service, func(s *corev1.Service) {
			s.Spec.Ports = append(s.Spec.Ports, corev1.ServicePort{
				Name: "metrics", Port: 9100, Protocol: corev1.ProtocolTCP, TargetPort: intstr.FromString("metrics"),
			})
		})
		skipped := HaveKeyWithValue(linkerd.SkipInboundPortsAnnotation, "4567,4568,8000,8443,9100")
		eventually(ctx, linkerdAnnotations, traefikDeployment()).Should(skipped)

		expect.ExpectDeleted(ctx, user, service)
		eventually(ctx, linkerdAnnotations, traefikDeployment()).
			Should(Equal(map[string]string{linkerd.InjectAnnotation: linkerd.InjectEnabled}))
	})

	It("finds its workload when that comes, and misses it when it goes", func(ctx SpecContext) {
		install(ctx, fixtures.Linkerd)
		class := traefik().class()
		expect.ExpectApplied(ctx, user, class)
		becomes(ctx, class, v1alpha1.ConditionDiscovered, "False WorkloadNotFound")
		rests(ctx, op)
		install(ctx, fixtures.Traefik)
		becomes(ctx, class, v1alpha1.ConditionDiscovered, "True Discovered")
		eventually(ctx, linkerdAnnotations, traefikDeployment()).Should(Equal(clusterIPMode))
		rests(ctx, op)
		expect.ExpectDeleted(ctx, user, traefikDeployment())
		becomes(ctx, class, v1alpha1.ConditionDiscovered, "False WorkloadNotFound")
	})

	It("says with its MeshIngresses how many pods are meshed, as they come and go", func(ctx SpecContext) {
		install(ctx, fixtures.Linkerd, fixtures.Traefik)
		class := traefik().class()
		mi := web(createNamespace(ctx, "emojivoto-", nil), class)
		unmeshed := createPod(ctx, traefikDeployment())
		expect.ExpectApplied(ctx, user, class, mi)
		becomes(ctx, class, v1alpha1.ConditionMeshed, "False RolloutInProgress")
		setRolledOut(ctx, traefikDeployment())
		becomes(ctx, class, v1alpha1.ConditionMeshed, "False NotInjected")
		becomes(ctx, mi, v1alpha1.ConditionReady, "False NotInjected")
		Expect(meshedPods(ctx, class)).To(Equal("0/1"))
		rests(ctx, op)

		By("a pod that is meshed in the place of the other")
		Expect(user.Delete(ctx, unmeshed, client.GracePeriodSeconds(0))).To(Succeed())
		meshed := createPod(ctx, traefikDeployment())
		becomes(ctx, class, v1alpha1.ConditionReady, "True Ready")
		becomes(ctx, mi, v1alpha1.ConditionReady, "True Ready")
		Expect(meshedPods(ctx, class)).To(Equal("1/1"))
		rests(ctx, op)

		By("a proxy that is no longer ready")
		setReady(ctx, meshed, false)
		becomes(ctx, mi, v1alpha1.ConditionReady, "False RolloutInProgress")
		Expect(meshedPods(ctx, class)).To(Equal("0/1"))
		setReady(ctx, meshed, true)
		becomes(ctx, mi, v1alpha1.ConditionReady, "True Ready")
	})

	It("restarts pods that came up without their proxy, where it is told to", func(ctx SpecContext) {
		install(ctx, fixtures.Linkerd, fixtures.Traefik)
		class := traefik().class(func(c *v1alpha1.MeshIngressClass) { c.Spec.DataPlane.Repair = v1alpha1.RepairRestart })
		expect.ExpectApplied(ctx, user, class)
		eventually(ctx, linkerdAnnotations, traefikDeployment()).Should(Equal(clusterIPMode))
		createPod(ctx, traefikDeployment(), func(pod *corev1.Pod) { pod.Labels["linkerd.io/cni-resource"] = "unseen-by-the-injector" })
		setRolledOut(ctx, traefikDeployment())
		eventually(ctx, func() (map[string]string, error) {
			current, err := read(ctx, traefikDeployment())
			return current.Spec.Template.Annotations, err
		}).Should(HaveKey(v1alpha1.RestartedAtAnnotation))
		rests(ctx, op)
	})

	It("misses Linkerd until that is installed, and when it is gone", func(ctx SpecContext) {
		install(ctx, fixtures.Traefik)
		class := traefik().class()
		expect.ExpectApplied(ctx, user, class)
		becomes(ctx, class, v1alpha1.ConditionMeshed, "False LinkerdNotFound")
		Expect(linkerdAnnotations(ctx, traefikDeployment())).To(BeEmpty())
		rests(ctx, op)

		install(ctx, fixtures.Linkerd)
		eventually(ctx, linkerdAnnotations, traefikDeployment()).Should(Equal(clusterIPMode))
		rests(ctx, op)

		By("Linkerd's going, which is no reason to roll the workload")
		cm := &corev1.ConfigMap{}
		cm.Namespace, cm.Name = linkerd.DefaultNamespace, linkerd.ConfigMapName
		expect.ExpectDeleted(ctx, user, cm)
		becomes(ctx, class, v1alpha1.ConditionMeshed, "False LinkerdNotFound")
		Expect(linkerdAnnotations(ctx, traefikDeployment())).To(Equal(clusterIPMode))
	})

	It("hears that the injector must not see the workload's Namespace", func(ctx SpecContext) {
		install(ctx, fixtures.Linkerd, fixtures.Traefik)
		class := traefik().class()
		expect.ExpectApplied(ctx, user, class)
		becomes(ctx, class, v1alpha1.ConditionMeshed, "False RolloutInProgress")
		rests(ctx, op)
		label := `{"metadata":{"labels":{%q:%s}}}`
		patch(ctx, builders.Namespace("traefik"), fmt.Sprintf(label, linkerd.AdmissionWebhooksLabel, `"disabled"`))
		DeferCleanup(func(ctx SpecContext) {
			patch(ctx, builders.Namespace("traefik"), fmt.Sprintf(label, linkerd.AdmissionWebhooksLabel, "null"))
		})
		becomes(ctx, class, v1alpha1.ConditionMeshed, "False InjectionBlocked")
	})

	It("reports a stranger's open route while that is there", func(ctx SpecContext) {
		install(ctx, fixtures.Linkerd, fixtures.Contour)
		class := contour().class()
		expect.ExpectApplied(ctx, user, class)
		becomes(ctx, class, v1alpha1.ConditionDiscovered, "True Discovered")
		rests(ctx, op)
		theirs := strangersProxy(createNamespace(ctx, "theirs-", nil), "theirs.example.com")
		create(ctx, theirs)
		becomes(ctx, class, v1alpha1.ConditionRelayExposed, "True UncoveredRoutes")
		expect.ExpectDeleted(ctx, user, theirs)
		becomes(ctx, class, v1alpha1.ConditionRelayExposed, "none")
	})

	Describe("with header routing of ingress-nginx", func() {
		const header, setting = "$service_name.$namespace.svc.cluster.local:$service_port", "proxy-set-headers"
		var controllers *corev1.ConfigMap

		BeforeEach(func(ctx SpecContext) {
			install(ctx, fixtures.Linkerd, fixtures.IngressNginx)
			expect.ExpectApplied(ctx, user, ingressNginx().class(builders.WithRouting(v1alpha1.RoutingHeader), withConfigMap()))
			controllers = &corev1.ConfigMap{}
			controllers.Namespace, controllers.Name = "ingress-nginx", "ingress-nginx-controller"
			eventually(ctx, dataOf, controllers).Should(HaveKey(setting))
			rests(ctx, op)
		})

		It("keeps its ConfigMap", func(ctx SpecContext) {
			data, err := dataOf(ctx, controllers)
			Expect(err).NotTo(HaveOccurred())
			headers := headersConfigMap(data[setting])
			Expect(dataOf(ctx, headers)).To(Equal(map[string]string{linkerd.OverrideHeader: header}))

			patch(ctx, headers, fmt.Sprintf(`{"data":{%q:"tampered"}}`, linkerd.OverrideHeader))
			eventually(ctx, dataOf, headers).Should(Equal(map[string]string{linkerd.OverrideHeader: header}))
			expect.ExpectDeleted(ctx, user, headers)
			eventually(ctx, dataOf, headers).Should(Equal(map[string]string{linkerd.OverrideHeader: header}))
		})

		It("keeps its setting in the controller's own ConfigMap", func(ctx SpecContext) {
			patch(ctx, controllers, fmt.Sprintf(`{"data":{%q:null}}`, setting))
			eventually(ctx, dataOf, controllers).Should(HaveKey(setting))
		})
	})
})

// traefikDeployment names the workload of the fixture.
func traefikDeployment() *appsv1.Deployment {
	d := &appsv1.Deployment{}
	d.Namespace, d.Name = "traefik", "traefik"
	return d
}

// withConfigMap names the ConfigMap of the fixture's controller.
func withConfigMap() builders.ClassOption {
	return func(class *v1alpha1.MeshIngressClass) {
		class.Spec.IngressNginx = &v1alpha1.IngressNginxOptions{
			ConfigMapRef: &v1alpha1.ObjectKey{Namespace: "ingress-nginx", Name: "ingress-nginx-controller"},
		}
	}
}

func dataOf(ctx context.Context, cm *corev1.ConfigMap) (map[string]string, error) {
	current, err := read(ctx, cm)
	return current.Data, err
}

func meshedPods(ctx context.Context, class *v1alpha1.MeshIngressClass) (string, error) {
	current, err := read(ctx, class)
	return current.Status.MeshedPods, err
}

// headersConfigMap is the ConfigMap that the controller's setting names.
func headersConfigMap(setting string) *corev1.ConfigMap {
	namespace, name, _ := strings.Cut(setting, "/")
	cm := &corev1.ConfigMap{}
	cm.Namespace, cm.Name = namespace, name
	return cm
}

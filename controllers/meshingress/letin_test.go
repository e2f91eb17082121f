// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package meshingress_test

import (
	"context"
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/controllertest"
	"github.com/meshingress/meshingress/internal/authorization"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/expect"
	"github.com/meshingress/meshingress/test/inbound"
)

// doorkeeper asks after every write of the operator whether the ingress controller may
// still call the backends that its routes lead to.
type doorkeeper struct {
	// controllers are the clients of which none may be kept out.
	controllers []inbound.Client

	// allowed holds who was let in where, when it was asked last.
	allowed map[string]bool

	// breaches say who was kept out, and after which write.
	breaches []string
}

// keepTheDoor makes the operator's writes be followed by a look at the door.
func keepTheDoor() *doorkeeper {
	d := &doorkeeper{controllers: []inbound.Client{{Identity: "ingress/nginx"}}, allowed: map[string]bool{}}
	reconciler.Client = interceptor.NewClient(operator.Client, interceptor.Funcs{
		Apply: func(ctx context.Context, c client.WithWatch, obj runtime.ApplyConfiguration, opts ...client.ApplyOption) error {
			err := c.Apply(ctx, obj, opts...)
			d.look(ctx, "an apply")
			return err
		},
		Delete: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.DeleteOption) error {
			err := c.Delete(ctx, obj, opts...)
			d.look(ctx, fmt.Sprintf("the deletion of %T %s", obj, obj.GetName()))
			return err
		},
	})
	return d
}

// only says that from now on nobody else is the ingress controller.
func (d *doorkeeper) only(controllers ...inbound.Client) { d.controllers = controllers }

func (d *doorkeeper) look(ctx context.Context, after string) {
	cluster := inbound.Cluster{Objects: policiesOf(ctx)}
	was := d.allowed
	d.allowed = map[string]bool{}
	for _, backend := range routed(ctx) {
		for _, client := range d.controllers {
			key := client.Identity + " to " + backend.pod.Name
			d.allowed[key] = cluster.Allows(backend.pod, backend.port, client)
			if was[key] && !d.allowed[key] {
				d.breaches = append(d.breaches, key+" after "+after)
			}
		}
	}
}

func policiesOf(ctx context.Context) []unstructured.Unstructured {
	var all []unstructured.Unstructured
	for _, k := range authorization.Kinds() {
		all = append(all, policyObjects(ctx, k)...)
	}
	return all
}

// mayCall reports whether a client may call the pod of a Service.
func mayCall(ctx context.Context, service string, c inbound.Client) bool {
	GinkgoHelper()
	pod := expect.ExpectExists(ctx, user, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: service}})
	return inbound.Cluster{Objects: policiesOf(ctx)}.Allows(pod, pod.Spec.Containers[0].Ports[0].ContainerPort, c)
}

type routedPod struct {
	pod  *corev1.Pod
	port int32
}

// routed are the pods that the Ingresses of the namespace lead to.
func routed(ctx context.Context) []routedPod {
	GinkgoHelper()
	var all []routedPod
	for _, o := range routeObjects(ctx) {
		rules, _, _ := unstructured.NestedSlice(o.Object, "spec", "rules")
		for _, rule := range rules {
			paths, _, _ := unstructured.NestedSlice(rule.(map[string]any), "http", "paths")
			for _, path := range paths {
				name, _, _ := unstructured.NestedString(path.(map[string]any), "backend", "service", "name")
				pod := expect.ExpectExists(ctx, user, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}})
				all = append(all, routedPod{pod, pod.Spec.Containers[0].Ports[0].ContainerPort})
			}
		}
	}
	return all
}

// backendPod makes the pod of a Service, with a proxy. Its port is 8080 and has a name.
func backendPod(ctx context.Context, service string, annotations map[string]string, edits ...func(*corev1.Pod)) *corev1.Pod {
	GinkgoHelper()
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: namespace, Name: service, Labels: map[string]string{"app": service}, Annotations: annotations,
		},
		Spec: corev1.PodSpec{Containers: []corev1.Container{
			{Name: "app", Image: "app", Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}}},
			{Name: linkerd.ProxyContainer, Image: "proxy"},
		}},
	}
	for _, edit := range edits {
		edit(pod)
	}
	Expect(user.Create(ctx, pod)).To(Succeed())
	return pod
}

// outlast reconciles until nothing is written any more, whatever fails meanwhile.
func outlast(ctx context.Context, mi *v1alpha1.MeshIngress) {
	GinkgoHelper()
	for range 3 * maxTries {
		before := len(operator.Writes.Writes())
		if _, err := controllertest.Reconcile(ctx, reconciler, mi); err == nil && len(operator.Writes.Writes()) == before {
			return
		}
	}
	Fail("it does not settle")
}

// selecting makes Services select their pods.
func selecting(ctx context.Context, targetPort func(*corev1.Service), names ...string) {
	GinkgoHelper()
	for _, name := range names {
		svc := expect.ExpectExists(ctx, user, builders.Service(namespace, name))
		svc.Spec.Selector = map[string]string{"app": name}
		targetPort(svc)
		Expect(user.Update(ctx, svc)).To(Succeed())
	}
}

var _ = Describe("The ingress controller", func() {
	v := ingressNginx()
	byName := func(svc *corev1.Service) { svc.Spec.Ports[0].TargetPort = intstr.FromString("http") }
	byNumber := func(svc *corev1.Service) { svc.Spec.Ports[0].TargetPort = intstr.FromInt32(8080) }
	identity := func(names ...string) []inbound.Client {
		var all []inbound.Client
		for _, name := range names {
			all = append(all, inbound.Client{Identity: "ingress/" + name})
		}
		return all
	}

	// story is told with a default inbound policy of the pods. What a user does between
	// may keep somebody out, what the operator does may not.
	story := func(ctx context.Context, d *doorkeeper, class *v1alpha1.MeshIngressClass) {
		GinkgoHelper()
		mi := web(class, guardedBy(v1alpha1.AuthorizationAudit))
		Expect(user.Create(ctx, mi)).To(Succeed())
		outlast(ctx, mi)
		change(ctx, mi, guardedBy(v1alpha1.AuthorizationEnforce))
		outlast(ctx, mi)
		Expect(mayCall(ctx, "web-svc", inbound.Client{Identity: "jobs/vote"})).To(BeFalse())

		runsAs(ctx, class, v, "renamed")
		setMeshed(ctx, class, v, metav1.ConditionFalse, v1alpha1.ReasonRolloutInProgress, "1/2 pods are meshed")
		outlast(ctx, mi)
		d.controllers = identity("nginx", "renamed")
		isMeshed(ctx, class, v)
		d.only(identity("renamed")...)
		outlast(ctx, mi)

		selecting(ctx, byNumber, "web-svc")
		outlast(ctx, mi)
		change(ctx, mi, func(mi *v1alpha1.MeshIngress) { withSpecRule("example.com", "/", "emoji-svc", 8080)(mi) })
		outlast(ctx, mi)
		Expect(mayCall(ctx, "emoji-svc", inbound.Client{Identity: "jobs/vote"})).To(BeFalse())
		Expect(policyObjects(ctx, authorization.KindServer)).To(HaveLen(1))

		setMeshed(ctx, class, v, metav1.ConditionFalse, v1alpha1.ReasonNotInjected, "1/2 pods are meshed")
		outlast(ctx, mi)
		isMeshed(ctx, class, v)
		outlast(ctx, mi)
		Expect(mayCall(ctx, "emoji-svc", inbound.Client{Identity: "jobs/vote"})).To(BeFalse())
		change(ctx, mi, guardedBy(v1alpha1.AuthorizationAudit))
		outlast(ctx, mi)
		Expect(user.Delete(ctx, mi)).To(Succeed())
		outlast(ctx, mi)
		expect.ExpectNotFound(ctx, user, mi)
		Expect(allPolicies(ctx)).To(BeEmpty())
	}

	begin := func(ctx context.Context, class *v1alpha1.MeshIngressClass) *doorkeeper {
		GinkgoHelper()
		runsAs(ctx, class, v, "nginx")
		selecting(ctx, byName, "web-svc", "emoji-svc")
		operator.Writes.Reset()
		return keepTheDoor()
	}
	havePolicy := func(ctx context.Context, policy string) {
		GinkgoHelper()
		for _, name := range []string{"web-svc", "emoji-svc"} {
			backendPod(ctx, name, map[string]string{linkerd.DefaultInboundPolicyAnnotation: policy})
		}
	}

	It("is never kept out by a write where pods let in everybody by default", func(ctx SpecContext) {
		havePolicy(ctx, linkerd.PolicyAllUnauthenticated)
		class := createClass(ctx, v)
		d := begin(ctx, class)
		story(ctx, d, class)
		Expect(d.breaches).To(BeEmpty())
	})

	// What a crash before a write leaves, the one after the write before has left, too.
	It("is never kept out by a write or a crash where pods let in nobody by default", func(ctx SpecContext) {
		havePolicy(ctx, linkerd.PolicyDeny)
		class := createClass(ctx, v)
		d := begin(ctx, class)
		story(ctx, d, class)
		Expect(d.breaches).To(BeEmpty())
		writes := len(operator.Writes.Writes())
		Expect(writes).To(BeNumerically(">", 30))
		for n := 1; n <= writes; n++ {
			d := begin(ctx, class)
			operator.Faults.LoseAnswer(n)
			story(ctx, d, class)
			Expect(operator.Faults.Pending()).To(BeFalse(), "write %d did not happen", n)
			Expect(d.breaches).To(BeEmpty(), "the answer to write %d of %d was lost", n, writes)
		}
	})
})

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package apply_test

import (
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/apply"
	"github.com/meshingress/meshingress/controllers/internal/controllertest"
	"github.com/meshingress/meshingress/controllers/internal/inventory"
	"github.com/meshingress/meshingress/internal/translate"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/test/env"
)

func TestApply(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Apply")
}

var (
	testEnv *env.Environment

	// writes counts what the Writer of a spec sends; users have a client of their own.
	writes *env.Counter

	// faults lets requests of the Writer fail.
	faults *controllertest.Faults

	// kubectlCache is a directory where kubectl keeps what it has discovered.
	kubectlCache string

	// ours acts as the operator does.
	ours client.WithWatch

	// writer is as the operator has it, but for the cache.
	writer apply.Writer
)

var _ = BeforeSuite(func(ctx SpecContext) {
	log.SetLogger(GinkgoLogr)
	var err error
	testEnv, err = env.Start(ctx)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() error { return testEnv.Stop() })
	kubectlCache = GinkgoT().TempDir()
	config := rest.CopyConfig(testEnv.Config)
	faults = controllertest.InjectFaults(config)
	writes = env.CountWrites(config)
	ours, err = client.NewWithWatch(config, client.Options{Scheme: testEnv.Scheme()})
	Expect(err).NotTo(HaveOccurred())
	writer = apply.Writer{Client: ours, Live: ours}
	installWidgets(ctx)
})

var _ = BeforeEach(func() {
	writes.Reset()
	faults.Clear()
})

// owner is a MeshIngress of a Namespace.
func owner(namespace string) translate.Owner {
	return translate.Owner{Kind: "MeshIngress", Namespace: namespace, Name: "web", UID: "0c1f2a3b-aaaa-bbbb-cccc-111122223333"}
}

// generated is a ConfigMap of an owner, with its marks.
func generated(o translate.Owner, namespace, name string, data map[string]any) *unstructured.Unstructured {
	obj := configMap(namespace, name, data)
	o.Mark([]*unstructured.Unstructured{obj})
	return obj
}

func configMap(namespace, name string, data map[string]any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{"namespace": namespace, "name": name},
		"data":     data,
	}}
}

func entryOf(obj client.Object) v1alpha1.InventoryEntry {
	return inventory.Entry(providers.KindConfigMap.GroupVersionKind, obj.GetNamespace(), obj.GetName())
}

func newNamespace(ctx SpecContext) string {
	GinkgoHelper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "apply-"}}
	Expect(testEnv.Client.Create(ctx, ns)).To(Succeed())
	return ns.Name
}

// claimOn is a claim on a ConfigMap that exists.
func claimOn(obj client.Object, manager string, data map[string]any) apply.Claim {
	c := apply.Claim{
		Entry: entryOf(obj), UID: obj.GetUID(), Manager: manager,
	}
	if data != nil {
		c.Fields = map[string]any{"data": data}
	}
	return c
}

// templateClaim is a claim on the pod template of a Deployment.
func templateClaim(d *appsv1.Deployment, manager string, annotations map[string]any) apply.Claim {
	c := apply.Claim{
		Entry: inventory.Entry(appsv1.SchemeGroupVersion.WithKind("Deployment"), d.Namespace, d.Name),
		UID:   d.UID, Manager: manager,
	}
	if annotations != nil {
		c.Fields = map[string]any{"spec": map[string]any{"template": map[string]any{
			"metadata": map[string]any{"annotations": annotations},
		}}}
	}
	return c
}

func newDeployment(ctx SpecContext, namespace string) *appsv1.Deployment {
	GinkgoHelper()
	labels := map[string]string{"app": "proxy"}
	d := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "proxy"},
		Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "proxy", Image: "proxy:1"}}},
			},
		},
	}
	Expect(testEnv.Client.Create(ctx, d, client.FieldOwner("helm"))).To(Succeed())
	return d
}

func newConfigMap(ctx SpecContext, namespace string, data map[string]string) *corev1.ConfigMap {
	GinkgoHelper()
	cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "settings"}, Data: data}
	Expect(testEnv.Client.Create(ctx, cm, client.FieldOwner("helm"))).To(Succeed())
	return cm
}

// recreate deletes an object and makes another one by the same name.
func recreate(ctx SpecContext, cm *corev1.ConfigMap) types.UID {
	GinkgoHelper()
	Expect(testEnv.Client.Delete(ctx, cm)).To(Succeed())
	return newConfigMap(ctx, cm.Namespace, cm.Data).UID
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package chart_test

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/hack/dist/chart"
	"github.com/meshingress/meshingress/hack/dist/manifests"
	"github.com/meshingress/meshingress/test/env"
)

const (
	classes = "meshingressclasses.networking.meshingress.dev"

	// crdTimeout is for the API server to serve a CRD, or to have deleted one with its objects.
	crdTimeout = time.Minute
)

var _ = Describe("A release of the chart", func() {
	// It is the first to be registered, so it runs after what takes a release away.
	BeforeEach(func() { DeferCleanup(removeCRDs) })

	It("brings new fields of the CRDs with an upgrade, restarts nothing, and leaves only the CRDs", func(ctx SpecContext) {
		before, err := testEnv.Snapshot(ctx)
		Expect(err).NotTo(HaveOccurred())

		By("installing a chart whose CRD lacks a field of today's")
		old := olderChart()
		Expect(helmInstall(ctx, old, release, "")).To(Succeed())
		Expect(propertiesOfClass(ctx)).NotTo(HaveKey("allowedNamespaces"))
		class := createClass(ctx)

		By("upgrading")
		helmUpgrade(ctx, dir, "")
		Expect(propertiesOfClass(ctx)).To(HaveKey("allowedNamespaces"))
		kept := &v1alpha1.MeshIngressClass{}
		Expect(testEnv.Client.Get(ctx, client.ObjectKeyFromObject(class), kept)).To(Succeed())
		Expect(kept.ResourceVersion).To(Equal(class.ResourceVersion))
		Expect(deployment(ctx).Generation).To(BeEquivalentTo(1))

		By("uninstalling")
		helmUninstall(release)
		after, err := testEnv.Snapshot(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(added(before, after)).To(ConsistOf(
			ContainSubstring("meshingresses.networking.meshingress.dev"), ContainSubstring(classes),
			ContainSubstring("MeshIngressClass.networking.meshingress.dev"),
		))

		By("installing again")
		Expect(helmInstall(ctx, dir, release, "")).To(Succeed())
	})

	It("leaves the CRDs where an upgrade no longer installs them", func(ctx SpecContext) {
		Expect(helmInstall(ctx, dir, release, "")).To(Succeed())
		helmUpgrade(ctx, dir, `crds: {install: false}`)
		Expect(propertiesOfClass(ctx)).NotTo(BeEmpty())
	})

	It("takes the CRDs with it where it is told to", func(ctx SpecContext) {
		Expect(helmInstall(ctx, dir, release, `crds: {keep: false}`)).To(Succeed())
		Expect(testEnv.WarmUp(ctx, operatorCRDs(ctx)...)).To(Succeed())
		helmUninstall(release)
		Eventually(func() error {
			return testEnv.Client.Get(ctx, client.ObjectKey{Name: classes}, &apiextensionsv1.CustomResourceDefinition{})
		}).WithTimeout(crdTimeout).Should(MatchError(ContainSubstring("not found")))
	})

	It("takes over the CRDs of another release only when told to", func(ctx SpecContext) {
		Expect(helmInstall(ctx, dir, release, "")).To(Succeed())
		helmUninstall(release)
		Expect(helmInstall(ctx, dir, "another", "")).To(MatchError(ContainSubstring("release-name")))
		Expect(helmInstall(ctx, dir, "another", "", takingOver)).To(Succeed())
	})

	It("takes over what kubectl applied of the same version, without a rollout", func(ctx SpecContext) {
		applied := applyReleased(ctx)
		released := releasedChart()
		Expect(helmInstall(ctx, released, release, "")).To(MatchError(ContainSubstring("cannot be imported")))

		Expect(helmInstall(ctx, released, release, "", takingOver)).To(Succeed())
		taken := deployment(ctx)
		Expect(taken.UID).To(Equal(applied.UID))
		// A new annotation, as Helm's, makes a new generation too; only a new template is
		// rolled out.
		Expect(cmp.Diff(applied.Spec, taken.Spec)).To(BeEmpty())
		Expect(taken.Labels).To(HaveKeyWithValue("app.kubernetes.io/managed-by", "Helm"))
	})
})

// removeCRDs deletes what a release leaves, with every object of its kinds.
func removeCRDs(ctx SpecContext) {
	Expect(testEnv.DeleteCRDs(ctx, operatorCRDs(ctx)...)).To(Succeed())
	Expect(operatorCRDs(ctx)).To(BeEmpty())
}

// operatorCRDs are those of the operator that are there.
func operatorCRDs(ctx context.Context) []*apiextensionsv1.CustomResourceDefinition {
	GinkgoHelper()
	list := &apiextensionsv1.CustomResourceDefinitionList{}
	Expect(testEnv.Client.List(ctx, list)).To(Succeed())
	var found []*apiextensionsv1.CustomResourceDefinition
	for i := range list.Items {
		if list.Items[i].Spec.Group == v1alpha1.GroupName {
			found = append(found, &list.Items[i])
		}
	}
	return found
}

// olderChart is a copy of the chart, of a lower version and without allowedNamespaces, a field of
// a MeshIngressClass.
func olderChart() string {
	GinkgoHelper()
	older := filepath.Join(GinkgoT().TempDir(), "meshingress")
	Expect(os.CopyFS(older, os.DirFS(dir))).To(Succeed())
	edit(filepath.Join(older, "Chart.yaml"), func(content map[string]any) {
		content["version"] = "0.0.1"
	})
	edit(filepath.Join(older, "files", "crds", "networking.meshingress.dev_meshingressclasses.yaml"), func(crd map[string]any) {
		versions, found, err := unstructured.NestedSlice(crd, "spec", "versions")
		Expect(err).NotTo(HaveOccurred())
		Expect(found).To(BeTrue())
		field := []string{"schema", "openAPIV3Schema", "properties", "spec", "properties", "allowedNamespaces"}
		_, found, err = unstructured.NestedMap(versions[0].(map[string]any), field...)
		Expect(err).NotTo(HaveOccurred())
		Expect(found).To(BeTrue())
		unstructured.RemoveNestedField(versions[0].(map[string]any), field...)
		Expect(unstructured.SetNestedSlice(crd, versions, "spec", "versions")).To(Succeed())
	})
	return older
}

func edit(path string, change func(map[string]any)) {
	GinkgoHelper()
	data, err := os.ReadFile(path)
	Expect(err).NotTo(HaveOccurred())
	content := map[string]any{}
	Expect(yaml.Unmarshal(data, &content)).To(Succeed())
	change(content)
	data, err = yaml.Marshal(content)
	Expect(err).NotTo(HaveOccurred())
	Expect(os.WriteFile(path, data, 0o644)).To(Succeed())
}

// propertiesOfClass are the fields of spec of a MeshIngressClass in the cluster.
func propertiesOfClass(ctx context.Context) map[string]apiextensionsv1.JSONSchemaProps {
	GinkgoHelper()
	crd := &apiextensionsv1.CustomResourceDefinition{}
	Expect(testEnv.Client.Get(ctx, client.ObjectKey{Name: classes}, crd)).To(Succeed())
	return crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"].Properties
}

// createClass creates a MeshIngressClass as soon as the API server serves the kind.
func createClass(ctx context.Context) *v1alpha1.MeshIngressClass {
	GinkgoHelper()
	class := &v1alpha1.MeshIngressClass{
		ObjectMeta: metav1.ObjectMeta{Name: "traefik"},
		Spec:       v1alpha1.MeshIngressClassSpec{Vendor: v1alpha1.VendorTraefik},
	}
	Eventually(func() error { return testEnv.Client.Create(ctx, class) }).WithTimeout(crdTimeout).Should(Succeed())
	return class
}

func deployment(ctx context.Context) *appsv1.Deployment {
	GinkgoHelper()
	result := &appsv1.Deployment{}
	key := client.ObjectKey{Namespace: namespace, Name: "meshingress-controller-manager"}
	Expect(testEnv.Client.Get(ctx, key, result)).To(Succeed())
	return result
}

// releasedChart is a copy of the chart that names the image by its digest, as that of a release.
func releasedChart() string {
	GinkgoHelper()
	released := filepath.Join(GinkgoT().TempDir(), "meshingress")
	Expect(chart.Pin(dir, released, chart.Image{Repository: "meshingress/manager", Digest: digest})).To(Succeed())
	return released
}

// applyReleased is `kubectl apply --server-side -f install.yaml` with that of a release, which
// names the image by tag and digest. It returns the Deployment.
func applyReleased(ctx context.Context) *appsv1.Deployment {
	GinkgoHelper()
	objects, err := manifests.Build("../../../config/default")
	Expect(err).NotTo(HaveOccurred())
	for _, object := range objects {
		addDigest(object)
		config := client.ApplyConfigurationFromUnstructured(object)
		Expect(testEnv.Client.Apply(ctx, config, client.FieldOwner("kubectl"))).To(Succeed())
	}
	return deployment(ctx)
}

// addDigest names the images of an object's containers by their digest too.
func addDigest(object *unstructured.Unstructured) {
	GinkgoHelper()
	path := []string{"spec", "template", "spec", "containers"}
	containers, found, err := unstructured.NestedSlice(object.Object, path...)
	Expect(err).NotTo(HaveOccurred())
	if !found {
		return
	}
	for _, c := range containers {
		named := c.(map[string]any)
		named["image"] = named["image"].(string) + "@" + digest
	}
	Expect(unstructured.SetNestedSlice(object.Object, containers, path...)).To(Succeed())
}

// added lists the objects that are in after and not in before.
func added(before, after env.Snapshot) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(after)), func(key string) bool { return before[key] != nil })
}

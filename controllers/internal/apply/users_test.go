// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package apply_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/meshingress/meshingress/controllers/internal/apply"
	"github.com/meshingress/meshingress/controllers/internal/inventory"
)

// kindOf is a kind of object with a field that users set.
type kindOf struct {
	manifest string
	field    []string
}

func deployments() kindOf {
	return kindOf{field: []string{"spec", "template", "metadata", "annotations", inject}, manifest: `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "web:1"}]}`}
}

func namespaces() kindOf {
	return kindOf{field: []string{"metadata", "annotations", inject}, manifest: `
apiVersion: v1
kind: Namespace
metadata: {annotations: {theirs: "1"}}`}
}

func widgets() kindOf {
	return kindOf{field: []string{"spec", "text"}, manifest: `
apiVersion: example.com/v1
kind: Widget
metadata: {name: web}
spec: {other: "1"}`}
}

// in is an object of the kind that nobody has made yet, in a namespace of its own;
// without the field where the value is nil.
func (k kindOf) in(namespace string, value any) *unstructured.Unstructured {
	GinkgoHelper()
	obj := &unstructured.Unstructured{}
	Expect(yaml.Unmarshal([]byte(k.manifest), &obj.Object)).To(Succeed())
	if obj.GetKind() == "Namespace" {
		obj.SetName(namespace)
	} else {
		obj.SetNamespace(namespace)
	}
	if value != nil {
		Expect(unstructured.SetNestedField(obj.Object, value, k.field...)).To(Succeed())
	}
	return obj
}

// user makes an object as it is given, and changes it so when it is given anew.
type user func(ctx SpecContext, obj *unstructured.Unstructured, field []string) error

// kubectl applies with kubectl, and these arguments.
func kubectl(args ...string) user {
	return func(ctx SpecContext, obj *unstructured.Unstructured, _ []string) error {
		manifest, err := json.Marshal(obj)
		if err != nil {
			return err
		}
		cmd := exec.CommandContext(ctx, testEnv.Binary("kubectl"), append([]string{"apply", "-f", "-"}, args...)...)
		cmd.Env = append(os.Environ(), "KUBECONFIG="+testEnv.Kubeconfig(), "KUBERC=off", "KUBECACHEDIR="+kubectlCache)
		cmd.Stdin = bytes.NewReader(manifest)
		if output, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%w: %s", err, output)
		}
		return nil
	}
}

// appliers apply by the API server, not forced, each for itself.
func appliers(managers ...string) user {
	return func(ctx SpecContext, obj *unstructured.Unstructured, _ []string) error {
		var errs []error
		for _, m := range managers {
			body := client.ApplyConfigurationFromUnstructured(obj.DeepCopy())
			errs = append(errs, testEnv.Client.Apply(ctx, body, client.FieldOwner(m)))
		}
		return errors.Join(errs...)
	}
}

// editor creates the object as one manager and sets the field as another, in all of
// the object.
func editor(creator, editor string) user {
	return func(ctx SpecContext, obj *unstructured.Unstructured, field []string) error {
		live := obj.DeepCopy()
		unstructured.RemoveNestedField(live.Object, field...)
		err := testEnv.Client.Create(ctx, live, client.FieldOwner(creator))
		if client.IgnoreAlreadyExists(err) != nil {
			return err
		}
		live = get(ctx, obj)
		unstructured.RemoveNestedField(live.Object, field...)
		if value, found, _ := unstructured.NestedFieldCopy(obj.Object, field...); found {
			Expect(unstructured.SetNestedField(live.Object, value, field...)).To(Succeed())
		}
		return testEnv.Client.Update(ctx, live, client.FieldOwner(editor))
	}
}

// helm creates an object, and patches it so that the fields of its chart are as they
// should be, whatever they are.
func helm(ctx SpecContext, obj *unstructured.Unstructured, field []string) error {
	err := testEnv.Client.Create(ctx, obj.DeepCopy(), client.FieldOwner("helm"))
	if !apierrors.IsAlreadyExists(err) {
		return err
	}
	value, _, _ := unstructured.NestedFieldCopy(obj.Object, field...)
	for _, key := range slices.Backward(field) {
		value = map[string]any{key: value}
	}
	patch, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return testEnv.Client.Patch(ctx, obj.DeepCopy(), client.RawPatch(types.MergePatchType, patch), client.FieldOwner("helm"))
}

// get reads an object as the API server has it.
func get(ctx SpecContext, obj client.Object) *unstructured.Unstructured {
	GinkgoHelper()
	live := &unstructured.Unstructured{}
	live.SetGroupVersionKind(obj.GetObjectKind().GroupVersionKind())
	Expect(testEnv.Client.Get(ctx, client.ObjectKeyFromObject(obj), live)).To(Succeed())
	return live
}

// claimFields is a claim on fields of any object.
func claimFields(live *unstructured.Unstructured, fields map[string]any) apply.Claim {
	return apply.Claim{
		Entry: inventory.Entry(live.GroupVersionKind(), live.GetNamespace(), live.GetName()),
		UID:   live.GetUID(), Manager: manager, Fields: fields,
	}
}

// claimOne is a claim on one field.
func claimOne(live *unstructured.Unstructured, value any, field ...string) apply.Claim {
	GinkgoHelper()
	fields := map[string]any{}
	Expect(unstructured.SetNestedField(fields, value, field...)).To(Succeed())
	return claimFields(live, fields)
}

func valueAt(obj *unstructured.Unstructured, field ...string) any {
	GinkgoHelper()
	value, _, err := unstructured.NestedFieldCopy(obj.Object, field...)
	Expect(err).NotTo(HaveOccurred())
	return value
}

// timeless is all of an object but what differs from one object to the next, and
// what counts its changes.
func timeless(obj *unstructured.Unstructured) map[string]any {
	GinkgoHelper()
	obj = obj.DeepCopy()
	namespace := cmp.Or(obj.GetNamespace(), obj.GetName())
	obj.SetUID("")
	obj.SetResourceVersion("")
	obj.SetGeneration(0)
	obj.SetCreationTimestamp(metav1.Time{})
	entries := obj.GetManagedFields()
	for i := range entries {
		entries[i].Time = nil
	}
	slices.SortFunc(entries, func(a, b metav1.ManagedFieldsEntry) int {
		return cmp.Or(cmp.Compare(a.Manager, b.Manager), cmp.Compare(a.Operation, b.Operation), cmp.Compare(a.APIVersion, b.APIVersion))
	})
	obj.SetManagedFields(entries)
	text, err := json.Marshal(obj)
	Expect(err).NotTo(HaveOccurred())
	var result map[string]any
	Expect(utiljson.Unmarshal([]byte(strings.ReplaceAll(string(text), namespace, "NAMESPACE")), &result)).To(Succeed())
	return result
}

// installWidgets makes a kind with fields of every type.
func installWidgets(ctx SpecContext) {
	GinkgoHelper()
	text := apiextensionsv1.JSONSchemaProps{Type: "string"}
	ofText := &apiextensionsv1.JSONSchemaPropsOrArray{Schema: &text}
	spec := apiextensionsv1.JSONSchemaProps{Type: "object", Properties: map[string]apiextensionsv1.JSONSchemaProps{
		"text": text, "other": text, "flag": {Type: "boolean"}, "count": {Type: "integer"}, "share": {Type: "number"},
		"list": {Type: "array", Items: ofText, XListType: ptr.To("atomic")},
		"table": {Type: "object", XMapType: ptr.To("atomic"), AdditionalProperties: &apiextensionsv1.JSONSchemaPropsOrBool{
			Allows: true, Schema: &text,
		}},
		"items": {Type: "array", XListType: ptr.To("map"), XListMapKeys: []string{"name"}, Items: &apiextensionsv1.JSONSchemaPropsOrArray{
			Schema: &apiextensionsv1.JSONSchemaProps{
				Type: "object", Required: []string{"name"},
				Properties: map[string]apiextensionsv1.JSONSchemaProps{"name": text, "value": text},
			},
		}},
	}}
	crd := &apiextensionsv1.CustomResourceDefinition{
		ObjectMeta: metav1.ObjectMeta{Name: "widgets.example.com"},
		Spec: apiextensionsv1.CustomResourceDefinitionSpec{
			Group: "example.com", Scope: apiextensionsv1.NamespaceScoped,
			Names: apiextensionsv1.CustomResourceDefinitionNames{Plural: "widgets", Singular: "widget", Kind: "Widget"},
			Versions: []apiextensionsv1.CustomResourceDefinitionVersion{{
				Name: "v1", Served: true, Storage: true,
				Schema: &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: &apiextensionsv1.JSONSchemaProps{
					Type: "object", Properties: map[string]apiextensionsv1.JSONSchemaProps{"spec": spec},
				}},
			}},
		},
	}
	Expect(testEnv.Client.Create(ctx, crd)).To(Succeed())
	probe := widgets().in("default", "1")
	Eventually(ctx, func() error { return testEnv.Client.Create(ctx, probe.DeepCopy()) }).
		WithTimeout(30*time.Second).Should(Succeed(), "the API server serves the kind")
	Expect(testEnv.Client.Delete(ctx, probe)).To(Succeed())
}

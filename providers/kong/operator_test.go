// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package kong_test

import (
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/ptr"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/kong"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

// What there may be with the Kong Operator, from the GatewayClass down.
const (
	operatorAPI = "apiVersion: gateway-operator.konghq.com/"
	gatewayAPI  = "apiVersion: gateway.networking.k8s.io/v1"

	namesConfig  = "group: gateway-operator.konghq.com, kind: GatewayConfiguration"
	gatewayClass = "{" + gatewayAPI + ", kind: GatewayClass, metadata: {name: kong}, " +
		"spec: {parametersRef: {" + namesConfig + ", namespace: shared, name: all}}}"
	bareClass = "{" + gatewayAPI + ", kind: GatewayClass, metadata: {name: kong}, spec: {}}"

	anyGateway  = "{" + gatewayAPI + ", kind: Gateway, metadata: {namespace: infra, name: public}, spec: {gatewayClassName: kong"
	gateway     = anyGateway + "}}"
	ownGateway  = anyGateway + ", infrastructure: {parametersRef: {" + namesConfig + ", name: own}}}}"
	mapsGateway = anyGateway + ", infrastructure: {parametersRef: {group: '', kind: ConfigMap, name: own}}}}"

	anyConfig    = "{" + operatorAPI + "v2beta1, kind: GatewayConfiguration, metadata: "
	sharedConfig = anyConfig + "{namespace: shared, name: all}}"
	ownConfig    = anyConfig + "{namespace: infra, name: own}}"

	anyDataPlane = "{" + operatorAPI + "v1beta1, kind: DataPlane, metadata: {namespace: infra, name: public-x"
	dataPlane    = anyDataPlane + "}}"
	ofGateway    = anyDataPlane + ", ownerReferences: [{" + gatewayAPI + ", kind: Gateway, name: public, controller: true}]}}"
	ofAnother    = anyDataPlane + ", ownerReferences: [{apiVersion: fake.test/v1, kind: Gateway, name: public, controller: true}]}}"
)

// made is the Deployment of a DataPlane.
func made() providers.WorkloadFacts {
	return providers.WorkloadFacts{Kind: "Deployment", Namespace: "infra", Name: "dataplane-public-x-y", Owner: ownedBy("DataPlane", "v1beta1")}
}

func ownedBy(kind, version string) *metav1.OwnerReference {
	return &metav1.OwnerReference{
		APIVersion: "gateway-operator.konghq.com/" + version, Kind: kind, Name: "public-x", Controller: ptr.To(true),
	}
}

// allServed are the kinds of all that the provider knows.
func allServed() providers.Served {
	served := providers.Served{}
	for _, k := range kong.New().Describe().Kinds() {
		served[k] = true
	}
	return served
}

func target(t *testing.T, to v1alpha1.InjectionTarget, w providers.WorkloadFacts, served providers.Served, texts ...string) (string, error) {
	t.Helper()
	in := providers.ClassInput{Class: class, Served: served}
	for _, text := range texts {
		in.Objects = append(in.Objects, story.Object(t, text))
	}
	obj, path, err := kong.New().InjectionTarget(in, to, w)
	if err != nil {
		return "", err
	}
	return describe(obj) + " " + strings.Join(path, "."), nil
}

func describe(obj *unstructured.Unstructured) string {
	return obj.GetKind() + " " + obj.GetNamespace() + "/" + obj.GetName()
}

func TestWhereAnnotationsForPodsOfTheOperatorGo(t *testing.T) {
	const (
		toDataPlane = v1alpha1.InjectionTargetDataPlane
		toConfig    = v1alpha1.InjectionTargetGatewayConfiguration

		inDataPlane = " spec.deployment.podTemplateSpec.metadata.annotations"
		inConfig    = " spec.dataPlaneOptions.deployment.podTemplateSpec.metadata.annotations"
	)
	for name, tc := range map[string]struct {
		target  v1alpha1.InjectionTarget
		objects []string
		want    string
		remedy  string // of the error
	}{
		"a DataPlane":              {toDataPlane, []string{dataPlane}, "DataPlane infra/public-x" + inDataPlane, ""},
		"a DataPlane of a Gateway": {toDataPlane, []string{ofGateway, gateway}, "", "to GatewayConfiguration"},
		"the GatewayClass's": {
			toConfig, []string{ofGateway, gateway, gatewayClass, ownConfig, sharedConfig}, "GatewayConfiguration shared/all" + inConfig, "",
		},
		"the Gateway's own": {
			toConfig, []string{ofGateway, ownGateway, gatewayClass, sharedConfig, ownConfig}, "GatewayConfiguration infra/own" + inConfig, "",
		},
		"the Gateway names another kind": {
			toConfig, []string{ofGateway, mapsGateway, gatewayClass, sharedConfig, ownConfig}, "GatewayConfiguration shared/all" + inConfig, "",
		},
		"none is named":              {toConfig, []string{ofGateway, gateway, bareClass, sharedConfig}, "", "name it in spec.infrastructure"},
		"none of the name":           {toConfig, []string{ofGateway, ownGateway, gatewayClass, sharedConfig}, "", "infra/own"},
		"no Gateway":                 {toConfig, []string{ofGateway, gatewayClass, sharedConfig}, "", "infra/public"},
		"no DataPlane":               {toDataPlane, nil, "", "infra/public-x"},
		"a DataPlane of nobody's":    {toConfig, []string{dataPlane, gateway, gatewayClass, sharedConfig}, "", "to DataPlane"},
		"a DataPlane of another's":   {toConfig, []string{ofAnother, gateway, gatewayClass, sharedConfig}, "", "made of no Gateway"},
		"which is not to be touched": {toDataPlane, []string{ofAnother}, "", "would undo"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := target(t, tc.target, made(), allServed(), tc.objects...)
			story.Diff(t, "target", tc.want, got)
			if (err == nil) != (tc.remedy == "") || err != nil && !strings.Contains(err.Error(), tc.remedy) {
				t.Errorf("error %v, want the remedy %q", err, tc.remedy)
			}
		})
	}
}

func TestTargetsOfWorkloadsThatTheOperatorDoesNotMake(t *testing.T) {
	for name, owner := range map[string]*metav1.OwnerReference{
		"nobody's":                  nil,
		"a ControlPlane's":          ownedBy("ControlPlane", "v1beta1"),
		"another API's DataPlane's": {APIVersion: "fake.test/v1beta1", Kind: "DataPlane", Name: "public-x"},
	} {
		w := made()
		w.Owner = owner
		if got, err := target(t, v1alpha1.InjectionTargetDataPlane, w, allServed(), dataPlane); err == nil {
			t.Errorf("%s: found %s", name, got)
		}
	}
}

// Before version 2.0 of the operator there is v1beta1 only.
func TestAnOldGatewayConfigurationIsNoTarget(t *testing.T) {
	old := allServed()
	for k := range old {
		if k.Kind == "GatewayConfiguration" {
			delete(old, k)
		}
	}
	_, err := target(t, v1alpha1.InjectionTargetGatewayConfiguration, made(), old, ofGateway, gateway, gatewayClass)
	if err == nil || !strings.Contains(err.Error(), "2.0") {
		t.Errorf("error %v", err)
	}
}

func TestTheClassReadsWhatIsServed(t *testing.T) {
	kinds := func(served providers.Served) []string {
		var found []string
		for _, r := range kong.New().ClassReads(providers.ClassInput{Class: class, Served: served}) {
			found = append(found, r.Namespace+"/"+r.Kind.Kind)
		}
		return found
	}
	story.Diff(t, "all", []string{"/DataPlane", "/GatewayConfiguration", "/Gateway", "/GatewayClass"}, kinds(allServed()))
	withoutOperator := allServed()
	for k := range withoutOperator {
		if k.Kind == "DataPlane" {
			delete(withoutOperator, k)
		}
	}
	story.Diff(t, "without the operator", nil, kinds(withoutOperator))
}

func TestDataPlaneOfTheOperator(t *testing.T) {
	deployment := func(owner *metav1.OwnerReference) *appsv1.Deployment {
		d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "infra", Name: "dataplane-public-x-y"}}
		if owner != nil {
			d.OwnerReferences = []metav1.OwnerReference{*owner}
		}
		d.Spec.Template.Labels = map[string]string{"app": "public-x"}
		d.Spec.Template.Spec.Containers = []corev1.Container{{Name: "proxy", Image: "kong/kong-gateway:3.14"}}
		return d
	}
	for name, tc := range map[string]struct {
		owner *metav1.OwnerReference
		found bool
	}{
		"of a DataPlane":                      {ownedBy("DataPlane", "v1beta1"), true},
		"of a DataPlane of a later version":   {ownedBy("DataPlane", "v2"), true},
		"of a ControlPlane":                   {ownedBy("ControlPlane", "v1beta1"), false},
		"of nobody, with the same containers": {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			cluster := injection.Cluster{Workloads: []injection.Workload{injection.FromDeployment(deployment(tc.owner))}}
			_, err := injection.Discover(&v1alpha1.MeshIngressClass{}, kong.New().Describe().DataPlane, cluster)
			if (err == nil) != tc.found {
				t.Fatalf("found: %v; %v", err == nil, err)
			}
			if err != nil && !strings.Contains(err.Error(), "DataPlane") {
				t.Errorf("error %v", err)
			}
		})
	}
}

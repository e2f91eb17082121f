// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package kong

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/gatewayapi"
	"github.com/meshingress/meshingress/providers/internal/objects"
)

// The Kong Operator (Kong/kong-operator v2.2.3) makes a Deployment of each DataPlane,
// and a DataPlane of each Gateway. It takes back what others change in the one and in
// the other (controller/dataplane/owned_deployment.go, reconcileDataPlaneDeployment;
// controller/gateway/controller_reconciler_utils.go, provisionDataPlane), and puts the
// pod template of the object above into that below.

// Kinds of Kong/kong-operator v2.2.3 config/crd/kong-operator. A GatewayConfiguration is
// stored as v2beta1; v1beta1 lacks spec.konnect, so that a write in it would lose that
// (api/gateway-operator/v1beta1/gatewayconfiguration_conversion.go).
var (
	kindDataPlane            = operatorKind("v1beta1", "DataPlane", "dataplanes")
	kindGatewayConfiguration = operatorKind("v2beta1", "GatewayConfiguration", "gatewayconfigurations")
)

func operatorKind(version, name, resource string) providers.Kind {
	return providers.Kind{
		GroupVersionKind: schema.GroupVersionKind{Group: "gateway-operator.konghq.com", Version: version, Kind: name},
		Resource:         resource,
	}
}

// ClassReads asks for what leads from a DataPlane to its GatewayConfiguration, as far as
// it is served.
func (Provider) ClassReads(in providers.ClassInput) []providers.Read {
	var reads []providers.Read
	for _, k := range []providers.Kind{
		kindDataPlane, kindGatewayConfiguration, gatewayapi.KindGateway, gatewayapi.KindGatewayClass,
	} {
		if in.Served.Has(kindDataPlane) && in.Served.Has(k) {
			reads = append(reads, providers.Read{Kind: k})
		}
	}
	return reads
}

// InjectionTarget finds the DataPlane that a workload is made of, or, where that is made
// of a Gateway, the GatewayConfiguration of the Gateway.
func (Provider) InjectionTarget(
	in providers.ClassInput, target v1alpha1.InjectionTarget, workload providers.WorkloadFacts,
) (*unstructured.Unstructured, []string, error) {
	if !providers.IsOwner(workload.Owner, kindDataPlane.GroupKind()) {
		return nil, nil, fmt.Errorf("no DataPlane owns it: set spec.dataPlane.injectionTarget to Workload")
	}
	dataPlane := objects.Find(in.Objects, kindDataPlane, workload.Namespace, workload.Owner.Name)
	if dataPlane == nil {
		return nil, nil, fmt.Errorf("there is no DataPlane %s/%s, which owns it: create it, or delete the workload",
			workload.Namespace, workload.Owner.Name)
	}
	owner := metav1.GetControllerOf(dataPlane)
	if target == v1alpha1.InjectionTargetDataPlane {
		if owner != nil {
			return nil, nil, fmt.Errorf("%s is made by the controller of %s %s, which would undo a change: "+
				"set spec.dataPlane.injectionTarget to GatewayConfiguration", describe(dataPlane), owner.Kind, owner.Name)
		}
		return dataPlane, podAnnotations("spec"), nil
	}
	if !providers.IsOwner(owner, gatewayapi.KindGateway.GroupKind()) {
		return nil, nil, fmt.Errorf("%s is made of no Gateway, so no GatewayConfiguration is for it: "+
			"set spec.dataPlane.injectionTarget to DataPlane", describe(dataPlane))
	}
	config, err := configuration(in, v1alpha1.ObjectKey{Namespace: dataPlane.GetNamespace(), Name: owner.Name})
	return config, podAnnotations("spec", "dataPlaneOptions"), err
}

// podAnnotations is the path of the annotations of the pod template in the options of a
// DataPlane.
func podAnnotations(options ...string) []string {
	return append(options, "deployment", "podTemplateSpec", "metadata", "annotations")
}

// configuration finds the GatewayConfiguration of a Gateway: the Gateway's own, which
// wins over that of the GatewayClass where there are both
// (controller/gateway/controller_reconciler_utils.go, getOrCreateGatewayConfiguration;
// before v2.1.0 there is only the latter).
func configuration(in providers.ClassInput, gateway v1alpha1.ObjectKey) (*unstructured.Unstructured, error) {
	if !in.Served.Has(kindGatewayConfiguration) {
		return nil, fmt.Errorf("the API server serves no %s %s: update the Kong Operator to 2.0 or later",
			kindGatewayConfiguration.Kind, kindGatewayConfiguration.GroupVersion())
	}
	around := gatewayapi.SurroundingsOf(v1alpha1.ObjectKey{Namespace: gateway.Namespace, Name: gateway.Name}, in.Objects)
	key, ok := around.ParametersOfGateway(kindGatewayConfiguration)
	if !ok {
		key, ok = around.ParametersOfClass(kindGatewayConfiguration)
	}
	if !ok {
		return nil, fmt.Errorf("neither Gateway %s/%s nor its GatewayClass names a GatewayConfiguration: "+
			"create one and name it in spec.infrastructure.parametersRef of the Gateway", gateway.Namespace, gateway.Name)
	}
	config := objects.Find(in.Objects, kindGatewayConfiguration, key.Namespace, key.Name)
	if config == nil {
		return nil, fmt.Errorf("there is no GatewayConfiguration %s/%s, which parametersRef names: create it",
			key.Namespace, key.Name)
	}
	return config, nil
}

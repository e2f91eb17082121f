// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package contour

import (
	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
)

// xdsPort is where Envoy gets its configuration from Contour, over TLS, at the Service
// contour (projectcontour/contour examples/contour/02-service-contour.yaml and
// 03-envoy.yaml --xds-port, internal/provisioner/objects/object.go XDSPort v1.33.8).
// Linkerd asks to skip it, because TLS to it does not get through in ingress mode
// (linkerd/website linkerd.io/content/2-edge/tasks/using-ingress.md, Contour).
const xdsPort = 8001

// owningGateway is the label that the Gateway provisioner puts on everything that it
// generates. There is no owner reference (internal/provisioner/model/model.go,
// ContourOwningGatewayNameLabel; internal/provisioner/objects/dataplane/dataplane.go).
const owningGateway = "projectcontour.io/owning-gateway-name"

// dataPlane finds Envoy, never the Deployment contour: only Envoy sees requests. The
// Gateway provisioner gives both the same labels, and sets back every change of what it
// generates (internal/provisioner/equality/equality.go v1.33.8).
//
// Contour goes by the class's name. Its chart names the controller
// projectcontour.io/<namespace>/<name> (projectcontour/helm-charts
// charts/contour/templates/contour/ingressclass.yaml contour-0.7.0), its provisioner
// projectcontour.io/gateway-controller (cmd/contour/gatewayprovisioner.go v1.33.8). Envoy is
// told no class: Contour is.
func dataPlane() providers.DataPlane {
	kinds := []string{"DaemonSet", "Deployment"}
	return providers.DataPlane{
		Controllers: []string{"projectcontour.io"},
		Workloads: []providers.WorkloadSelector{
			{
				Kinds:     kinds,
				Labels:    map[string]string{"app": "envoy"},
				Container: "envoy",
				Source: "projectcontour/contour examples/contour/03-envoy.yaml " +
					"and examples/deployment/03-envoy-deployment.yaml v1.33.8",
			},
			{
				Kinds: kinds,
				Labels: map[string]string{
					"app.kubernetes.io/name":      "contour",
					"app.kubernetes.io/component": "envoy",
				},
				Container: "envoy",
				Source:    "projectcontour/helm-charts charts/contour/templates/envoy contour-0.7.0",
			},
			{
				Kinds: kinds,
				Labels: map[string]string{
					"app.kubernetes.io/name":       "contour",
					"app.kubernetes.io/component":  "ingress-controller",
					"app.kubernetes.io/managed-by": "contour-gateway-provisioner",
				},
				OwningGateway: owningGateway,
				Container:     "envoy",
				Source: "projectcontour/contour internal/provisioner/model/names.go and " +
					"internal/provisioner/objects/dataplane/dataplane.go v1.33.8",
			},
		},
		Targets:           []v1alpha1.InjectionTarget{v1alpha1.InjectionTargetWorkload, v1alpha1.InjectionTargetContourDeployment},
		Kinds:             []providers.Kind{kindContourDeployment},
		Writes:            []providers.Kind{providers.KindServiceAccount},
		SkipOutboundPorts: []int32{xdsPort},
	}
}

// PodSpec lets Envoy's pods mount a token of their ServiceAccount, which Contour's
// manifests turn off (examples/contour/03-envoy.yaml v1.33.8): where the class says so,
// or where Linkerd's proxy would have none.
//
// serviceAccount is the former name of serviceAccountName. Kubernetes fills it in, and
// where it is all that is left after a release, reads it (kubernetes/kubernetes
// pkg/apis/core/v1/conversion.go v1.36.3, Convert_v1_PodSpec_To_core_PodSpec). So both are
// set.
func (Provider) PodSpec(class providers.Class, projected bool) map[string]any {
	options := class.Spec.Contour
	asked := options != nil && options.ServiceAccountToken == v1alpha1.ServiceAccountTokenMount
	if projected && !asked {
		return nil
	}
	spec := map[string]any{"automountServiceAccountToken": true}
	if asked && options.ServiceAccountName != "" {
		spec["serviceAccountName"], spec["serviceAccount"] = options.ServiceAccountName, options.ServiceAccountName
	}
	return spec
}

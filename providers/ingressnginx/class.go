// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package ingressnginx

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/names"
	"github.com/meshingress/meshingress/providers/internal/objects"
)

// TranslateClass does nothing in ClusterIP routing. In header routing it makes the
// ConfigMap of the header and names it in the controller's own ConfigMap.
//
// Each key of the ConfigMap that proxy-set-headers names is the name of a header,
// its value the value, set by proxy_set_header or grpc_set_header, which replace
// what the client sent (rootfs/etc/nginx/template/nginx.tmpl lines 1329-1330, the
// directive chosen on line 990 by proxySetHeader of
// internal/ingress/controller/template/template.go). The variables are set for
// each location from its Ingress (nginx.tmpl lines 1152-1155); $service_port is
// backend.service.port.number in decimal, or else the port's name
// (template.go, getIngressInformation), and our Ingresses always have the number.
func (Provider) TranslateClass(in providers.ClassInput) (providers.Plan, field.ErrorList) {
	if in.Strategy.Strategy != v1alpha1.StrategyHeader {
		return providers.Plan{}, nil
	}
	options := in.Class.Spec.IngressNginx
	if options == nil || options.ConfigMapRef == nil {
		return providers.Plan{}, field.ErrorList{field.Required(
			field.NewPath("spec", "ingressNginx", "configMapRef"),
			"header routing sets proxy-set-headers there: name the ConfigMap of the controller's --configmap, "+
				"or set spec.routing to ClusterIP")}
	}
	ref := *options.ConfigMapRef
	headers := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: ref.Namespace, Name: names.Join("meshingress", in.Class.Name, "proxy-set-headers"),
		},
		Data: map[string]string{
			linkerd.OverrideHeader: fmt.Sprintf("$service_name.$namespace.svc.%s:$service_port", in.ClusterDomain),
		},
	}
	plan := providers.Plan{
		Fields:  []providers.FieldSet{controllerSetting(ref, headers)},
		Notices: headerNotices(ref),
	}
	plan.Objects = append(plan.Objects, objects.FromTyped(providers.KindConfigMap, headers))
	return plan, nil
}

func controllerSetting(ref v1alpha1.ObjectKey, headers *corev1.ConfigMap) providers.FieldSet {
	return objects.Fields(providers.KindConfigMap, ref.Namespace, ref.Name, map[string]any{
		"data": map[string]any{"proxy-set-headers": headers.Namespace + "/" + headers.Name},
	})
}

// headerNotices says where the header is that nobody asked for, and where it is
// missing. The locations of custom error pages (nginx.tmpl lines 849-858), of
// mirrors (template.go, buildMirrorLocations) and of auth subrequests (nginx.tmpl
// lines 1007-1124) do not range over proxy-set-headers.
func headerNotices(ref v1alpha1.ObjectKey) []v1alpha1.Notice {
	return []v1alpha1.Notice{
		{
			Reason: ReasonAffectsAllRoutes,
			Message: fmt.Sprintf("proxy-set-headers of ConfigMap %s/%s sets %s on every route of the controller, also on those "+
				"of no MeshIngress; where an Ingress names a Service port, Linkerd takes port 80: give the port's number there",
				ref.Namespace, ref.Name, linkerd.OverrideHeader),
		},
		{
			Reason: ReasonClientHeaderPasses,
			Message: "the controller's requests for custom error pages, mirrors and external authorization keep the client's " +
				"own " + linkerd.OverrideHeader + ", so that a client can choose the Service they reach: turn " +
				"custom-http-errors, global-auth-url, auth-url and mirror-target off, or set spec.routing to ClusterIP",
		},
	}
}

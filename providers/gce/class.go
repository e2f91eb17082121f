// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gce

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
)

// The classes of the controller (pkg/annotations/ingress.go, GceIngressClass and
// GceL7ILBIngressClass). They are known by annotation only: an Ingress with
// spec.ingressClassName and without annotation is passed over (pkg/utils/utils.go,
// IsGCEIngress).
const (
	classExternal = "gce"
	classInternal = "gce-internal"
)

// scheme of what a class shares with each of its Ingresses.
type scheme struct {
	class string // value of kubernetes.io/ingress.class

	// staticIP is the annotation that names a reserved address, otherStaticIP that of
	// the other scheme (pkg/annotations/ingress.go). The controller refuses both.
	staticIP, otherStaticIP string
}

func schemeOf(class providers.Class) scheme {
	if options(class).Scheme == v1alpha1.GCEInternal {
		return scheme{classInternal, regionalStaticIP, globalStaticIP}
	}
	return scheme{classExternal, globalStaticIP, regionalStaticIP}
}

func options(class providers.Class) v1alpha1.GCEOptions {
	if o := class.Spec.GCE; o != nil {
		return *o
	}
	return v1alpha1.GCEOptions{}
}

// TranslateClass makes nothing. It tells of what the class asks and GCE does not give.
func (Provider) TranslateClass(in providers.ClassInput) (providers.Plan, field.ErrorList) {
	var plan providers.Plan
	if name := in.Class.Spec.IngressClassName; name != "" && name != schemeOf(in.Class).class {
		plan.Notices = append(plan.Notices, classNameUnused(name, schemeOf(in.Class).class))
	}
	if name := options(in.Class).StaticIPName; name != "" {
		plan.Notices = append(plan.Notices, oneAddress(name))
	}
	return plan, nil
}

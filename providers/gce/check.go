// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gce

import (
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/annotations"
	"github.com/meshingress/meshingress/providers/internal/ingresses"
)

// checkPaths refuses what Kubernetes refuses, and "*", which the controller takes for a
// wildcard (pkg/controller/translator/translator.go, validateExactPathType).
func checkPaths(routes []providers.Route) field.ErrorList {
	errs := ingresses.CheckPaths(routes)
	for _, r := range routes {
		if strings.Contains(r.Path, "*") {
			errs = append(errs, field.Invalid(r.Field.Child("path"), r.Path,
				"GCE refuses '*' in a path: write %2A, or leave it out of a Prefix"))
		}
	}
	return errs
}

// checkTemplate refuses annotations that are the operator's or the controller's.
func checkTemplate(in providers.Input) field.ErrorList {
	return annotations.Check(in, refusals(in.Class))
}

func refusals(class providers.Class) []annotations.Refusal {
	s, o := schemeOf(class), options(class)
	all := append(annotations.ClassRefusal(),
		annotations.Refusal{Key: statusPrefix + "*", Remedy: "is the operator's, or the controller's own report: remove it"},
		annotations.Refusal{Key: s.otherStaticIP, Remedy: "is for the other scheme of load balancer: use " + s.staticIP},
	)
	if o.StaticIPName != "" {
		all = append(all, annotations.Refusal{Key: s.staticIP, Remedy: "is spec.gce.staticIPName of the class: remove it"})
	}
	if len(o.PreSharedCertificates) > 0 {
		all = append(all,
			annotations.Refusal{Key: preSharedCert, Remedy: "is spec.gce.preSharedCertificates of the class: remove it"},
			annotations.Refusal{Key: managedCertificates, Remedy: "would be set over spec.gce.preSharedCertificates of the class: " +
				"remove it, or use a class without them"},
		)
	}
	return all
}

// checkInternalHTTPS refuses what the controller refuses to configure: an internal load
// balancer for HTTP and HTTPS without a reserved address (pkg/loadbalancers/l7.go,
// edgeHop).
func checkInternalHTTPS(in providers.Input) field.ErrorList {
	o := options(in.Class)
	tls := len(in.TLS) > 0 || len(o.PreSharedCertificates) > 0 || in.Annotations[preSharedCert] != ""
	address := o.StaticIPName != "" || in.Annotations[regionalStaticIP] != ""
	if o.Scheme != v1alpha1.GCEInternal || !tls || address || !allowsHTTP(in) {
		return nil
	}
	return field.ErrorList{field.Required(providers.AnnotationField(allowHTTP),
		"an internal load balancer with TLS serves HTTP too only with a reserved address: set spec.gce.staticIPName of the "+
			`class, or this annotation to "false"`)}
}

// allowsHTTP reads the annotation as the controller does (pkg/annotations/ingress.go,
// AllowHTTP).
func allowsHTTP(in providers.Input) bool {
	allowed, err := strconv.ParseBool(in.Annotations[allowHTTP])
	return err != nil || allowed
}

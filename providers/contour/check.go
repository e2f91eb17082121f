// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package contour

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
)

// checkAnnotations refuses annotations that would give the HTTPProxies another
// class: they win over spec.ingressClassName.
func checkAnnotations(in providers.Input) field.ErrorList {
	var errs field.ErrorList
	for _, key := range classAnnotations() {
		if _, ok := in.Annotations[key]; ok {
			errs = append(errs, field.Forbidden(field.NewPath("spec", "template", "annotations").Key(key),
				"the class comes from the MeshIngressClass: remove the annotation, or set spec.className"))
		}
	}
	return errs
}

// checkHosts refuses hosts that another HTTPProxy of the class has. Contour serves
// neither of two with one fqdn, in whatever namespaces (internal/dag/
// httpproxy_processor.go, validHTTPProxies), so writing ours would take down theirs.
func checkHosts(in providers.Input) field.ErrorList {
	others := foreignHosts(in)
	var errs field.ErrorList
	for _, host := range hosts(in.Routes) {
		if other, ok := others[host]; ok {
			errs = append(errs, duplicate(routesOf(in.Routes, host)[0].Field, host, fmt.Sprintf(
				"HTTPProxy %s has this host already, and Contour serves neither of two: "+
					"put all paths of the host in one of them, or remove the other", other)))
		}
	}
	return errs
}

// foreignHosts maps the fqdn of each HTTPProxy of the class that is not this
// MeshIngress's to "<namespace>/<name>" of the first.
func foreignHosts(in providers.Input) map[string]string {
	owner := "MeshIngress/" + in.Namespace + "/" + in.Name
	others := map[string]string{}
	for _, obj := range in.Objects {
		if obj.GetAnnotations()[v1alpha1.OwnerAnnotation] == owner || !servedBy(in.Class, obj) {
			continue
		}
		fqdn, _, _ := unstructured.NestedString(obj.Object, "spec", "virtualhost", "fqdn")
		fqdn = strings.ToLower(fqdn)
		if _, ok := others[fqdn]; !ok {
			others[fqdn] = obj.GetNamespace() + "/" + obj.GetName()
		}
	}
	return others
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package contour

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/routes"
)

// checkHosts refuses hosts that another HTTPProxy of the class has. Contour serves
// neither of two with one fqdn, in whatever namespaces (internal/dag/
// httpproxy_processor.go, validHTTPProxies), so writing ours would take down theirs.
func checkHosts(in providers.Input) field.ErrorList {
	others := foreignHosts(in)
	var errs field.ErrorList
	for _, host := range routes.Hosts(in.Routes) {
		if other, ok := others[host]; ok {
			errs = append(errs, routes.Duplicate(routes.OfHost(in.Routes, host)[0].Field, host, fmt.Sprintf(
				"HTTPProxy %s has this host already, and Contour serves neither of two: "+
					"put all paths of the host in one of them, or remove the other", other)))
		}
	}
	return errs
}

// foreignHosts maps the fqdn of each HTTPProxy of the class that is not this
// MeshIngress's to "<namespace>/<name>" of the first.
func foreignHosts(in providers.Input) map[string]string {
	others := map[string]string{}
	for _, obj := range in.Objects {
		if in.Owns(obj) || !servedBy(in.Class, obj) {
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

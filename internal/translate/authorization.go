// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"net/netip"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
)

// checkAuthorization checks what the CRD checks, and that a network is one: the CRD's
// grammar lets 300.0.0.0/99 through.
func checkAuthorization(a *v1alpha1.Authorization, at *field.Path) field.ErrorList {
	if a == nil {
		return nil
	}
	var errs field.ErrorList
	modes := []v1alpha1.AuthorizationMode{v1alpha1.AuthorizationAudit, v1alpha1.AuthorizationEnforce}
	if !slices.Contains(modes, a.Policy) {
		errs = append(errs, field.NotSupported(at.Child("policy"), a.Policy, modes))
	}
	for i, c := range a.Clients {
		errs = append(errs, checkClient(c, at.Child("clients").Index(i))...)
	}
	return errs
}

func checkClient(c v1alpha1.AuthorizedClient, at *field.Path) field.ErrorList {
	if (c.ServiceAccount != nil) == (c.Network != "") {
		return field.ErrorList{field.Required(at, "set exactly one of serviceAccount and network")}
	}
	if c.ServiceAccount == nil {
		if _, err := netip.ParsePrefix(c.Network); err != nil {
			return field.ErrorList{field.Invalid(at.Child("network"), c.Network, "must be a range of addresses, such as 10.0.0.0/8")}
		}
		return nil
	}
	errs := invalid(at.Child("serviceAccount", "namespace"), c.ServiceAccount.Namespace,
		validation.IsDNS1123Label(c.ServiceAccount.Namespace))
	return append(errs, invalid(at.Child("serviceAccount", "name"), c.ServiceAccount.Name,
		validation.IsDNS1123Subdomain(c.ServiceAccount.Name))...)
}

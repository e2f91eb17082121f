// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/internal/translate"
	"github.com/meshingress/meshingress/providers"
)

// serviceAccounts are those that the class would make: what it names and the input does
// not hold.
func (r *rendering) serviceAccounts(o *outcome) []*unstructured.Unstructured {
	missing := slices.DeleteFunc(injection.ServiceAccounts(o.claims), func(account *unstructured.Unstructured) bool {
		held := r.read(providers.Read{Kind: providers.KindServiceAccount, Namespace: account.GetNamespace()})
		return slices.ContainsFunc(held, func(h *unstructured.Unstructured) bool { return h.GetName() == account.GetName() })
	})
	translate.ClassOwner(o.class).Mark(missing)
	return missing
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gatewayapi

import (
	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
)

// ParametersOfGateway names the object of a kind in spec.infrastructure.parametersRef of
// the Gateway; false where it names none. The object need not exist.
func (s Surroundings) ParametersOfGateway(k providers.Kind) (v1alpha1.ObjectKey, bool) {
	if s.Gateway == nil || s.Gateway.Spec.Infrastructure == nil {
		return v1alpha1.ObjectKey{}, false
	}
	ref := s.Gateway.Spec.Infrastructure.ParametersRef
	if ref == nil || string(ref.Group) != k.Group || string(ref.Kind) != k.Kind {
		return v1alpha1.ObjectKey{}, false
	}
	return v1alpha1.ObjectKey{Namespace: s.Gateway.Namespace, Name: ref.Name}, true
}

// ParametersOfClass names the object of a kind in spec.parametersRef of the
// GatewayClass; false where it names none. The namespace is empty where none is named.
func (s Surroundings) ParametersOfClass(k providers.Kind) (v1alpha1.ObjectKey, bool) {
	if s.GatewayClass == nil {
		return v1alpha1.ObjectKey{}, false
	}
	ref := s.GatewayClass.Spec.ParametersRef
	if ref == nil || string(ref.Group) != k.Group || string(ref.Kind) != k.Kind {
		return v1alpha1.ObjectKey{}, false
	}
	key := v1alpha1.ObjectKey{Name: ref.Name}
	if ref.Namespace != nil {
		key.Namespace = string(*ref.Namespace)
	}
	return key, true
}

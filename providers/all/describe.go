// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package all

import "github.com/meshingress/meshingress/providers"

// Describe returns the description of every vendor, in the order of the registry.
func Describe() ([]providers.Description, error) {
	registry, err := New()
	if err != nil {
		return nil, err
	}
	var descriptions []providers.Description
	for _, p := range registry.All() {
		descriptions = append(descriptions, p.Describe())
	}
	return descriptions, nil
}

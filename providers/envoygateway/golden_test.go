// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package envoygateway_test

import (
	"testing"

	"github.com/meshingress/meshingress/providers/envoygateway"
	"github.com/meshingress/meshingress/providers/providertest"
)

func TestGolden(t *testing.T) { providertest.RunGolden(t, envoygateway.New()) }

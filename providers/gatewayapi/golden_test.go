// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gatewayapi_test

import (
	"testing"

	"github.com/meshingress/meshingress/providers/gatewayapi"
	"github.com/meshingress/meshingress/providers/providertest"
)

func TestGolden(t *testing.T) { providertest.RunGolden(t, gatewayapi.New()) }

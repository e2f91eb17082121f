// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gatewayapi_test

import (
	"testing"

	"github.com/meshingress/meshingress/providers/gatewayapi"
	"github.com/meshingress/meshingress/providers/providertest"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

func FuzzTranslate(f *testing.F) { providertest.Fuzz(f, gatewayapi.New(), story.GatewayRoute) }

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package kong_test

import (
	"testing"

	"github.com/meshingress/meshingress/providers/kong"
	"github.com/meshingress/meshingress/providers/providertest"
)

func TestGolden(t *testing.T) { providertest.RunGolden(t, kong.New()) }

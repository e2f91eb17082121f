// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package enroute_test

import (
	"testing"

	"github.com/meshingress/meshingress/providers/enroute"
	"github.com/meshingress/meshingress/providers/providertest"
)

func TestGolden(t *testing.T) { providertest.RunGolden(t, enroute.New()) }

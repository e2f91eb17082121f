// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gce_test

import (
	"testing"

	"github.com/meshingress/meshingress/providers/gce"
	"github.com/meshingress/meshingress/providers/providertest"
)

func TestGolden(t *testing.T) { providertest.RunGolden(t, gce.New()) }

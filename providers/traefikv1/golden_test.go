// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package traefikv1_test

import (
	"testing"

	"github.com/meshingress/meshingress/providers/providertest"
	"github.com/meshingress/meshingress/providers/traefikv1"
)

func TestGolden(t *testing.T) { providertest.RunGolden(t, traefikv1.New()) }

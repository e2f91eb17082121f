// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package haproxyingress_test

import (
	"testing"

	"github.com/meshingress/meshingress/providers/haproxyingress"
	"github.com/meshingress/meshingress/providers/providertest"
)

func TestGolden(t *testing.T) { providertest.RunGolden(t, haproxyingress.New()) }

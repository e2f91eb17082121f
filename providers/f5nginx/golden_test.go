// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package f5nginx_test

import (
	"testing"

	"github.com/meshingress/meshingress/providers/f5nginx"
	"github.com/meshingress/meshingress/providers/providertest"
)

func TestGolden(t *testing.T) { providertest.RunGolden(t, f5nginx.New()) }

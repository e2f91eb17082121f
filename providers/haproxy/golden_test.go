// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package haproxy_test

import (
	"testing"

	"github.com/meshingress/meshingress/providers/haproxy"
	"github.com/meshingress/meshingress/providers/providertest"
)

func TestGolden(t *testing.T) { providertest.RunGolden(t, haproxy.New()) }

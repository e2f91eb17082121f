// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package ngrok_test

import (
	"testing"

	"github.com/meshingress/meshingress/providers/ngrok"
	"github.com/meshingress/meshingress/providers/providertest"
)

func TestGolden(t *testing.T) { providertest.RunGolden(t, ngrok.New()) }

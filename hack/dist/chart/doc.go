// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package chart renders and packages the Helm chart in charts/meshingress, with Helm's own
// library. Its tests are those of the chart.
package chart

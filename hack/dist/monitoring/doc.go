// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package monitoring reads the alerts of config/prometheus and the dashboard of
// config/grafana. Its tests evaluate each alert with Prometheus' own engine on the series
// of testdata, and hold every query to the metrics that the operator exposes: package
// internal/metrics lists them, and a test of package controllers holds that list to a
// running operator.
package monitoring

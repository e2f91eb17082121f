// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"context"
	"fmt"
	"time"

	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/release"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/hack/dist/manifests"
)

// Release is an installation of the chart.
type Release struct {
	// Dir is the folder of the chart, or the file that it is packaged in.
	Dir string

	// Name and Namespace are those of the release.
	Name, Namespace string

	// Values override those of values.yaml, and have their structure.
	Values map[string]any

	// KubeVersion is the version of Kubernetes that the chart is told, as "1.36.3".
	KubeVersion string
}

// Rendered is what Helm makes of a chart.
type Rendered struct {
	// Objects are in the order in which Helm installs them.
	Objects []*unstructured.Unstructured

	// Notes is what Helm prints at the end.
	Notes string
}

// Render does what `helm template` does, without a cluster. An error of the schema or of a
// template names the value.
func (r Release) Render(ctx context.Context) (Rendered, error) {
	loaded, err := loader.Load(r.Dir)
	if err != nil {
		return Rendered{}, fmt.Errorf("loading the chart: %w", err)
	}
	version, err := common.ParseKubeVersion(r.KubeVersion)
	if err != nil {
		return Rendered{}, fmt.Errorf("reading the version of Kubernetes: %w", err)
	}
	install := action.NewInstall(action.NewConfiguration())
	install.DryRunStrategy = action.DryRunClient
	install.ReleaseName, install.Namespace = r.Name, r.Namespace
	install.KubeVersion = version
	installed, err := install.RunWithContext(ctx, loaded, r.Values)
	if err != nil {
		return Rendered{}, fmt.Errorf("rendering the chart: %w", err)
	}
	accessor, err := release.NewAccessor(installed)
	if err != nil {
		return Rendered{}, fmt.Errorf("reading what Helm rendered: %w", err)
	}
	objects, err := manifests.Decode([]byte(accessor.Manifest()))
	if err != nil {
		return Rendered{}, fmt.Errorf("reading what Helm rendered: %w", err)
	}
	return Rendered{Objects: objects, Notes: accessor.Notes()}, nil
}

// Package writes the chart of a folder as <name>-<version>.tgz into another folder, and
// returns its path. The version, such as "1.2.3", is that of the chart and of the operator
// that it installs. All files in it have the time epoch, so that the same chart has the
// same digest.
func Package(dir, target, version string, epoch time.Time) (string, error) {
	pack := action.NewPackage()
	pack.Destination = target
	pack.Version, pack.AppVersion = version, version
	pack.SourceDateEpoch = &epoch
	path, err := pack.Run(dir, nil)
	if err != nil {
		return "", fmt.Errorf("packaging the chart: %w", err)
	}
	return path, nil
}

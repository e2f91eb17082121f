// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package chart_test

import (
	"testing"

	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/v2/lint/support"
)

func TestHelmFindsNothingToSay(t *testing.T) {
	version, err := common.ParseKubeVersion(kubeVersion)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range variants() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lint := action.NewLint()
			lint.Strict, lint.Namespace, lint.KubeVersion = true, namespace, version
			result := lint.Run([]string{dir}, values(content))
			if result.TotalChartsLinted != 1 {
				t.Errorf("%d charts were linted", result.TotalChartsLinted)
			}
			for _, m := range result.Messages {
				if m.Severity > support.UnknownSev {
					t.Error(m)
				}
			}
			for _, err := range result.Errors {
				t.Error(err)
			}
		})
	}
}

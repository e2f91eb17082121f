// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package chart_test

import (
	"strings"
	"testing"
)

func TestBadValuesAreRefusedByName(t *testing.T) {
	cases := map[string]struct {
		values string
		want   []string // what the message says
	}{
		"a misspelled value":         {`replica: 3`, []string{"replica"}},
		"a misspelled value inside":  {`image: {tags: v1}`, []string{"/image", "tags"}},
		"text for a number":          {`replicas: two`, []string{"/replicas"}},
		"a number below none":        {`replicas: -1`, []string{"/replicas"}},
		"an unknown vendor":          {`vendors: [Traefik, Nginx]`, []string{"/vendors/1", "IngressNginx"}},
		"a vendor twice":             {`vendors: [Traefik, Traefik]`, []string{"/vendors"}},
		"no vendor":                  {`vendors: []`, []string{"/vendors"}},
		"an opt-in that is none":     {`optIns: [Traefik]`, []string{"/optIns/0", "Contour"}},
		"an opt-in without vendor":   {`{vendors: [Traefik], optIns: [Contour]}`, []string{"optIns names Contour"}},
		"a digest without algorithm": {`image: {digest: abc}`, []string{"/image/digest"}},
		"a pull policy":              {`image: {pullPolicy: Sometimes}`, []string{"/image/pullPolicy", "IfNotPresent"}},
		"a pull secret as text":      {`imagePullSecrets: [registry]`, []string{"/imagePullSecrets/0"}},
		"a pattern of namespaces":    {`watchNamespaces: ["team-*"]`, []string{"/watchNamespaces/0"}},
		"a projection":               {`linkerd: {tokenProjection: maybe}`, []string{"/linkerd/tokenProjection"}},
		"a cluster domain":           {`linkerd: {clusterDomain: "a b"}`, []string{"/linkerd/clusterDomain"}},
		"a log level":                {`log: {level: loud}`, []string{"/log/level"}},
		"an argument without dashes": {`extraArgs: [leader-elect]`, []string{"/extraArgs/0"}},
		"an account without name":    {`serviceAccount: {create: false}`, []string{"serviceAccount.name is needed"}},
		"requests of the pod":        {`resources: {cpu: 1}`, []string{"/resources", "cpu"}},
		"a budget":                   {`podDisruptionBudget: {maxUnavailable: half}`, []string{"/podDisruptionBudget/maxUnavailable"}},
		"a monitor without Service": {
			`metrics: {service: {enabled: false}, serviceMonitor: {enabled: true}}`,
			[]string{"metrics.serviceMonitor.enabled needs metrics.service.enabled"},
		},
		"a number as annotation": {`podAnnotations: {a: 1}`, []string{"/podAnnotations/a"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := render(t.Context(), tc.values)
			if err == nil {
				t.Fatal("the chart was rendered")
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error does not say %q: %v", want, err)
				}
			}
		})
	}
}

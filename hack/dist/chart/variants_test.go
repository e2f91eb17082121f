// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package chart_test

import (
	"context"
	"maps"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/meshingress/meshingress/hack/dist/chart"
)

// The chart, and the release that the tests render.
const (
	dir       = "../../../charts/meshingress"
	release   = "meshingress"
	namespace = "meshingress-system"

	// kubeVersion is that of the API server of test/env.
	kubeVersion = "1.36.3"
)

// variants are the combinations of values that matter, as YAML. Each one is linted,
// rendered and accepted by a real API server.
func variants() map[string]string {
	return map[string]string{
		"default":         ``,
		"one vendor":      `vendors: [Traefik]`,
		"opt-ins":         `optIns: [IngressNginx, Contour]`,
		"authorization":   `authorization: {enabled: true}`,
		"one replica":     `replicas: 1`,
		"an image":        `image: {repository: registry.example/meshingress, tag: v9, pullPolicy: Always}`,
		"a digest":        `image: {digest: "` + digest + `"}`,
		"pull secrets":    `imagePullSecrets: [{name: registry}]`,
		"another name":    `fullnameOverride: mesh`,
		"namespaces":      `{watchNamespaces: [team-a, team-b], optIns: [Contour], authorization: {enabled: true}}`,
		"linkerd":         `linkerd: {namespace: mesh, version: edge-26.8.3, clusterDomain: example.org, tokenProjection: false}`,
		"logs":            `{log: {level: debug}, extraArgs: [--zap-encoder=console]}`,
		"detailed logs":   `log: {level: 5}`,
		"no CRDs":         `crds: {install: false}`,
		"CRDs go":         `crds: {keep: false}`,
		"no RBAC":         `rbac: {create: false}`,
		"another account": `serviceAccount: {name: mesh, annotations: {example.org/role: mesh}}`,
		"no account":      `serviceAccount: {create: false, name: default}`,
		"resources":       `resources: {requests: {cpu: 1, memory: 1Gi}, limits: {memory: 2Gi}}`,
		"scheduling": `
nodeSelector: {kubernetes.io/os: linux}
tolerations: [{key: infra, operator: Exists}]
priorityClassName: system-cluster-critical
affinity:
  nodeAffinity:
    requiredDuringSchedulingIgnoredDuringExecution:
      nodeSelectorTerms: [{matchExpressions: [{key: infra, operator: Exists}]}]
topologySpreadConstraints:
- {maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule}
- {maxSkew: 2, topologyKey: host, whenUnsatisfiable: ScheduleAnyway, labelSelector: {matchLabels: {a: b}}}
`,
		"no spread":       `topologySpreadConstraints: []`,
		"pod metadata":    `{podAnnotations: {example.org/a: "1"}, podLabels: {example.org/b: "2"}}`,
		"no budget":       `podDisruptionBudget: {enabled: false}`,
		"half the budget": `podDisruptionBudget: {maxUnavailable: 50%}`,
		"no policy":       `networkPolicy: {enabled: false}`,
		"no metrics":      `{metrics: {service: {enabled: false}}, networkPolicy: {metricsFrom: []}}`,
		"Prometheus": `
networkPolicy: {metricsFrom: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}}]}
metrics:
  serviceMonitor: {enabled: true, labels: {release: prometheus}}
  prometheusRule: {enabled: true, labels: {release: prometheus}}
  dashboards: {enabled: true}
`,
		"admission": `admissionPolicy: {enabled: true}`,
	}
}

const digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// values reads YAML as Helm reads a values file.
func values(content string) map[string]any {
	result := map[string]any{}
	if err := yaml.Unmarshal([]byte(content), &result); err != nil {
		panic(err)
	}
	return maps.Clone(result)
}

func render(ctx context.Context, content string) (chart.Rendered, error) {
	r := chart.Release{Dir: dir, Name: release, Namespace: namespace, Values: values(content), KubeVersion: kubeVersion}
	return r.Render(ctx)
}

func mustRender(t *testing.T, content string) []*unstructured.Unstructured {
	t.Helper()
	result, err := render(t.Context(), content)
	if err != nil {
		t.Fatal(err)
	}
	return result.Objects
}

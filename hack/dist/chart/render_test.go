// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package chart_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/hack/dist/chart"
)

const (
	manager   = "Deployment/meshingress-controller-manager"
	container = "spec.template.spec.containers.0."
)

func TestEachValueDoesWhatItSays(t *testing.T) {
	for _, effects := range []map[string]effect{
		effectsOnTheImage(), effectsOnTheInstallation(), effectsOnThePods(), effectsAroundThePods(),
	} {
		for name, e := range effects {
			t.Run(name, func(t *testing.T) {
				obj := find(t, mustRender(t, e.values), e.object)
				if diff := cmp.Diff(e.want, field(t, obj.Object, e.field)); diff != "" {
					t.Errorf("%s of %s (-want +got):\n%s", e.field, e.object, diff)
				}
			})
		}
	}
}

// An effect is what values change in one field of one object.
type effect struct {
	values string
	object string // kind and name
	field  string // its path
	want   any
}

func effectsOnTheImage() map[string]effect {
	return map[string]effect{
		"replicas":  {`replicas: 1`, manager, "spec.replicas", int64(1)},
		"image.tag": {`image: {tag: v9}`, manager, container + "image", "meshingress/manager:v9"},
		"image.digest": {
			`image: {tag: v9, digest: "` + digest + `"}`, manager, container + "image", "meshingress/manager:v9@" + digest,
		},
		"image.repository": {
			`image: {repository: registry.example/m, tag: v9}`, manager, container + "image", "registry.example/m:v9",
		},
		"pullPolicy": {`image: {pullPolicy: Never}`, manager, container + "imagePullPolicy", "Never"},
		"pull secrets": {
			`imagePullSecrets: [{name: a}]`, manager, "spec.template.spec.imagePullSecrets", []any{map[string]any{"name": "a"}},
		},
		"a full name": {`fullnameOverride: mesh`, "ServiceAccount/mesh-controller-manager", "kind", "ServiceAccount"},
	}
}

func effectsOnTheInstallation() map[string]effect {
	return map[string]effect{
		"flags": {
			`{linkerd: {namespace: l5d, version: v1, clusterDomain: c.d, tokenProjection: false},
			  watchNamespaces: [a, b], log: {level: 3}, extraArgs: [--zap-devel]}`,
			manager, container + "args",
			[]any{
				"--leader-elect", "--linkerd-namespace=l5d", "--linkerd-version=v1", "--cluster-domain=c.d",
				"--linkerd-token-projection=false", "--watch-namespaces=a,b", "--zap-log-level=3", "--zap-devel",
			},
		},
		"an account": {
			`serviceAccount: {create: false, name: mine}`, manager, "spec.template.spec.serviceAccountName", "mine",
		},
		"the binding of an account": {
			`serviceAccount: {name: mine}`, "ClusterRoleBinding/meshingress-manager", "subjects.0.name", "mine",
		},
		"annotations of the account": {
			`serviceAccount: {annotations: {a: b}}`, "ServiceAccount/meshingress-controller-manager",
			"metadata.annotations",
			map[string]any{"a": "b"},
		},
		"the CRDs stay": {
			``, "CustomResourceDefinition/meshingresses.networking.meshingress.dev",
			"metadata.annotations.helm%sh/resource-policy", "keep",
		},
		"the CRDs go": {
			`crds: {keep: false}`, "CustomResourceDefinition/meshingresses.networking.meshingress.dev",
			"metadata.annotations.helm%sh/resource-policy", nil,
		},
	}
}

func effectsOnThePods() map[string]effect {
	constraint := func(key string, labels map[string]any) map[string]any {
		return map[string]any{
			"maxSkew": int64(1), "topologyKey": key, "whenUnsatisfiable": "ScheduleAnyway",
			"labelSelector": map[string]any{"matchLabels": labels},
		}
	}
	return map[string]effect{
		"resources": {
			`resources: {requests: {cpu: 1}, limits: {memory: 1Gi}}`, manager, container + "resources", map[string]any{
				"requests": map[string]any{"cpu": int64(1), "memory": "128Mi"}, "limits": map[string]any{"memory": "1Gi"},
			},
		},
		"a spread of its own": {
			`topologySpreadConstraints:
             - {maxSkew: 1, topologyKey: a, whenUnsatisfiable: ScheduleAnyway, labelSelector: {matchLabels: {b: c}}}`,
			manager, "spec.template.spec.topologySpreadConstraints.0", constraint("a", map[string]any{"b": "c"}),
		},
		"a spread of the manager's pods": {
			`topologySpreadConstraints: [{maxSkew: 1, topologyKey: a, whenUnsatisfiable: ScheduleAnyway}]`,
			manager, "spec.template.spec.topologySpreadConstraints.0", constraint("a", map[string]any{
				"app.kubernetes.io/name": "meshingress", "app.kubernetes.io/component": "controller-manager",
			}),
		},
		"priorityClassName": {`priorityClassName: high`, manager, "spec.template.spec.priorityClassName", "high"},
		"podLabels":         {`podLabels: {a: b}`, manager, "spec.template.metadata.labels.a", "b"},
		"podAnnotations":    {`podAnnotations: {a: b}`, manager, "spec.template.metadata.annotations.a", "b"},
	}
}

func effectsAroundThePods() map[string]effect {
	return map[string]effect{
		"who may read the metrics": {
			`networkPolicy: {metricsFrom: [{podSelector: {}}]}`, "NetworkPolicy/meshingress-controller-manager",
			"spec.ingress.0.from",
			[]any{map[string]any{"podSelector": map[string]any{}}},
		},
		"nobody may read the metrics": {
			`networkPolicy: {metricsFrom: []}`, "NetworkPolicy/meshingress-controller-manager", "spec.ingress",
			[]any{map[string]any{"ports": []any{map[string]any{"port": "probes", "protocol": "TCP"}}}},
		},
		"labels of the monitor": {
			`metrics: {serviceMonitor: {enabled: true, labels: {release: p}}}`,
			"ServiceMonitor/meshingress-controller-manager", "metadata.labels.release", "p",
		},
		"labels of the alerts": {
			`metrics: {prometheusRule: {enabled: true, labels: {release: p}}}`,
			"PrometheusRule/meshingress", "metadata.labels.release", "p",
		},
		"labels of the dashboards": {
			`metrics: {dashboards: {enabled: true}}`, "ConfigMap/meshingress-dashboards", "metadata.labels.grafana_dashboard", "1",
		},
		"admission": {
			`admissionPolicy: {enabled: true}`, "ValidatingAdmissionPolicyBinding/meshingress-class-rights",
			"spec.validationActions",
			[]any{"Deny"},
		},
		"the budget": {
			`podDisruptionBudget: {maxUnavailable: 50%}`, "PodDisruptionBudget/meshingress-controller-manager",
			"spec.maxUnavailable", "50%",
		},
	}
}

func TestValuesLeaveOutWhatTheySwitchOff(t *testing.T) {
	cases := map[string]struct {
		values string
		kinds  []string
	}{
		"crds.install":                {`crds: {install: false}`, []string{"CustomResourceDefinition"}},
		"rbac.create":                 {`rbac: {create: false}`, []string{"ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"}},
		"serviceAccount.create":       {`serviceAccount: {create: false, name: mine}`, []string{"ServiceAccount"}},
		"podDisruptionBudget.enabled": {`podDisruptionBudget: {enabled: false}`, []string{"PodDisruptionBudget"}},
		"networkPolicy.enabled":       {`networkPolicy: {enabled: false}`, []string{"NetworkPolicy"}},
		"metrics.service.enabled":     {`metrics: {service: {enabled: false}}`, []string{"Service"}},
	}
	all := kinds(mustRender(t, ""))
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			want := slices.DeleteFunc(slices.Clone(all), func(k string) bool { return slices.Contains(tc.kinds, k) })
			if len(all)-len(want) != len(tc.kinds) {
				t.Errorf("not all of %v are among %v", tc.kinds, all)
			}
			if diff := cmp.Diff(want, kinds(mustRender(t, tc.values))); diff != "" {
				t.Errorf("kinds (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheNotesSayWhatWasChosen(t *testing.T) {
	cases := map[string]struct {
		values string
		want   []string
	}{
		"the vendors":         {`vendors: [Traefik, Kong]`, []string{"for 2 vendors:\n", "Traefik, Kong", "vendor: Traefik"}},
		"one vendor":          {`vendors: [Kong]`, []string{"for 1 vendor:\n", "vendor: Kong\n"}},
		"a class":             {``, []string{"name: NAME # the name of its IngressClass", "vendor: IngressNginx\n"}},
		"a Gateway":           {``, []string{"needs spec.gatewayRef too"}},
		"the manager":         {``, []string{"kubectl -n meshingress-system rollout status deployment/meshingress-controller-manager"}},
		"the namespaces":      {`watchNamespaces: [a, b]`, []string{"only in these namespaces: a, b"}},
		"what is missing":     {`{rbac: {create: false}, crds: {install: false}}`, []string{"rbac.create is false", "crds.install is false"}},
		"how to leave":        {``, []string{"kubectl delete meshingresses --all --all-namespaces", "stay when the release goes"}},
		"what the CRDs would": {`crds: {keep: false}`, []string{"The CustomResourceDefinitions go with the release"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			result, err := render(t.Context(), tc.values)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range tc.want {
				if !strings.Contains(result.Notes, want) {
					t.Errorf("the notes do not say %q:\n%s", want, result.Notes)
				}
			}
		})
	}
}

func TestTheImageIsThatOfTheVersion(t *testing.T) {
	loaded, err := loader.LoadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	version := "meshingress/manager:v" + loaded.Metadata.AppVersion
	for values, want := range map[string]string{
		``:                                  version,
		`image: {digest: "` + digest + `"}`: version + "@" + digest,
	} {
		if image := field(t, find(t, mustRender(t, values), manager).Object, container+"image"); image != want {
			t.Errorf("with the values %q the image is %v, not %s", values, image, want)
		}
	}
}

func TestAnOldKubernetesIsRefused(t *testing.T) {
	r := chart.Release{Dir: dir, Name: release, Namespace: namespace, KubeVersion: "1.28.15"}
	if _, err := r.Render(t.Context()); err == nil || !strings.Contains(err.Error(), "kubeVersion") {
		t.Errorf("the error is %v", err)
	}
}

func TestAdmissionPoliciesNeedAKubernetesThatHasThem(t *testing.T) {
	cases := map[string]struct{ version, want string }{
		"before":                {"1.29.14", "admissionPolicy.enabled needs Kubernetes 1.30 or later, and this is v1.29.14"},
		"before, of a provider": {"v1.29.14-gke.1", "admissionPolicy.enabled needs Kubernetes 1.30"},
		"from then on":          {"1.30.0", ""},
		"of a provider":         {"v1.30.0-eks-1", ""},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			r := chart.Release{
				Dir: dir, Name: release, Namespace: namespace,
				Values: values(`admissionPolicy: {enabled: true}`), KubeVersion: tc.version,
			}
			_, err := r.Render(t.Context())
			if tc.want == "" && err != nil {
				t.Fatal(err)
			}
			if tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("the error is %v, not %q", err, tc.want)
			}
		})
	}
}

func TestVersionsOfCloudProvidersAreNotRefused(t *testing.T) {
	r := chart.Release{Dir: dir, Name: release, Namespace: namespace, KubeVersion: "v1.33.4-gke.1245000"}
	if _, err := r.Render(t.Context()); err != nil {
		t.Error(err)
	}
}

// find returns the object with a kind and name.
func find(t *testing.T, objects []*unstructured.Unstructured, kindAndName string) *unstructured.Unstructured {
	t.Helper()
	var names []string
	for _, o := range objects {
		name := o.GetKind() + "/" + o.GetName()
		if name == kindAndName {
			return o
		}
		names = append(names, name)
	}
	t.Fatalf("there is no %s among %v", kindAndName, names)
	return nil
}

// field follows a path, whose numbers are indexes of lists and whose % stand for dots.
func field(t *testing.T, content any, path string) any {
	t.Helper()
	for step := range strings.SplitSeq(path, ".") {
		switch at := content.(type) {
		case map[string]any:
			content = at[strings.ReplaceAll(step, "%", ".")]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(at) {
				t.Fatalf("%s of %s is not in a list of %d", step, path, len(at))
			}
			content = at[i]
		default:
			t.Fatalf("%s of %s is in %v", step, path, content)
		}
	}
	return content
}

// kinds lists the kinds of objects, each once.
func kinds(objects []*unstructured.Unstructured) []string {
	var result []string
	for _, o := range objects {
		result = append(result, o.GetKind())
	}
	slices.Sort(result)
	return slices.Compact(result)
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package render_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/internal/render"
)

const injector = `
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: linkerd-proxy-injector-webhook-config}
webhooks:
- name: linkerd-proxy-injector.linkerd.io
  admissionReviewVersions: [v1]
  clientConfig: {}
  sideEffects: None
  namespaceSelector:
    matchExpressions: [{key: config.linkerd.io/admission-webhooks, operator: NotIn, values: [disabled]}]
---
`

// class makes a class with more in its spec.
func class(name, more string) string {
	return strings.NewReplacer("name: fake", "name: "+name, "vendor: Traefik", "vendor: Traefik"+more).Replace(classFake)
}

// patched is the annotations that a plan gives workloads, by workload.
func patched(p render.Plan) map[string]map[string]any {
	out := map[string]map[string]any{}
	for _, patch := range p.Patches {
		template := patch.Fields["spec"].(map[string]any)["template"].(map[string]any)
		key := patch.Target.Kind + " " + patch.Target.Namespace + "/" + patch.Target.Name
		out[key] = template["metadata"].(map[string]any)["annotations"].(map[string]any)
	}
	return out
}

func ingressClass(controller string) string {
	return "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: fake}\nspec: {controller: " + controller + "}\n"
}

func TestDataPlane(t *testing.T) {
	const workload = "Deployment ingress/fake"
	normal := map[string]map[string]any{workload: {
		"linkerd.io/inject": "enabled", "config.linkerd.io/skip-inbound-ports": "8080,8443",
	}}
	none := map[string]map[string]any{}
	for name, tc := range map[string]struct {
		texts       []string
		wantPatches map[string]map[string]any
		wantErrors  []string
		wantNotices []string
	}{
		"is patched": {
			texts: []string{classFake, deploymentFake, serviceFake}, wantPatches: normal,
		},
		"in ingress mode for header routing": {
			texts:       []string{class("fake", ", routing: Header"), deploymentFake},
			wantPatches: map[string]map[string]any{workload: {"linkerd.io/inject": "ingress"}},
			wantNotices: []string{injection.ReasonNoExposedService},
		},
		"and audited, which says so": {
			texts:       []string{class("fake", ", dataPlane: {injection: Audit}"), deploymentFake, serviceFake},
			wantPatches: normal, wantNotices: []string{"Audit"},
		},
		"but not where it is ignored": {
			texts:       []string{class("fake", ", dataPlane: {injection: Ignore}"), deploymentFake, serviceFake},
			wantPatches: none,
		},
		"is not looked for without workloads": {
			texts:       []string{classFake, serviceFake},
			wantPatches: none, wantNotices: []string{render.ReasonDataPlaneNotInInput},
		},
		"is not among the workloads": {
			texts:       []string{classFake, strings.ReplaceAll(deploymentFake, "app: fake", "app: other")},
			wantPatches: none, wantErrors: []string{"spec.dataPlane FieldValueNotFound"},
		},
		"is more than one workload": {
			texts: []string{
				classFake, deploymentFake,
				strings.Replace(deploymentFake, "namespace: ingress", "namespace: other", 1),
			},
			wantPatches: none, wantErrors: []string{"spec.dataPlane FieldValueInvalid"},
		},
		"is called by the API server, too": {
			texts: []string{
				classFake, deploymentFake, serviceFake,
				strings.NewReplacer("8080", "9443", "8443", "9444", "LoadBalancer", "ClusterIP", "name: fake", "name: admission").
					Replace(serviceFake),
				"apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\nmetadata: {name: a}\n" +
					"webhooks: [{name: a, clientConfig: {service: {namespace: ingress, name: admission, port: 80}}}]\n",
				"---\napiVersion: admissionregistration.k8s.io/v1\nkind: MutatingWebhookConfiguration\nmetadata: {name: a}\n" +
					"webhooks: [{name: a, clientConfig: {service: {namespace: ingress, name: admission}}}]\n",
			},
			wantPatches: map[string]map[string]any{workload: {
				"linkerd.io/inject": "enabled", "config.linkerd.io/skip-inbound-ports": "8080,8443,9443,9444",
			}},
		},
		"is of the class's controller": {
			texts:       []string{classFake, deploymentFake, serviceFake, ingressClass("example.com/fake")},
			wantPatches: normal,
		},
		"is of another controller than the class": {
			texts:       []string{classFake, deploymentFake, serviceFake, ingressClass("example.com/other")},
			wantPatches: none, wantErrors: []string{"spec.dataPlane FieldValueInvalid"},
		},
		"cannot be injected": {
			texts: []string{classFake, strings.Replace(deploymentFake,
				"spec: {containers", "spec: {hostNetwork: true, containers", 1)},
			wantPatches: none, wantErrors: []string{"spec.dataPlane FieldValueForbidden"},
			wantNotices: []string{injection.ReasonNoExposedService},
		},
		"is where the injector does not look": {
			texts: []string{
				classFake, deploymentFake, injector,
				"apiVersion: v1\nkind: Namespace\n" +
					"metadata: {name: ingress, labels: {config.linkerd.io/admission-webhooks: disabled}}\n",
			},
			wantPatches: none, wantErrors: []string{"spec.dataPlane FieldValueForbidden"},
			wantNotices: []string{injection.ReasonNoExposedService},
		},
		"is where the injector looks": {
			texts: []string{
				classFake, deploymentFake, serviceFake, injector,
				"apiVersion: v1\nkind: Namespace\nmetadata: {name: ingress}\n",
			},
			wantPatches: normal,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := mustRender(t, tc.texts...).Classes[0]
			if diff := cmp.Diff(tc.wantPatches, patched(got.Plan)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tc.wantErrors, fields(got.Errors)); diff != "" {
				t.Error(diff)
			}
			var notices []string
			for _, n := range got.Notices {
				notices = append(notices, n.Reason)
			}
			if diff := cmp.Diff(tc.wantNotices, notices); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Several classes share a workload: it has one mode, and the ports of all.
func TestClassesOfOneWorkload(t *testing.T) {
	const workload = "Deployment ingress/fake"
	other := strings.NewReplacer("name: fake", "name: other", "8080", "9090", "8443", "9443").Replace(serviceFake)
	ref := func(service string) string {
		return "dataPlane: {serviceRef: {namespace: ingress, name: " + service + "}}"
	}
	audit := func(s string) string { return strings.Replace(s, "dataPlane: {", "dataPlane: {injection: Audit, ", 1) }
	for name, tc := range map[string]struct {
		first, second string
		wantPorts     [2]any
		wantErrors    [2][]string
	}{
		"get the ports of both": {
			first: ", " + ref("fake"), second: ", " + ref("other"),
			wantPorts: [2]any{"8080,8443,9090,9443", "8080,8443,9090,9443"},
		},
		"but not of one that only audits": {
			first: ", " + ref("fake"), second: ", " + audit(ref("other")),
			wantPorts: [2]any{"8080,8443", "8080,8443,9090,9443"},
		},
		"contradict each other": {
			first: ", " + ref("fake"), second: ", routing: Header, " + ref("other"),
			wantPorts:  [2]any{"8080,8443", nil},
			wantErrors: [2][]string{nil, {"spec.routing FieldValueInvalid"}},
		},
		"are not contradicted by an audit": {
			first: ", routing: Header, " + audit(ref("fake")), second: ", " + ref("other"),
			wantPorts: [2]any{"8080,8443", "9090,9443"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			out := mustRender(t, class("a", tc.first), class("b", tc.second), deploymentFake, serviceFake, other)
			for i, c := range out.Classes {
				if got := patched(c.Plan)[workload]["config.linkerd.io/skip-inbound-ports"]; got != tc.wantPorts[i] {
					t.Errorf("class %s skips %v, want %v", c.Name, got, tc.wantPorts[i])
				}
				if diff := cmp.Diff(tc.wantErrors[i], fields(c.Errors)); diff != "" {
					t.Errorf("class %s: %s", c.Name, diff)
				}
			}
		})
	}
}

func TestClassOfAVendorThatIsNotBuiltIn(t *testing.T) {
	got := mustRender(t, strings.Replace(classFake, "Traefik", "Contour", 1)).Classes[0]
	if diff := cmp.Diff([]string{"spec.vendor FieldValueInvalid"}, fields(got.Errors)); diff != "" {
		t.Error(diff)
	}
}

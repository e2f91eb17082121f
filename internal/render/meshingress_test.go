// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package render_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const defaultAnnotation = `annotations: {networking.meshingress.dev/is-default-class: "true"}`

func TestClassOfAMeshIngress(t *testing.T) {
	unnamed := strings.Replace(ingressWeb, "className: fake", "", 1)
	named := func(name, more string) string {
		return strings.Replace(classFake, "name: fake", "name: "+name+more, 1)
	}
	header := func(text string) string {
		return strings.Replace(text, "vendor: Traefik", "vendor: Traefik, routing: Header", 1)
	}
	for name, tc := range map[string]struct {
		texts        []string
		wantStrategy string
		wantErrors   []string
	}{
		"the one that it names": {
			texts: []string{ingressWeb, classFake, header(named("other", ", "+defaultAnnotation))}, wantStrategy: "ClusterIP",
		},
		"the default one": {
			texts: []string{unnamed, classFake, header(named("other", ", "+defaultAnnotation))}, wantStrategy: "Header",
		},
		"the first of two defaults of one age": {
			texts:        []string{unnamed, named("b", ", "+defaultAnnotation), header(named("a", ", "+defaultAnnotation))},
			wantStrategy: "Header",
		},
		"the older of two defaults": {
			texts: []string{
				unnamed, named("b", ", creationTimestamp: 2020-01-01T00:00:00Z, "+defaultAnnotation),
				header(named("a", ", creationTimestamp: 2021-01-01T00:00:00Z, "+defaultAnnotation)),
			},
			wantStrategy: "ClusterIP",
		},
		"none is there": {
			texts: []string{ingressWeb}, wantErrors: []string{"spec.className FieldValueNotFound"},
		},
		"another one is there": {
			texts: []string{ingressWeb, named("other", "")}, wantErrors: []string{"spec.className FieldValueNotFound"},
		},
		"none is the default": {
			texts: []string{unnamed, classFake}, wantErrors: []string{"spec.className FieldValueRequired"},
		},
		"the one that it names has errors": {
			texts:      []string{ingressWeb, strings.Replace(classFake, "Traefik", "Foo", 1)},
			wantErrors: []string{"spec.className FieldValueInvalid"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := mustRender(t, tc.texts...).MeshIngresses[0]
			if string(got.Strategy) != tc.wantStrategy {
				t.Errorf("got strategy %q, want %q", got.Strategy, tc.wantStrategy)
			}
			if diff := cmp.Diff(tc.wantErrors, fields(got.Errors)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Two MeshIngresses with the same route: the one that is first by age or name has
// it, if it may use the class at all.
func TestSiblings(t *testing.T) {
	second := strings.Replace(ingressWeb, "name: web, namespace: web", "name: a, namespace: a", 1)
	taken := []string{"spec.rules[0].paths[0] FieldValueInvalid"}
	both := strings.Replace(allowOnly(classFake, "web"), "[web]", "[web, a]", 1)
	for name, tc := range map[string]struct {
		class, second string
		want          []string
	}{
		"of the same class": {classFake, second, taken},
		"by way of the default class": {
			strings.Replace(classFake, "name: fake", "name: fake, "+defaultAnnotation, 1),
			strings.Replace(second, "className: fake", "", 1), taken,
		},
		"of another class": {
			classFake + strings.Replace(classFake, "name: fake", "name: other", 1),
			strings.Replace(second, "className: fake", "className: other", 1), nil,
		},
		"younger": {
			classFake, strings.Replace(second, "name: a,", "name: a, creationTimestamp: 2020-01-01T00:00:00Z,", 1), nil,
		},
		"with errors":                   {classFake, strings.Replace(second, "number: 80", "number: 0", 1), nil},
		"that may not use the class":    {allowOnly(classFake, "web"), second, nil},
		"that may, by its own labels":   {allowOnly(classFake, "web") + labelledNamespace("a", "web"), second, nil},
		"where both may use the class":  {both, second, taken},
		"with a namespace in the input": {both + labelledNamespace("a", "x"), second, taken},
	} {
		t.Run(name, func(t *testing.T) {
			out := mustRender(t, tc.class, ingressWeb, tc.second)
			if diff := cmp.Diff(tc.want, fields(out.MeshIngresses[1].Errors)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// allowOnly lets a Namespace use the class, by the label that every Namespace has.
func allowOnly(class, namespace string) string {
	return strings.Replace(class, "vendor: Traefik", "vendor: Traefik, allowedNamespaces: {from: Selector, selector: "+
		"{matchExpressions: [{key: kubernetes.io/metadata.name, operator: In, values: ["+namespace+"]}]}}", 1)
}

func labelledNamespace(name, team string) string {
	return "apiVersion: v1\nkind: Namespace\nmetadata: {name: " + name + ", labels: {team: " + team + "}}\n---\n"
}

func TestServicesThatAreNotInTheInput(t *testing.T) {
	byName := strings.Replace(ingressWeb, "number: 80", "name: http", 1)
	const (
		service = "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: web}\n" +
			"spec: {ports: [{name: http, port: 8080}]}\n---\n"
		port = "spec.rules[0].paths[0].backends[0].service.port"
	)
	for name, tc := range map[string]struct {
		texts []string
		want  []string
	}{
		"a number is taken as given":    {[]string{ingressWeb}, nil},
		"a name cannot be resolved":     {[]string{byName}, []string{port + ".name FieldValueInvalid"}},
		"a name of a Service there":     {[]string{byName, service}, nil},
		"a number that is not its port": {[]string{ingressWeb, service}, []string{port + " FieldValueNotFound"}},
	} {
		t.Run(name, func(t *testing.T) {
			out := mustRender(t, append(tc.texts, classFake)...)
			if diff := cmp.Diff(tc.want, fields(out.MeshIngresses[0].Errors)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestProvidersReadTheInput(t *testing.T) {
	configMap := func(metadata string) string {
		return "apiVersion: v1\nkind: ConfigMap\nmetadata: {" + metadata + "}\n---\n"
	}
	out := mustRender(t, classFake, ingressWeb,
		configMap("name: b, namespace: web"), configMap("name: a, namespace: web"), configMap("name: c, namespace: other"))
	if diff := cmp.Diff([]any{"a", "b"}, spec(t, out.MeshIngresses[0].Plan)["read"]); diff != "" {
		t.Error(diff)
	}
	inDefault := strings.Replace(ingressWeb, ", namespace: web", "", 1)
	out = mustRender(t, classFake, inDefault, configMap("name: a"), configMap("name: b, namespace: default"))
	if diff := cmp.Diff([]any{"a", "b"}, spec(t, out.MeshIngresses[0].Plan)["read"]); diff != "" {
		t.Errorf("in the namespace default: %s", diff)
	}
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package render_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/render"
	"github.com/meshingress/meshingress/providers"
)

func TestRenderGivesAPlan(t *testing.T) {
	out := mustRender(t, classFake, ingressWeb)
	got := out.MeshIngresses[0]
	if got.Strategy != v1alpha1.StrategyClusterIP || got.StrategyReason != "its kind is served" {
		t.Errorf("got strategy %q, because %q", got.Strategy, got.StrategyReason)
	}
	want := map[string]any{"destinations": []any{"web.web.svc.cluster.local:80"}, "read": []any(nil)}
	if diff := cmp.Diff(want, spec(t, got.Plan)); diff != "" {
		t.Error(diff)
	}
	if out.Failed() {
		t.Errorf("got errors %v, %v", got.Errors, out.Classes[0].Errors)
	}
}

func TestListsAreNeverNull(t *testing.T) {
	for name, text := range map[string]string{
		"no documents":         "",
		"a plan":               classFake + ingressWeb,
		"errors":               strings.Replace(classFake+ingressWeb, "Traefik", "Foo", 1),
		"a class of no vendor": strings.Replace(classFake, "Traefik", "Contour", 1),
	} {
		t.Run(name, func(t *testing.T) {
			data, err := json.Marshal(mustRender(t, text))
			if err != nil {
				t.Fatal(err)
			}
			for _, list := range []string{"meshIngresses", "classes", "objects", "patches", "notices", "errors"} {
				if strings.Contains(string(data), `"`+list+`":null`) {
					t.Errorf("%s is null in %s", list, data)
				}
			}
		})
	}
}

func TestOrderOfDocumentsDoesNotMatter(t *testing.T) {
	text := classFake + strings.Replace(classFake, "name: fake", "name: second", 1) +
		ingressWeb + strings.Replace(ingressWeb, "name: web,", "name: other,", 1) + deploymentFake + serviceFake +
		strings.Replace(serviceFake, "name: fake", "name: second", 1) + linkerdConfig("cluster.test") +
		"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b, namespace: web}\n---\n" +
		"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: web}\n"
	docs := parse(t, text)
	before := parse(t, text)
	renderer, err := newRenderer()
	if err != nil {
		t.Fatal(err)
	}
	want, err := renderer.Render(docs, render.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, docs); diff != "" {
		t.Errorf("the documents were changed:\n%s", diff)
	}
	random := rand.New(rand.NewPCG(1, 1))
	for range 10 {
		random.Shuffle(len(docs), func(i, j int) { docs[i], docs[j] = docs[j], docs[i] })
		got, err := renderer.Render(docs, render.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestUnusableInput(t *testing.T) {
	for name, tc := range map[string]struct {
		texts []string
		want  int
	}{
		"an unknown field": {
			[]string{classFake, strings.Replace(ingressWeb, "className", "classname", 1)}, 2,
		},
		"an unknown field in metadata": {
			[]string{strings.Replace(classFake, "name: fake", "name: fake, nmespace: x", 1)}, 1,
		},
		"metadata of the wrong type": {
			[]string{strings.Replace(classFake, "name: fake", "name: fake, labels: 1", 1)}, 1,
		},
		"an object twice": {
			[]string{classFake, ingressWeb, ingressWeb}, 3,
		},
		"a Service twice, once without the namespace default": {
			[]string{
				"apiVersion: v1\nkind: Service\nmetadata: {name: a}\n---\n",
				"apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: default}\n",
			}, 2,
		},
		"another version of ours": {
			[]string{classFake, strings.Replace(ingressWeb, "v1alpha1", "v2", 1)}, 2,
		},
		"a Service of the wrong type": {
			[]string{"apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: []\n"}, 1,
		},
		"a linkerd-config that cannot be read": {
			[]string{classFake, linkerdConfig("not a domain")}, 2,
		},
		"two of them": {
			[]string{
				linkerdConfig("a.test"),
				strings.Replace(linkerdConfig("b.test"), "namespace: linkerd", "namespace: other", 1),
			}, 2,
		},
		"an injector that cannot be read": {
			[]string{strings.Replace(injector, "In", "Over", 1)}, 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := tryRender(t, render.Options{}, tc.texts...)
			wantInputError(t, err, "test.yaml", tc.want)
		})
	}
}

func TestStrictRefusesUnknownFieldsOfBuiltInKinds(t *testing.T) {
	const service = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {fromTheFuture: 1}\n"
	if _, err := tryRender(t, render.Options{}, service); err != nil {
		t.Errorf("without Strict, got %v", err)
	}
	_, err := tryRender(t, render.Options{Strict: true}, service)
	wantInputError(t, err, "test.yaml", 1)
}

func TestClusterDomain(t *testing.T) {
	for name, tc := range map[string]struct {
		flag, config, want string
	}{
		"of Kubernetes":      {want: "cluster.local"},
		"of linkerd-config":  {config: linkerdConfig("config.test"), want: "config.test"},
		"of the option":      {flag: "flag.test", want: "flag.test"},
		"the option decides": {flag: "flag.test", config: linkerdConfig("config.test"), want: "flag.test"},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := tryRender(t, render.Options{ClusterDomain: tc.flag}, classFake, ingressWeb, tc.config)
			if err != nil {
				t.Fatal(err)
			}
			want := []any{"web.web.svc." + tc.want + ":80"}
			if diff := cmp.Diff(want, spec(t, out.MeshIngresses[0].Plan)["destinations"]); diff != "" {
				t.Error(diff)
			}
		})
	}
	if _, err := tryRender(t, render.Options{ClusterDomain: "no domain"}); err == nil {
		t.Error("a cluster domain that is no DNS name is taken")
	}
}

func TestServed(t *testing.T) {
	const vendorCRD = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: routes.fake.test}
spec: {group: fake.test, names: {kind: Route, plural: routes}, versions: [{name: v1, served: true}]}
---
`
	named := []providers.Kind{kindRoute}
	for name, tc := range map[string]struct {
		named []providers.Kind
		crds  string
		want  v1alpha1.Strategy
	}{
		"not said": {want: v1alpha1.StrategyClusterIP},
		"by name":  {named: named, want: v1alpha1.StrategyClusterIP},
		"nothing":  {named: []providers.Kind{}, want: v1alpha1.StrategyHeader},
		"nothing, whatever is there": {
			named: []providers.Kind{}, crds: vendorCRD, want: v1alpha1.StrategyHeader,
		},
		"by a CRD": {crds: vendorCRD, want: v1alpha1.StrategyClusterIP},
		"not by a CRD that does not": {
			crds: strings.Replace(vendorCRD, "served: true", "served: false", 1), want: v1alpha1.StrategyHeader,
		},
		"not by one of another version": {
			crds: strings.Replace(vendorCRD, "name: v1,", "name: v2,", 1), want: v1alpha1.StrategyHeader,
		},
		"a CRD of no vendor says nothing": {
			crds: strings.ReplaceAll(vendorCRD, "fake.test", "other.test"), want: v1alpha1.StrategyClusterIP,
		},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := tryRender(t, render.Options{Served: tc.named}, classFake, tc.crds)
			if err != nil {
				t.Fatal(err)
			}
			if got := out.Classes[0].Strategy; got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
	for name, unknown := range map[string]providers.Kind{
		"a kind of no vendor":             kindOf("a.b", "v1", "C"),
		"another version":                 kindOf("fake.test", "v2", "Route"),
		"a field that no vendor asks for": kindRoute.WithField("spec.x"),
	} {
		if _, err := tryRender(t, render.Options{Served: []providers.Kind{unknown}}); err == nil {
			t.Errorf("%s is taken as served", name)
		}
	}
}

func TestOutputIsSorted(t *testing.T) {
	in := func(namespace, name string) string {
		return strings.Replace(ingressWeb, "name: web, namespace: web", "name: "+name+", namespace: "+namespace, 1)
	}
	out := mustRender(t, in("b", "a"), in("a", "b"), in("a", "a"),
		strings.Replace(classFake, "name: fake", "name: z", 1), classFake)
	var got []string
	for _, m := range out.MeshIngresses {
		got = append(got, m.Namespace+"/"+m.Name)
	}
	for _, c := range out.Classes {
		got = append(got, c.Name)
	}
	if want := []string{"a/a", "a/b", "b/a", "fake", "z"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func linkerdConfig(domain string) string {
	return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: linkerd-config, namespace: linkerd}\n" +
		"data: {values: \"clusterDomain: " + domain + "\"}\n---\n"
}

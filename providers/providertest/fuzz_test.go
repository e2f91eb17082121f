// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package providertest

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
)

// writeCases returns a directory with a case of each text.
func writeCases(t *testing.T, texts ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i, text := range texts {
		write(t, filepath.Join(dir, string(rune('a'+i))+inSuffix), text)
	}
	return dir
}

func anything(*unstructured.Unstructured) []error { return nil }

func TestFuzzFindsWhatIsWrong(t *testing.T) {
	good := written{
		host: "example.com", path: "/", service: "web-svc", port: 80, key: "example.com/text", value: "of\nlines\x00",
	}
	calls := 0
	for name, tc := range map[string]struct {
		spoil   func(providers.Input, *providers.Plan)
		grammar func(*unstructured.Unstructured) []error
		want    string
	}{
		"nothing": {},
		"nothing in what is carried over": {
			spoil: func(in providers.Input, plan *providers.Plan) { plan.Objects[0].SetAnnotations(in.Annotations) },
			grammar: func(obj *unstructured.Unstructured) []error {
				if _, found := obj.GetAnnotations()["example.com/text"]; found {
					return []error{errors.New("is shown what the user chose")}
				}
				return nil
			},
		},
		"chance": {
			spoil: func(_ providers.Input, plan *providers.Plan) {
				calls++
				plan.Objects[0].SetNamespace(strings.Repeat("a", calls))
			}, want: "the second time",
		},
		"a changed input": {
			spoil: func(in providers.Input, _ *providers.Plan) { in.Routes[0].Host = "other" }, want: "changes its input",
		},
		"a control character": {
			spoil: func(_ providers.Input, plan *providers.Plan) { plan.Objects[0].Object["data"] = []any{"\x00"} },
			want:  `"\x00"`,
		},
		"a control character of the user": {
			spoil: func(in providers.Input, plan *providers.Plan) {
				plan.Objects[0].SetAnnotations(map[string]string{"own": in.Annotations["example.com/text"]})
			}, want: `"of\nlines\x00"`,
		},
		"a name that is none": {
			spoil: func(_ providers.Input, plan *providers.Plan) { plan.Objects[0].SetName("A") }, want: "no DNS name",
		},
		"no destination": {
			spoil: func(_ providers.Input, plan *providers.Plan) {
				plan.Objects[0].Object["l5d-dst-override"] = "web"
			}, want: "no destination",
		},
		"an annotation of the provider that the user takes off": {
			spoil: func(in providers.Input, plan *providers.Plan) {
				if in.Annotations == nil {
					plan.Objects[0].SetAnnotations(map[string]string{"own": "yes"})
				}
			}, want: "loses the annotation own",
		},
		"an annotation of the user that changes more": {
			spoil: func(in providers.Input, plan *providers.Plan) {
				plan.Objects[0].Object["data"] = in.Annotations["example.com/text"] == ""
			}, want: "change more than annotations",
		},
		"a grammar's problem with an object": {
			grammar: func(obj *unstructured.Unstructured) []error { return []error{errors.New("bad " + obj.GetKind())} },
			want:    "bad Route",
		},
		"a grammar's problem with a field set": {
			spoil: func(_ providers.Input, plan *providers.Plan) {
				plan.Fields = []providers.FieldSet{{
					Target: providers.Target{GroupVersionKind: providers.KindConfigMap.GroupVersionKind, Name: "settings"},
					Fields: map[string]any{"data": map[string]any{"key": "value"}},
				}}
			},
			grammar: func(obj *unstructured.Unstructured) []error {
				if value, _, _ := unstructured.NestedString(obj.Object, "data", "key"); value == "value" {
					return []error{errors.New("bad " + obj.GetKind() + " " + obj.GetName())}
				}
				return nil
			},
			want: "bad ConfigMap settings",
		},
	} {
		t.Run(name, func(t *testing.T) {
			grammar := tc.grammar
			if grammar == nil {
				grammar = anything
			}
			dir := writeCases(t, input)
			z, err := newFuzzer(fake{}, dir, grammar)
			if err != nil {
				t.Fatal(err)
			}
			z.registry, err = providers.NewRegistry(z.watch.over(fake{tc.spoil}))
			if err != nil {
				t.Fatal(err)
			}
			err = errors.Join(z.check(good)...)
			if (err != nil) != (tc.want != "") || (err != nil && !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("got %v, want an error with %q", err, tc.want)
			}
		})
	}
}

func TestSeedsAreThoseOfTheGoldenCases(t *testing.T) {
	text := `# A route with everything.
apiVersion: networking.meshingress.dev/v1alpha1
kind: MeshIngress
metadata: {name: web, namespace: web}
spec:
  template: {annotations: {b: "2", a: "1"}}
  defaultBackend: {service: {name: web, port: {number: 80}}}
  tls: [{secretName: web-tls}]
  externalAuth: {service: {name: authn, port: {number: 80}}, path: /ask}
  rules:
  - host: example.com
    paths:
    - path: /a
      pathType: Exact
      backends:
      - {service: {name: web, namespace: other, port: {number: 80}}, weight: 3}
      - {service: {name: b, port: {name: http}}}
    - path: /b
      backends: [{service: {name: web, port: {name: http}}}]
`
	got, err := goldenSeeds(writeCases(t, text))
	if err != nil {
		t.Fatal(err)
	}
	common := written{
		name: "web", host: "example.com", service: "web", secret: "web-tls", auth: "/ask",
		key: "a", value: "1", fallback: true,
	}
	first, second := common, common
	first.path, first.namespace, first.port, first.weight, first.exact = "/a", "other", 80, 3, true
	second.path = "/b"
	if diff := cmp.Diff([]written{first, second}, got, cmp.AllowUnexported(written{})); diff != "" {
		t.Errorf("seeds (-want +got):\n%s", diff)
	}
}

// A nasty value must reach the provider's side of the checks in each part alone, so
// everything else has to be right.
func TestWhatIsRightIsAccepted(t *testing.T) {
	z, err := newFuzzer(fake{}, writeCases(t, input), anything)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range nastySeeds() {
		if result := z.translate(z.ways[0], w.only(0)); !result.OK() {
			t.Errorf("%+v is refused: %v", w.only(0), result.Errors())
		}
	}
}

// formed is a fake with other ways, whose class chooses a form with its
// ingressClassName.
type formed struct {
	fake
	ways []providers.StrategySupport
}

func (f formed) Describe() providers.Description {
	d := f.fake.Describe()
	d.Strategies = f.ways
	return d
}

func (formed) Form(class providers.Class) string { return class.IngressClassName }

func TestWays(t *testing.T) {
	way := func(strategy v1alpha1.Strategy, form string, needs ...providers.Kind) providers.StrategySupport {
		return providers.StrategySupport{
			Strategy: strategy, Form: form, Needs: needs, Features: []providers.Feature{providers.FeatureAnyHost},
		}
	}
	described := func(ways ...providers.StrategySupport) providers.Provider { return formed{fake{}, ways} }
	clusterIP := strings.Replace(input, "vendor: Traefik", "vendor: Traefik, routing: ClusterIP", 1)
	boxes := strings.Replace(input, "vendor: Traefik", "vendor: Traefik, ingressClassName: boxes", 1)
	old := kindRoute
	old.Group = "old.test"
	for name, tc := range map[string]struct {
		provider providers.Provider
		cases    []string
		want     []string
		wantErr  string
	}{
		"one": {
			provider: described(way("Header", "")), cases: []string{input}, want: []string{"Header"},
		},
		"the class chooses by routing": {
			provider: described(way("Header", ""), way("ClusterIP", "")), cases: []string{clusterIP, input},
			want: []string{"Header", "ClusterIP"},
		},
		"the class chooses by form": {
			provider: described(way("Header", "traefik"), way("Header", "boxes")),
			cases:    []string{strings.Replace(input, "Traefik", "Traefik, ingressClassName: traefik", 1), boxes},
			want:     []string{"Header/traefik", "Header/boxes"},
		},
		"the API server decides": {
			provider: described(way("Header", "", kindRoute), way("Header", "", old)),
			cases:    []string{input, strings.Replace(input, "\n", "\n# served: old.test/v1/Route\n", 1)},
			want:     []string{"Header", "Header 2"},
		},
		"a case is missing": {
			provider: described(way("Header", ""), way("ClusterIP", "")), cases: []string{input}, wantErr: "ClusterIP",
		},
		"a case with an error is none": {
			provider: described(way("Header", "")), cases: []string{strings.Replace(input, "path: /", "path: x", 1)},
			wantErr: "Header",
		},
	} {
		t.Run(name, func(t *testing.T) {
			ways, err := Ways(tc.provider, writeCases(t, tc.cases...))
			if tc.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), tc.wantErr) {
					t.Errorf("got error %v, want one with %q", err, tc.wantErr)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, w := range ways {
				got = append(got, w.Name)
				wish := providers.WishOf(tc.provider, providers.Class{
					IngressClassName: w.Class.Spec.IngressClassName, Spec: w.Class.Spec,
				})
				chosen, err := providers.ChooseStrategy(tc.provider.Describe(), wish, w.Served)
				if diff := cmp.Diff(w.StrategySupport, chosen); diff != "" || err != nil {
					t.Errorf("the class of %s leads to another way: %v\n%s", w.Name, err, diff)
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("ways (-want +got):\n%s", diff)
			}
		})
	}
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package providertest

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/objects"
)

// honest plans all that it is told, unless a part is to be forgotten.
type honest struct {
	fake
	features []providers.Feature
	forget   string
	refuse   func(providers.Input) *field.Error
}

func (p honest) Describe() providers.Description {
	d := p.fake.Describe()
	d.Patches = append(d.Patches, providers.KindService)
	d.Strategies[0].Features = p.features
	return d
}

func (p honest) Translate(in providers.Input) (providers.Plan, field.ErrorList) {
	if p.refuse != nil {
		if err := p.refuse(in); err != nil {
			return providers.Plan{}, field.ErrorList{err}
		}
	}
	route := objects.New(kindRoute, in.Namespace, in.Name, in.Labels, in.Annotations)
	var routes []any
	for _, r := range in.Routes {
		routes = append(routes, p.without(map[string]any{
			"host": r.Host, "path": r.Path, "type": string(r.PathType), "backends": p.backends(in, r.Backends),
		}))
	}
	spec := map[string]any{"routes": routes}
	if in.Default != nil {
		spec["default"] = p.backends(in, []providers.Backend{*in.Default})
	}
	if len(in.TLS) > 0 {
		spec["secret"] = in.TLS[0].SecretName
	}
	if in.Auth != nil {
		spec["auth"] = p.without(map[string]any{
			"service": in.Auth.Service, "port": int64(in.Auth.Port), "ask": in.Auth.Path,
		})
	}
	route.Object["spec"] = p.without(spec)
	plan := providers.Plan{Objects: []*unstructured.Unstructured{route}}
	if p.forget == "target" {
		plan.Fields = []providers.FieldSet{{
			Target: providers.Target{GroupVersionKind: providers.KindService.GroupVersionKind, Namespace: "web", Name: "other"},
			Fields: map[string]any{"metadata": map[string]any{"annotations": map[string]any{"a": "b"}}},
		}}
	}
	return plan, nil
}

func (p honest) backends(in providers.Input, backends []providers.Backend) []any {
	var all []any
	for _, b := range backends {
		all = append(all, p.without(map[string]any{
			"service": b.Service, "namespace": b.Namespace, "port": int64(b.Port), "weight": int64(b.Weight),
			"header": map[string]any{"name": "l5d-dst-override", "value": b.Destination(in.ClusterDomain)},
		}))
	}
	return all
}

func (p honest) without(m map[string]any) map[string]any {
	delete(m, p.forget)
	return m
}

// classed is one whose class sets the header for all routes.
type classed struct{ honest }

func (classed) TranslateClass(providers.ClassInput) (providers.Plan, field.ErrorList) {
	return providers.Plan{Objects: []*unstructured.Unstructured{objects.New(kindRoute, "web", "all", nil, nil)}}, nil
}

// conform returns what is wrong with a provider, each as "<probe>: <error>".
func conform(t *testing.T, p providers.Provider) []string {
	t.Helper()
	c, err := newConformance(p, writeCases(t, input))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, way := range c.ways {
		for _, probe := range probes(way) {
			for _, err := range c.check(way, probe) {
				all = append(all, probe.name+": "+err.Error())
			}
		}
	}
	return all
}

func TestConformanceOfHonestProviders(t *testing.T) {
	together := func(in providers.Input) *field.Error {
		all := in.AllBackends()
		if len(in.Routes) > 1 && in.Routes[0].Host == in.Routes[1].Host && all[0].Service != all[1].Service {
			return field.Invalid(in.Routes[1].Field, in.Routes[1].Path, "one Service for a host")
		}
		return nil
	}
	for name, p := range map[string]providers.Provider{
		"one that can do everything":             honest{features: providers.Features()},
		"one that can do little":                 honest{features: []providers.Feature{providers.FeatureAnyHost}},
		"one that cannot do two things together": honest{features: providers.Features(), refuse: together},
		"one whose class sets the header":        classed{honest{features: providers.Features(), forget: "header"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := conform(t, p); len(got) > 0 {
				t.Errorf("errors:\n%s", strings.Join(got, "\n"))
			}
		})
	}
}

// wantErrors checks that for each text there is an error that begins with it.
func wantErrors(t *testing.T, got []string, want ...string) {
	t.Helper()
	for _, text := range want {
		if !slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, text) }) {
			t.Errorf("no error begins with %q:\n%s", text, strings.Join(got, "\n"))
		}
	}
}

// A provider that declares a feature and does not plan it lies.
func TestConformanceFindsWhatIsForgotten(t *testing.T) {
	for part, want := range map[string][]string{
		"service":   {`one route: "one-svc"`, `ExternalAuth: "ask-svc"`, `Weights: "two-svc"`},
		"port":      {`one route: the port 7101`, `ExternalAuth: the port 7303`},
		"host":      {`one route: "one.example.com"`, `WildcardHost: "*.example.com"`},
		"path":      {`one route: "/red/green"`, `two paths to one Service: "/blue"`},
		"weight":    {`Weights: no weights`},
		"default":   {`DefaultBackend: "two-svc"`, `DefaultBackend: the port 7202`},
		"secret":    {`TLS: "secret-one"`},
		"auth":      {`ExternalAuth: "ask-svc"`, `ExternalAuth: "/verify/me"`},
		"ask":       {`ExternalAuth: "/verify/me"`},
		"header":    {`one route: l5d-dst-override is not set to one-svc.web.svc.cluster.local:7101`},
		"namespace": {`CrossNamespace: "abroad"`},
		"routes":    {`one route: "one-svc"`},
		"target":    {`one route: fields are set on Service web/other`},
	} {
		t.Run(part, func(t *testing.T) {
			wantErrors(t, conform(t, honest{features: providers.Features(), forget: part}), want...)
		})
	}
}

func TestConformanceFindsWhatIsRefused(t *testing.T) {
	at := field.NewPath("spec")
	for name, tc := range map[string]struct {
		refuses func(providers.Input) bool
		at      *field.Path
		want    string
	}{
		"a feature that is declared": {
			func(in providers.Input) bool { return len(in.TLS) > 0 }, at.Child("tls"), "TLS: TLS is declared and refused",
		},
		"two things together, by no rule": {
			func(in providers.Input) bool { return len(in.Routes) > 1 }, at,
			"two paths to two Services: two paths to two Services: want an error at spec.rules",
		},
		"what everybody can do": {
			func(in providers.Input) bool { return in.Routes[0].Host != "" }, at.Child("rules"),
			"one route: one route is declared and refused",
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := honest{features: providers.Features(), refuse: func(in providers.Input) *field.Error {
				if tc.refuses(in) {
					return field.Forbidden(tc.at, "not today")
				}
				return nil
			}}
			wantErrors(t, conform(t, p), tc.want)
		})
	}
}

func TestConformanceFindsTheOtherWayInSilence(t *testing.T) {
	c, err := newConformance(honest{}, writeCases(t, strings.Replace(input, "- paths", "- host: a.io\n    paths", 1)))
	if err != nil {
		t.Fatal(err)
	}
	way := c.ways[0]
	tls := featureProbe(providers.FeatureTLS, way)
	if errs := c.check(way, tls); len(errs) > 0 {
		t.Errorf("a feature that is refused by its field is an error: %v", errs)
	}
	tls.at = "spec.other"
	err = errors.Join(c.check(way, tls)...)
	if err == nil || !strings.Contains(err.Error(), "want an error at spec.other") {
		t.Errorf("got %v, want an error about the field", err)
	}
	way.Features = providers.Features()
	tls.feature, tls.at = "", ""
	if errs := c.check(way, tls); len(errs) == 0 {
		t.Error("what is refused without a feature is no error")
	}
}

func TestInProportion(t *testing.T) {
	for _, tc := range []struct {
		weights []int
		want    bool
	}{
		{[]int{30, 10}, true},
		{[]int{10, 30}, true},
		{[]int{3, 1}, true},
		{[]int{75, 25}, true},
		{[]int{25}, true},
		{[]int{30, 30}, false},
		{[]int{30}, false},
		{nil, false},
		{[]int{1, 1}, false},
		{[]int{0, 0}, false},
		{[]int{50}, false},
	} {
		if got := (shown{weights: tc.weights}).inProportion(30, 10); got != tc.want {
			t.Errorf("%v are as 30 to 10: %v", tc.weights, got)
		}
	}
}

func TestShownTexts(t *testing.T) {
	for _, tc := range []struct {
		scalar, text string
		want         bool
	}{
		{"one-svc", "one-svc", true},
		{"one-svc.web.svc", "one-svc", true},
		{"http://one-svc:80/", "one-svc", true},
		{"web-one-svc-80", "one-svc", false},
		{"one-svc2", "one-svc", false},
		{":7101", "7101", true},
		{"17101", "7101", false},
		{"Host(`one.example.com`)", "one.example.com", true},
		{"one.example.com.au", "one.example.com", true},
		{`^[^.]+\.example\.com$`, "*.example.com", true},
		{"*.example.com", "*.example.com", true},
		{"*.other.com", "*.example.com", false},
		{"7303/verify/me", "/verify/me", true},
		{"/blueish", "/blue", false},
		{"/red/blue/", "/blue", true},
	} {
		if got := (shown{scalars: []string{tc.scalar}}).has(tc.text); got != tc.want {
			t.Errorf("%q shows %q: %v", tc.scalar, tc.text, got)
		}
	}
}

func TestEveryFeatureHasAProbe(t *testing.T) {
	way := Way{Namespace: "web", StrategySupport: providers.StrategySupport{Features: providers.Features()}}
	for _, f := range providers.Features() {
		p := featureProbe(f, way)
		if len(p.mi.Spec.Rules) == 0 || !strings.HasPrefix(p.at, "spec.") {
			t.Errorf("%s has no probe: %+v", f, p)
		}
	}
}

func TestWaysTakesTheCaseThatServesMost(t *testing.T) {
	refuse := func(in providers.Input) *field.Error {
		if in.Class.Name == "narrow" && in.Routes[0].Host != "" {
			return field.Forbidden(field.NewPath("spec", "rules"), "only without host")
		}
		return nil
	}
	narrow := strings.NewReplacer("name: fake", "name: narrow", "className: fake", "className: narrow").Replace(input)
	ways, err := Ways(honest{features: providers.Features(), refuse: refuse}, writeCases(t, narrow, input))
	if err != nil || ways[0].Class.Name != "fake" {
		t.Errorf("got %+v, %v", ways, err)
	}
}

func TestTestdata(t *testing.T) {
	want := filepath.Join("root", "providertest", "testdata")
	for _, p := range []providers.Provider{fake{}, &fake{}} {
		if got := Testdata(p, "root"); got != want {
			t.Errorf("%T has its cases in %s", p, got)
		}
	}
}

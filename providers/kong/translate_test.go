// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package kong_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

func TestClusterIPAnnotatesEachServiceOnce(t *testing.T) {
	in := input(v1alpha1.StrategyClusterIP, prefix("/", story.Backend("web-svc", 80)), prefix("/admin", story.Backend("web-svc", 8080)))
	fallback := story.Backend("api-svc", 80)
	in.Default = &fallback

	var services []string
	for _, set := range translate(t, in).Fields {
		services = append(services, set.Target.Kind+" "+set.Target.Namespace+"/"+set.Target.Name)
		value, _, _ := unstructured.NestedString(set.Fields, "metadata", "annotations", "ingress.kubernetes.io/service-upstream")
		story.Diff(t, "value", "true", value)
	}
	story.Diff(t, "services", []string{"Service default/web-svc", "Service default/api-svc"}, services)
}

func TestHeaderRoutingTouchesNoService(t *testing.T) {
	story.Diff(t, "field sets", 0, len(translate(t, header(t, "")).Fields))
}

// Without its KongPlugin, KIC would serve an Ingress with the client's own header.
func TestHeaderWritesPluginsBeforeTheIngressesThatNameThem(t *testing.T) {
	in := input(v1alpha1.StrategyHeader, prefix("/", story.Backend("a", 80)), prefix("/b", story.Backend("b", 80)),
		prefix("/c", story.Backend("a", 8080)), prefix("/d", story.Backend("a", 80)))
	written := map[string]bool{}
	ingresses := 0
	for _, obj := range translate(t, in).Objects {
		if obj.GetKind() == "KongPlugin" {
			written[obj.GetName()] = true
			continue
		}
		ingresses++
		if name := obj.GetAnnotations()["konghq.com/plugins"]; !written[name] {
			t.Errorf("Ingress %s names the KongPlugin %q, which is not there yet", obj.GetName(), name)
		}
	}
	story.Diff(t, "KongPlugins", 3, len(written))
	story.Diff(t, "Ingresses", 3, ingresses)
}

func TestHeaderUsesTheClusterDomainOfLinkerd(t *testing.T) {
	in := header(t, "")
	in.ClusterDomain = "mesh.internal"
	config, _, _ := unstructured.NestedMap(translate(t, in).Objects[0].Object, "config")
	story.Diff(t, "config", map[string]any{
		"remove": map[string]any{"headers": []any{"l5d-dst-override"}},
		"add":    map[string]any{"headers": []any{"l5d-dst-override:web-svc.default.svc.mesh.internal:80"}},
	}, config)
}

func TestHeaderRefusesWhatKongWouldEvaluate(t *testing.T) {
	for _, domain := range []string{"$(headers.host)", "a b", "cluster.local;", "%x", `q"`, "a\nb"} {
		in := header(t, "")
		in.ClusterDomain = domain
		story.Diff(t, "failures for "+domain, []story.Failure{
			story.Invalid("spec.rules[0].paths[0].backends[0].service"),
		}, failures(t, in))
	}
}

func TestPathsThatKongWouldCompareOtherwise(t *testing.T) {
	refused := []story.Failure{story.Invalid("spec.rules[0].paths[0].path")}
	for path, want := range map[string][]story.Failure{
		"/":                nil,
		"/api/v1_x-y~z":    nil,
		"/a:b@c,d;e=f&g!h": nil,
		"/.well-known/x":   nil,
		"/home/~user":      nil,
		"/~user":           refused,
		"/a+b":             refused,
		"/(a":              refused,
		"/a*":              refused,
		"/$a":              refused,
		"/a%20b":           refused,
		"/a//b":            refused,
		"/a/./b":           refused,
		"/a/..":            refused,
	} {
		story.Diff(t, "failures for "+path, want,
			failures(t, input(v1alpha1.StrategyClusterIP, prefix(path, story.Backend("web-svc", 80)))))
	}
}

// KIC makes the same regular expression of Exact /foo and of Prefix /foo.
func TestAPrefixGivesWayToAnExactPath(t *testing.T) {
	web, api := story.Backend("web-svc", 80), story.Backend("api-svc", 80)
	otherHost := exact("/foo", api)
	otherHost.Host = "example.org"
	tests := map[string]struct {
		routes []providers.Route
		want   []string
	}{
		"of the same name": {
			[]providers.Route{exact("/foo", api), prefix("/foo", web)},
			[]string{"Exact /foo", "ImplementationSpecific /foo/"},
		},
		"written with a slash": {
			[]providers.Route{prefix("/foo/", web), exact("/foo", api)},
			[]string{"ImplementationSpecific /foo/", "Exact /foo"},
		},
		"but not of another": {
			[]providers.Route{exact("/foo", api), prefix("/fo", web)}, []string{"Exact /foo", "Prefix /fo"},
		},
		"nor of another host":    {[]providers.Route{prefix("/foo", web), otherHost}, []string{"Prefix /foo", "Exact /foo"}},
		"nor the root its slash": {[]providers.Route{exact("/", api), prefix("/", web)}, []string{"Exact /", "Prefix /"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			story.Diff(t, "paths", tc.want, paths(translate(t, input(v1alpha1.StrategyClusterIP, tc.routes...))))
		})
	}
}

// paths lists "<type> <path>" of all Ingresses.
func paths(plan providers.Plan) []string {
	var all []string
	for _, obj := range plan.Objects {
		rules, _, _ := unstructured.NestedSlice(obj.Object, "spec", "rules")
		for _, r := range rules {
			list, _, _ := unstructured.NestedSlice(r.(map[string]any), "http", "paths")
			for _, p := range list {
				path := p.(map[string]any)
				all = append(all, path["pathType"].(string)+" "+path["path"].(string))
			}
		}
	}
	return all
}

func TestADotInARegularExpressionIsTold(t *testing.T) {
	told := []string{"DotMatchesAny"}
	web := story.Backend("web-svc", 80)
	tests := map[string]struct {
		routes []providers.Route
		want   []string
	}{
		"none":                    {[]providers.Route{prefix("/a", web)}, nil},
		"in a Prefix":             {[]providers.Route{prefix("/a.b", web)}, told},
		"in an Exact path":        {[]providers.Route{exact("/a.b", web)}, told},
		"in two":                  {[]providers.Route{exact("/a.b", web), exact("/c.d", web)}, told},
		"beside an Exact path":    {[]providers.Route{prefix("/a.b", web), exact("/a.b", web)}, told},
		"only where it is no dot": {[]providers.Route{prefix("/", web), exact("/ab", web)}, nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			story.Diff(t, "reasons", tc.want, reasons(t, input(v1alpha1.StrategyClusterIP, tc.routes...)))
		})
	}
}

func TestTemplateAnnotationsThatAreRefused(t *testing.T) {
	tests := map[string]struct{ clusterIP, header bool }{
		"kubernetes.io/ingress.class":            {true, true},
		"ingress.kubernetes.io/service-upstream": {true, true},
		"konghq.com/override":                    {true, true},
		"konghq.com/host-aliases":                {true, true},
		"konghq.com/regex-prefix":                {true, true},
		"konghq.com/rewrite":                     {false, true},
		"konghq.com/plugins":                     {false, false},
		"konghq.com/strip-path":                  {false, false},
		"cert-manager.io/cluster-issuer":         {false, false},
	}
	for key, tc := range tests {
		for strategy, refused := range map[v1alpha1.Strategy]bool{
			v1alpha1.StrategyClusterIP: tc.clusterIP, v1alpha1.StrategyHeader: tc.header,
		} {
			in := input(strategy, prefix("/", story.Backend("web-svc", 80)))
			in.Annotations = map[string]string{key: "x"}
			var want []story.Failure
			if refused {
				want = []story.Failure{story.Forbidden("spec.template.annotations[" + key + "]")}
			}
			story.Diff(t, "failures for "+key+" in "+string(strategy), want, failures(t, in))
		}
	}
}

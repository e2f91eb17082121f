// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package kong_test

import (
	"strings"
	"testing"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

const (
	transformer = "{apiVersion: configuration.konghq.com/v1, kind: KongPlugin, plugin: request-transformer, " +
		"metadata: {namespace: default, name: rt}}"
	limiter = "{apiVersion: configuration.konghq.com/v1, kind: KongPlugin, plugin: rate-limiting, " +
		"metadata: {namespace: default, name: limit}}"
	elsewhere = "{apiVersion: configuration.konghq.com/v1, kind: KongPlugin, plugin: request-transformer, " +
		"metadata: {namespace: other, name: rt}}"
	cluster = "{apiVersion: configuration.konghq.com/v1, kind: KongClusterPlugin, plugin: request-transformer, " +
		"metadata: {name: limit}}"
)

func TestPluginsOfTheTemplate(t *testing.T) {
	refused := []story.Failure{story.Invalid("spec.template.annotations[konghq.com/plugins]")}
	owned := strings.Replace(transformer, "name: rt",
		"name: rt, annotations: {networking.meshingress.dev/owned-by: MeshIngress/default/web}", 1)
	tests := map[string]struct {
		plugins string
		cluster []string
		want    []story.Failure
	}{
		"none":                                   {"", nil, nil},
		"another plugin":                         {"limit", []string{limiter, transformer}, nil},
		"a request-transformer":                  {"limit, rt", []string{limiter, transformer}, refused},
		"one of another namespace":               {"rt", []string{elsewhere}, nil},
		"one that is named with its namespace":   {"other:rt", []string{elsewhere}, refused},
		"a KongClusterPlugin":                    {"limit", []string{cluster}, refused},
		"a KongPlugin hides a KongClusterPlugin": {"limit", []string{limiter, cluster}, nil},
		"one that is not there":                  {"rt", nil, nil},
		"one that the operator made for it":      {"rt", []string{owned}, nil},
		"what is no name":                        {"a b", nil, refused},
		"a name with two colons":                 {"a:b:c", nil, refused},
		"a colon and no name":                    {"a:", nil, refused},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			story.Diff(t, "failures", tc.want, failures(t, header(t, tc.plugins, tc.cluster...)))
		})
	}
}

func TestClusterIPLeavesPluginsAlone(t *testing.T) {
	in := input(v1alpha1.StrategyClusterIP, prefix("/", story.Backend("web-svc", 80)))
	in.Annotations = map[string]string{"konghq.com/plugins": "rt, rt"}
	in.Objects = header(t, "", transformer).Objects
	story.Diff(t, "annotation", "rt, rt", translate(t, in).Objects[0].GetAnnotations()["konghq.com/plugins"])
}

func TestOurPluginJoinsThoseOfTheTemplate(t *testing.T) {
	const key = "konghq.com/plugins"
	own := translate(t, header(t, "")).Objects[1].GetAnnotations()[key]
	for plugins, want := range map[string]string{
		"":                    own,
		"limit":               "limit," + own,
		" limit ,, ns:cors, ": "limit,ns:cors," + own,
		"limit,limit":         "limit," + own,
		own + ",limit":        own + ",limit",
	} {
		story.Diff(t, "merged with "+plugins, want, translate(t, header(t, plugins)).Objects[1].GetAnnotations()[key])
	}
}

func TestTransformersElsewhereAreTold(t *testing.T) {
	global := func(metadata, more string) string {
		return "{apiVersion: configuration.konghq.com/v1, kind: KongClusterPlugin, plugin: request-transformer" + more +
			", metadata: {name: all, " + metadata + "}}"
	}
	consumer := func(annotations string) string {
		return "{apiVersion: configuration.konghq.com/v1, kind: KongConsumer, " +
			"metadata: {namespace: other, name: bob, annotations: {" + annotations + "}}}"
	}
	const label, ours = "labels: {global: 'true'}", "kubernetes.io/ingress.class: kong-public"
	silenced, wins := []string{"GlobalPluginSilenced"}, []string{"ConsumerPluginWins"}
	tests := map[string]struct {
		cluster []string
		want    []string
	}{
		"a global one of the class":       {[]string{global(label+", annotations: {"+ours+"}", "")}, silenced},
		"a disabled one":                  {[]string{global(label+", annotations: {"+ours+"}", ", disabled: true")}, nil},
		"one of another class":            {[]string{global(label+", annotations: {kubernetes.io/ingress.class: x}", "")}, nil},
		"one without class":               {[]string{global(label, "")}, nil},
		"one that is not global":          {[]string{global("annotations: {"+ours+"}", "")}, nil},
		"a consumer's":                    {[]string{elsewhere, consumer(ours + ", konghq.com/plugins: rt")}, wins},
		"a consumer's among others":       {[]string{elsewhere, consumer(ours + ", konghq.com/plugins: 'x, rt'")}, wins},
		"a consumer of another class":     {[]string{elsewhere, consumer("konghq.com/plugins: rt")}, nil},
		"a consumer's in our namespace":   {[]string{transformer, consumer(ours + ", konghq.com/plugins: rt")}, nil},
		"a consumer's for all namespaces": {[]string{cluster, consumer(ours + ", konghq.com/plugins: limit")}, wins},
		"a consumer's of another kind":    {[]string{limiter, consumer(ours + ", konghq.com/plugins: 'default:limit'")}, nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			story.Diff(t, "reasons", tc.want, reasons(t, header(t, "", tc.cluster...)))
		})
	}
}

func TestManyConsumersAreOneNotice(t *testing.T) {
	in := header(t, "", cluster)
	for _, name := range []string{"a", "b", "c"} {
		in.Objects = append(in.Objects, story.Object(t, "{apiVersion: configuration.konghq.com/v1, kind: KongConsumer, "+
			"metadata: {namespace: other, name: "+name+
			", annotations: {kubernetes.io/ingress.class: kong-public, konghq.com/plugins: limit}}}"))
	}
	notices := translate(t, in).Notices
	if len(notices) != 1 || !strings.Contains(notices[0].Message, "other/a (and 2 more)") {
		t.Errorf("notices: %v", notices)
	}
}

func TestOlderDefaultBackends(t *testing.T) {
	ingress := func(name, created, class, more string) string {
		return "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {namespace: default, name: " + name +
			", creationTimestamp: '" + created + "', annotations: {" + more + "}}, spec: {ingressClassName: " + class +
			", defaultBackend: {service: {name: x, port: {number: 80}}}}}"
	}
	const old, young = "2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z"
	const mine = "networking.meshingress.dev/owned-by: MeshIngress/default/web"
	told := []string{"OlderDefaultBackend"}
	tests := map[string]struct {
		cluster []string
		want    []string
	}{
		"none":                  {nil, nil},
		"ours alone":            {[]string{ingress("web", old, "kong-public", mine)}, nil},
		"another, ours to come": {[]string{ingress("theirs", young, "kong-public", "")}, told},
		"an older one": {
			[]string{ingress("theirs", old, "kong-public", ""), ingress("web", young, "kong-public", mine)}, told,
		},
		"a younger one": {
			[]string{ingress("theirs", young, "kong-public", ""), ingress("web", old, "kong-public", mine)}, nil,
		},
		"an older one of another class": {[]string{ingress("theirs", old, "nginx", "")}, nil},
		"of the same age, by their name": {
			[]string{ingress("a", old, "kong-public", ""), ingress("web", old, "kong-public", mine)}, told,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			in := input(v1alpha1.StrategyClusterIP)
			fallback := story.Backend("web-svc", 80)
			in.Default = &fallback
			for _, text := range tc.cluster {
				in.Objects = append(in.Objects, story.Object(t, text))
			}
			story.Diff(t, "reasons", tc.want, reasons(t, in))
		})
	}
}

func TestUpstreamPolicies(t *testing.T) {
	const object = "{apiVersion: configuration.konghq.com/v1beta1, kind: KongUpstreamPolicy, " +
		"metadata: {namespace: default, name: p}"
	policy := func(namespace, ref string) string {
		return strings.Replace(object, "default", namespace, 1) + ", status: {ancestors: [{ancestorRef: {" + ref + "}}]}}"
	}
	told := []string{"UpstreamPolicyWithoutEffect"}
	tests := map[string]struct {
		policy string
		want   []string
	}{
		"of a backend":             {policy("default", "kind: Service, name: web-svc, namespace: default"), told},
		"without its namespace":    {policy("default", "kind: Service, name: web-svc"), told},
		"of another Service":       {policy("default", "kind: Service, name: other"), nil},
		"of another kind":          {policy("default", "kind: KongServiceFacade, name: web-svc"), nil},
		"of another namespace":     {policy("other", "kind: Service, name: web-svc, namespace: other"), nil},
		"that no Service names":    {object + "}", nil},
		"with a status of no form": {object + ", status: {ancestors: [x]}}", nil},
	}
	for name, tc := range tests {
		for _, strategy := range []v1alpha1.Strategy{v1alpha1.StrategyClusterIP, v1alpha1.StrategyHeader} {
			t.Run(name+"/"+string(strategy), func(t *testing.T) {
				in := input(strategy, []providers.Route{prefix("/", story.Backend("web-svc", 80))}...)
				in.Objects = header(t, "", tc.policy).Objects
				story.Diff(t, "reasons", tc.want, reasons(t, in))
			})
		}
	}
}

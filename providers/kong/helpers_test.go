// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package kong_test

import (
	"testing"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/kong"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

var class = providers.Class{Name: "kong", IngressClassName: "kong-public"}

// input is the MeshIngress default/web of the class with routes.
func input(strategy v1alpha1.Strategy, routes ...providers.Route) providers.Input {
	return story.Input(class, story.Way(kong.New(), strategy, ""), routes...)
}

// header is an input of header routing with one route, an annotation of the template
// that names plugins, and what there is in the cluster.
func header(t *testing.T, plugins string, cluster ...string) providers.Input {
	t.Helper()
	in := input(v1alpha1.StrategyHeader, prefix("/", story.Backend("web-svc", 80)))
	in.Annotations = map[string]string{"konghq.com/plugins": plugins}
	for _, text := range cluster {
		in.Objects = append(in.Objects, story.Object(t, text))
	}
	return in
}

func prefix(path string, b providers.Backend) providers.Route {
	return story.Prefix("example.com", path, b)
}

func exact(path string, b providers.Backend) providers.Route {
	return story.Exact("example.com", path, b)
}

// translate returns the plan of an input that has no errors.
func translate(t *testing.T, in providers.Input) providers.Plan {
	t.Helper()
	return story.Translate(t, kong.New(), in)
}

// reasons of the notices of an input.
func reasons(t *testing.T, in providers.Input) []string {
	t.Helper()
	return story.Reasons(translate(t, in).Notices)
}

func failures(t *testing.T, in providers.Input) []story.Failure {
	t.Helper()
	return story.Failures(t, kong.New(), in)
}

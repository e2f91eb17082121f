// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package kong

import (
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/ingresses"
	"github.com/meshingress/meshingress/providers/internal/names"
	"github.com/meshingress/meshingress/providers/internal/objects"
	"github.com/meshingress/meshingress/providers/internal/routes"
)

// requestTransformer is the plugin that sets the header (Kong
// kong/plugins/request-transformer).
const requestTransformer = "request-transformer"

// notLiteral would not arrive as written: Kong evaluates "$(...)" as Lua
// (kong/plugins/request-transformer/access.lua, param_value), and Linkerd reads the
// rest as no authority.
const notLiteral = "$(){}%\"\\,; \n"

// throughHeader puts the KongPlugins before the Ingresses that name them: KIC serves an
// Ingress whose plugin is missing without it (KIC
// internal/dataplane/kongstate/kongstate.go, buildPlugins), with the client's header.
func throughHeader(in providers.Input) providers.Plan {
	var all []*unstructured.Unstructured
	for _, b := range routes.Distinct(in.AllBackends(), routes.SamePort) {
		all = append(all, plugin(in, b))
	}
	return providers.Plan{Objects: append(all, ingresses.Build(in, ingresses.Style{
		PerBackend: true, DefaultWithRules: true,
		Annotations: func(b providers.Backend) map[string]string {
			return map[string]string{pluginsAnnotation: withPlugin(in.Annotations[pluginsAnnotation], pluginName(in, b))}
		},
	})...)}
}

// plugin sets the header to a backend. Kong's "replace" acts only where the client sent
// the header and "add" only where it did not, so ours removes before it adds; they run
// in that order (kong/plugins/request-transformer/access.lua, transform_headers). An
// entry of "add" is split at its first colon (iter there).
func plugin(in providers.Input, b providers.Backend) *unstructured.Unstructured {
	obj := objects.New(kindKongPlugin, in.Namespace, pluginName(in, b), in.Labels, nil)
	obj.Object["plugin"] = requestTransformer
	obj.Object["config"] = map[string]any{
		"remove": map[string]any{"headers": []any{linkerd.OverrideHeader}},
		"add":    map[string]any{"headers": []any{linkerd.OverrideHeader + ":" + b.Destination(in.ClusterDomain)}},
	}
	return obj
}

// pluginName holds the name of the plugin: the field "plugin" of a KongPlugin is
// immutable, so that another plugin would need another object.
func pluginName(in providers.Input, b providers.Backend) string {
	return names.Of(in, requestTransformer, b.Service, strconv.Itoa(int(b.Port)))
}

// withPlugin adds a plugin to a list of the annotation, in which each is named once.
func withPlugin(list, own string) string {
	var all []string
	for _, name := range append(pluginNames(list), own) {
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return strings.Join(all, ",")
}

// pluginNames are the items of the annotation, which KIC separates by commas and trims
// (Kong/kubernetes-configuration pkg/metadata/plugins.go v1.5.2,
// ExtractPluginsNamespacedNames).
func pluginNames(list string) []string {
	var all []string
	for item := range strings.SplitSeq(list, ",") {
		if item = strings.TrimSpace(item); item != "" {
			all = append(all, item)
		}
	}
	return all
}

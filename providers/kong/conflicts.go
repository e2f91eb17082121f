// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package kong

import (
	"fmt"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/objects"
)

// Kong runs one configuration of a plugin for a request: the first that it finds for
// route, Service and consumer together, route and consumer, Service and consumer, route
// and Service, consumer, route, Service, all (kong/runloop/plugins_iterator.lua,
// lookup_cfg). KIC hangs the plugins of an Ingress on its routes, those of a Service on
// the Service and those of a KongConsumer on the consumer; what both a consumer and a
// route or Service name, it hangs on the two together
// (internal/util/rels/relations.go, GetCombinations). So ours, on the route, gives way
// to a consumer's, and silences those of the Service and of all.

// validPlugin is the name of an object, after its namespace where it has one.
var validPlugin = regexp.MustCompile(`^([a-z0-9]([-a-z0-9]*[a-z0-9])?:)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`)

// checkTemplatePlugins refuses a request-transformer in the annotation of the template:
// Kong does not take two configurations of a plugin for one route.
func checkTemplatePlugins(in providers.Input) field.ErrorList {
	var errs field.ErrorList
	at := providers.AnnotationField(pluginsAnnotation)
	for _, name := range pluginNames(in.Annotations[pluginsAnnotation]) {
		if !validPlugin.MatchString(name) {
			errs = append(errs, field.Invalid(at, name, "is no name of a KongPlugin or KongClusterPlugin: correct it"))
			continue
		}
		found := findPlugin(in, in.Namespace, name)
		if found != nil && !in.Owns(found) && isTransformer(found) {
			errs = append(errs, field.Invalid(at, name, fmt.Sprintf("%s is a %s, and so is the operator's own, "+
				"of which Kong runs one for a route: remove it, or set spec.routing of the class to ClusterIP",
				describe(found), requestTransformer)))
		}
	}
	return errs
}

// findPlugin resolves a name of the annotation as KIC does: in the namespace before a
// colon, else in that of the object, and then among the KongClusterPlugins
// (internal/dataplane/kongstate/plugin.go, getKongPluginOrKongClusterPlugin).
func findPlugin(in providers.Input, namespace, name string) *unstructured.Unstructured {
	if ns, rest, found := strings.Cut(name, ":"); found {
		namespace, name = strings.TrimSpace(ns), strings.TrimSpace(rest)
	}
	var cluster *unstructured.Unstructured
	for _, obj := range in.Objects {
		switch {
		case obj.GetName() != name:
		case objects.Is(obj, kindKongPlugin) && obj.GetNamespace() == namespace:
			return obj
		case objects.Is(obj, kindKongClusterPlugin):
			cluster = obj
		}
	}
	return cluster
}

// globalPlugins are the request-transformers for all of Kong: KongClusterPlugins of the
// class with the label global: "true" (KIC internal/store/store.go,
// ListGlobalKongClusterPlugins).
func globalPlugins(in providers.Input) []v1alpha1.Notice {
	var found []string
	for _, obj := range in.Objects {
		if objects.Is(obj, kindKongClusterPlugin) && obj.GetLabels()["global"] == "true" &&
			servedBy(in.Class, obj) && isTransformer(obj) && !isDisabled(obj) {
			found = append(found, describe(obj))
		}
	}
	return listed(ReasonGlobalPluginSilenced, found, "%s does not run on these routes, because a route's %s goes before "+
		"the one for all: let another plugin do its work there, or set spec.routing of the class to ClusterIP",
		requestTransformer)
}

// consumerPlugins are the consumers whose own request-transformer runs in place of ours.
func consumerPlugins(in providers.Input) []v1alpha1.Notice {
	var found []string
	for _, obj := range in.Objects {
		if objects.Is(obj, kindKongConsumer) && servedBy(in.Class, obj) && namesTransformer(in, obj) {
			found = append(found, describe(obj))
		}
	}
	return listed(ReasonConsumerPluginWins, found, "%s names a %s of its own, which Kong runs in place of the operator's, "+
		"so that the consumer chooses the Service it reaches: remove it there, or set spec.routing of the class to ClusterIP",
		requestTransformer)
}

func namesTransformer(in providers.Input, consumer *unstructured.Unstructured) bool {
	for _, name := range pluginNames(consumer.GetAnnotations()[pluginsAnnotation]) {
		found := findPlugin(in, consumer.GetNamespace(), name)
		if found != nil && isTransformer(found) && !isDisabled(found) {
			return true
		}
	}
	return false
}

func isTransformer(obj *unstructured.Unstructured) bool {
	name, _, _ := unstructured.NestedString(obj.Object, "plugin")
	return name == requestTransformer
}

func isDisabled(obj *unstructured.Unstructured) bool {
	disabled, _, _ := unstructured.NestedBool(obj.Object, "disabled")
	return disabled
}

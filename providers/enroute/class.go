// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package enroute

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/names"
	"github.com/meshingress/meshingress/providers/internal/objects"
)

// defaultNamespace of the GlobalConfig, as in Linkerd's document.
const defaultNamespace = "default"

// TranslateClass makes the GlobalConfig that turns Linkerd on for the whole of EnRoute,
// as helm-chart/enroute/templates/linkerd.yaml means to: there the key apiVersion has
// lost its first letter.
func (Provider) TranslateClass(in providers.ClassInput) (providers.Plan, field.ErrorList) {
	namespace := defaultNamespace
	if options := in.Class.Spec.EnRoute; options != nil && options.Namespace != "" {
		namespace = options.Namespace
	}
	config := objects.New(kindGlobalConfig, namespace, names.Join("meshingress", in.Class.Name, "linkerd"), nil, nil)
	config.Object["spec"] = map[string]any{
		"name":   "linkerd-global-config",
		"type":   "globalconfig_globals",
		"config": `{"linkerd_enabled": true}`,
	}
	var plan providers.Plan
	plan.Objects = append(plan.Objects, config)
	return plan, nil
}

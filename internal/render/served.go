// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"fmt"
	"slices"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshingress/meshingress/providers"
)

// served says which kinds of the vendors the cluster serves: those that were
// named; or else those whose definitions are in the input; or else all.
func served(
	kinds []providers.Kind, named []schema.GroupVersionKind, crds []*apiextensionsv1.CustomResourceDefinition,
) (providers.Served, error) {
	if named != nil {
		return servedByName(kinds, named)
	}
	all, defined := providers.Served{}, providers.Served{}
	vendorsHere := false
	for _, k := range kinds {
		all[k] = true
		for _, crd := range crds {
			if crd.Spec.Group != k.Group || crd.Spec.Names.Kind != k.Kind {
				continue
			}
			vendorsHere = true
			defined[k] = defined[k] || servesVersion(crd, k.Version)
		}
	}
	if vendorsHere {
		return defined, nil
	}
	return all, nil
}

func servesVersion(crd *apiextensionsv1.CustomResourceDefinition, version string) bool {
	return slices.ContainsFunc(crd.Spec.Versions, func(v apiextensionsv1.CustomResourceDefinitionVersion) bool {
		return v.Name == version && v.Served
	})
}

// servedByName refuses a kind of no vendor, which would otherwise be a spelling
// mistake that nobody sees.
func servedByName(kinds []providers.Kind, named []schema.GroupVersionKind) (providers.Served, error) {
	result := providers.Served{}
	for _, gvk := range named {
		i := slices.IndexFunc(kinds, func(k providers.Kind) bool { return k.GroupVersionKind == gvk })
		if i < 0 {
			return nil, fmt.Errorf("served kind %s/%s: no vendor has it", gvk.GroupVersion(), gvk.Kind)
		}
		result[kinds[i]] = true
	}
	return result, nil
}

// ParseServed reads "group/version/Kind,…", for Options.Served. The list may be
// empty, which means that no kind of a vendor is served; the result is never nil.
func ParseServed(list string) ([]schema.GroupVersionKind, error) {
	kinds := []schema.GroupVersionKind{}
	for item := range strings.SplitSeq(list, ",") {
		item = strings.TrimSpace(item)
		if item == "" {
			continue
		}
		parts := strings.Split(item, "/")
		if len(parts) != 3 || slices.Contains(parts, "") {
			return nil, fmt.Errorf("served kind %q: write it as group/version/Kind", item)
		}
		kinds = append(kinds, schema.GroupVersionKind{Group: parts[0], Version: parts[1], Kind: parts[2]})
	}
	return kinds, nil
}

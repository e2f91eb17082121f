// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"fmt"
	"slices"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshingress/meshingress/internal/crdschema"
	"github.com/meshingress/meshingress/providers"
)

// served says which kinds of the vendors, and which of the fields that they need,
// the cluster serves: those that were named; or else those whose definitions are in
// the input; or else all.
func served(
	kinds []providers.Kind, named []providers.Kind, crds []*apiextensionsv1.CustomResourceDefinition,
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
			defined[k] = defined[k] || crdschema.Serves(crd, k.Version, k.Field)
		}
	}
	if vendorsHere {
		return defined, nil
	}
	return all, nil
}

// servedByName refuses a kind of no vendor, which would otherwise be a spelling
// mistake that nobody sees.
func servedByName(kinds []providers.Kind, named []providers.Kind) (providers.Served, error) {
	result := providers.Served{}
	for _, n := range named {
		i := slices.IndexFunc(kinds, func(k providers.Kind) bool {
			return k.GroupVersionKind == n.GroupVersionKind && k.Field == n.Field
		})
		if i < 0 {
			return nil, fmt.Errorf("served kind %s: no vendor has it", servedName(n))
		}
		result[kinds[i]] = true
		result[kinds[i].WithoutField()] = true
	}
	return result, nil
}

func servedName(k providers.Kind) string {
	name := k.GroupVersion().String() + "/" + k.Kind
	if k.Field != "" {
		name += ":" + k.Field
	}
	return name
}

// ParseServed reads "group/version/Kind,group/version/Kind:spec.field,…", for
// Options.Served. The list may be empty, which means that no kind of a vendor is
// served; the result is never nil.
func ParseServed(list string) ([]providers.Kind, error) {
	kinds := []providers.Kind{}
	for item := range strings.SplitSeq(list, ",") {
		item = strings.TrimSpace(item)
		if item == "" {
			continue
		}
		name, path, hasField := strings.Cut(item, ":")
		parts := strings.Split(name, "/")
		if len(parts) != 3 || slices.Contains(parts, "") || (hasField && path == "") {
			return nil, fmt.Errorf("served kind %q: write it as group/version/Kind or group/version/Kind:spec.field", item)
		}
		gvk := schema.GroupVersionKind{Group: parts[0], Version: parts[1], Kind: parts[2]}
		kinds = append(kinds, providers.Kind{GroupVersionKind: gvk, Field: path})
	}
	return kinds, nil
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/operator-framework/api/pkg/manifests"
	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"
	"sigs.k8s.io/yaml"
)

func main() {
	if err := run(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "catalog:", err)
		os.Exit(1)
	}
}

func run(out io.Writer, dirs []string) error {
	bundles := make([]*manifests.Bundle, 0, len(dirs))
	for _, dir := range dirs {
		b, err := manifests.GetBundleFromDir(dir)
		if err != nil {
			return fmt.Errorf("reading the bundle in %s: %w", dir, err)
		}
		bundles = append(bundles, b)
	}
	if len(bundles) == 0 {
		return fmt.Errorf("there is no bundle")
	}
	for _, blob := range blobs(bundles) {
		data, err := yaml.Marshal(blob)
		if err != nil {
			return fmt.Errorf("writing a part of the catalog: %w", err)
		}
		if _, err := fmt.Fprintf(out, "---\n%s", data); err != nil {
			return fmt.Errorf("writing the catalog: %w", err)
		}
	}
	return nil
}

type pkg struct {
	Schema         string `json:"schema"`
	Name           string `json:"name"`
	DefaultChannel string `json:"defaultChannel"`
	Description    string `json:"description"`
	Icon           icon   `json:"icon"`
}

type icon struct {
	Data      string `json:"base64data"`
	MediaType string `json:"mediatype"`
}

type channel struct {
	Schema  string  `json:"schema"`
	Package string  `json:"package"`
	Name    string  `json:"name"`
	Entries []entry `json:"entries"`
}

type entry struct {
	Name      string `json:"name"`
	Replaces  string `json:"replaces,omitempty"`
	SkipRange string `json:"skipRange,omitempty"`
}

// blobs are the package, described as the newest of the bundles is, and the channels, in
// the order in which the oldest of the bundles began them.
func blobs(bundles []*manifests.Bundle) []any {
	bundles = slices.SortedFunc(slices.Values(bundles), func(a, b *manifests.Bundle) int {
		return a.CSV.Spec.Version.Compare(b.CSV.Spec.Version.Version)
	})
	var channels []*channel
	for _, b := range bundles {
		for _, name := range b.Channels {
			i := slices.IndexFunc(channels, func(c *channel) bool { return c.Name == name })
			if i < 0 {
				i = len(channels)
				channels = append(channels, &channel{Schema: "olm.channel", Package: b.Package, Name: name})
			}
			channels[i].Entries = append(channels[i].Entries, entry{
				Name: b.CSV.Name, Replaces: b.CSV.Spec.Replaces,
				SkipRange: b.CSV.Annotations[operatorsv1alpha1.SkipRangeAnnotationKey],
			})
		}
	}
	newest := bundles[len(bundles)-1]
	result := []any{pkg{
		Schema: "olm.package", Name: newest.Package, DefaultChannel: cmp.Or(newest.DefaultChannel, newest.Channels[0]),
		Description: newest.CSV.Annotations["description"],
		Icon:        icon{Data: newest.CSV.Spec.Icon[0].Data, MediaType: newest.CSV.Spec.Icon[0].MediaType},
	}}
	for _, c := range channels {
		result = append(result, c)
	}
	return result
}

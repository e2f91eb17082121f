// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package olmbundle

import (
	"fmt"
	"strings"
)

type label struct{ key, value string }

// labels of the bundle's image, which its annotations.yaml repeats.
func labels(o Options) []label {
	const prefix = "operators.operatorframework.io."
	return []label{
		{prefix + "bundle.mediatype.v1", "registry+v1"},
		{prefix + "bundle.manifests.v1", "manifests/"},
		{prefix + "bundle.metadata.v1", "metadata/"},
		{prefix + "bundle.package.v1", Package},
		{prefix + "bundle.channels.v1", o.Channel},
		{prefix + "bundle.channel.default.v1", o.Channel},
		{prefix + "test.mediatype.v1", "scorecard+v1"},
		{prefix + "test.config.v1", "tests/scorecard/"},
	}
}

func annotations(o Options) []byte {
	b := &strings.Builder{}
	fmt.Fprint(b, header, "annotations:\n")
	for _, l := range labels(o) {
		fmt.Fprintf(b, "  %s: %s\n", l.key, l.value)
	}
	return []byte(b.String())
}

// Dockerfile is the recipe of the bundle's image, with the bundle in the directory dir.
func Dockerfile(dir string, o Options) []byte {
	b := &strings.Builder{}
	fmt.Fprint(b, header, "FROM scratch\n\n")
	for _, l := range labels(o) {
		fmt.Fprintf(b, "LABEL %s=%s\n", l.key, l.value)
	}
	fmt.Fprintf(b, "\nCOPY %[1]s/manifests /manifests/\nCOPY %[1]s/metadata /metadata/\n"+
		"COPY %[1]s/tests/scorecard /tests/scorecard/\n", dir)
	return []byte(b.String())
}

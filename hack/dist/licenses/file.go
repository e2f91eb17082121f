// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package licenses

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
)

// FileName is what the file with the texts is called, wherever a program is.
const FileName = "THIRD_PARTY_LICENSES"

// line is between two texts.
var line = strings.Repeat("=", 80)

// File is the file with the texts of all modules: first who has which license, then each
// text once, under the names of all whose it is.
func File(modules []Module) []byte {
	var out strings.Builder
	out.WriteString("This program contains the following modules of others.\n\n")
	table := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	for _, m := range modules {
		fmt.Fprintf(table, "%s\t%s\t%s\n", m.Path, m.Version, m.Expression())
	}
	_ = table.Flush() // to memory
	order, owners := byContent(modules)
	for _, content := range order {
		fmt.Fprintf(&out, "\n%s\n", line)
		for _, owner := range owners[content] {
			fmt.Fprintln(&out, owner)
		}
		fmt.Fprintf(&out, "%s\n\n%s\n", line, strings.Trim(content, "\n"))
	}
	return []byte(out.String())
}

// byContent returns the different texts, in the order in which they come first, and for
// each the modules and files that have it.
func byContent(modules []Module) (order []string, owners map[string][]string) {
	owners = map[string][]string{}
	for _, m := range modules {
		for _, text := range m.Texts {
			if !slices.Contains(order, text.Content) {
				order = append(order, text.Content)
			}
			owners[text.Content] = append(owners[text.Content], m.Path+" "+m.Version+": "+text.Name)
		}
	}
	return order, owners
}

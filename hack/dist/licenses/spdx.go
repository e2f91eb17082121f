// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package licenses

import (
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// Unknown is what SPDX says where it says nothing.
const Unknown = "NOASSERTION"

// understood are the licenses, by SPDX's names, that ask for no more than that their text
// and notices come along. Whoever adds another one here has read what it asks for.
func understood() []string {
	return []string{"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT"}
}

// enough is the part of a text, in percent, that must be known licenses, so that the text is
// taken for them: what pkg.go.dev asks for, see golang/pkgsite:internal/licenses/licenses.go.
const enough = 75

// Expressions are those of all modules, by path.
func Expressions(modules []Module) map[string]string {
	all := map[string]string{}
	for _, m := range modules {
		all[m.Path] = m.Expression()
	}
	return all
}

// Expression names all licenses of the module as SPDX writes that, such as "Apache-2.0 AND
// MIT". It is Unknown where one of them is not understood.
func (m Module) Expression() string {
	var all []string
	for _, text := range m.Texts {
		if !text.isLicense() {
			continue
		}
		coverage := licensecheck.Scan([]byte(text.Content))
		if coverage.Percent < enough {
			return Unknown
		}
		for _, match := range coverage.Match {
			if !slices.Contains(understood(), match.ID) {
				return Unknown
			}
			all = append(all, match.ID)
		}
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), " AND ")
}

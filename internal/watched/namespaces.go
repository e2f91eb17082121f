// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package watched

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// Flag is the flag of the manager that Parse reads.
const Flag = "watch-namespaces"

// Namespaces are those that the operator works in, sorted. None means all.
type Namespaces []string

// Parse reads "a,b,c", with spaces where one likes. An empty list means all namespaces;
// an empty or impossible name in it is an error, because it might have been meant to keep
// the operator out of the others.
func Parse(list string) (Namespaces, error) {
	if strings.TrimSpace(list) == "" {
		return nil, nil
	}
	var all Namespaces
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		if problems := validation.IsDNS1123Label(name); len(problems) > 0 {
			return nil, fmt.Errorf("namespace %q: %s", name, problems[0])
		}
		all = append(all, name)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// Has reports whether the operator works in a namespace.
func (n Namespaces) Has(namespace string) bool { return len(n) == 0 || slices.Contains(n, namespace) }

// Explain says that the operator does not work in a namespace, and what to do; empty
// where it does.
func (n Namespaces) Explain(namespace string) string {
	if n.Has(namespace) {
		return ""
	}
	return fmt.Sprintf("the operator does not watch namespace %s: add it to --%s, which is %s, "+
		"and give the operator its roles there", namespace, Flag, n)
}

// String is what Parse reads.
func (n Namespaces) String() string { return strings.Join(n, ",") }

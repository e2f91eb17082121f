// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package descriptors

import (
	"regexp"
	"slices"
	"strings"
)

var (
	betweenWords = regexp.MustCompile(`([a-z0-9])([A-Z])`)

	// "IPName" but not "IDs".
	afterAcronym = regexp.MustCompile(`([A-Z])([A-Z][a-z]{2})`)
)

// displayName is the name of the field for people: "staticIPName" is "Static IP Name".
// A single word says little by itself, so the name of the object that it is in goes
// before it: "service.port.number" is "Port Number".
func (f field) displayName() string {
	segments := strings.Split(f.path, ".")
	last := len(segments) - 1
	name := f.spell(segments[last])
	if strings.Contains(name, " ") || last == 0 || strings.HasSuffix(segments[last-1], "[0]") {
		return name
	}
	return f.spell(segments[last-1]) + " " + name
}

// spell writes one name of a path for people. A field that goes with one value of
// another, and has its name in another spelling, is spelled like the value: "haproxy"
// is "HAProxy".
func (f field) spell(name string) string {
	for _, t := range f.ties {
		if t.field == name && strings.EqualFold(name, t.value) {
			return t.value
		}
	}
	return strings.Join(words(name), " ")
}

// words splits a name in camel case, and begins each word with a capital.
func words(name string) []string {
	spaced := betweenWords.ReplaceAllString(strings.TrimSuffix(name, "[0]"), "$1 $2")
	spaced = afterAcronym.ReplaceAllString(spaced, "$1 $2")
	var result []string
	for _, word := range strings.Fields(spaced) {
		if slices.Contains([]string{"tls", "uid"}, word) {
			result = append(result, strings.ToUpper(word))
			continue
		}
		result = append(result, strings.ToUpper(word[:1])+word[1:])
	}
	return result
}

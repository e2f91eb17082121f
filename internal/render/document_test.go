// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package render_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshingress/meshingress/internal/render"
)

func TestParse(t *testing.T) {
	type doc struct {
		Number int
		Name   string
	}
	object := func(name string) string {
		return "apiVersion: v1\nkind: Service\nmetadata: {name: " + name + "}\n"
	}
	list := func(items ...string) string {
		return "apiVersion: v1\nkind: List\nitems: [" + strings.Join(items, ", ") + "]\n"
	}
	for name, tc := range map[string]struct {
		text string
		want []doc
	}{
		"nothing":       {text: ""},
		"only comments": {text: "# a\n---\n# b\n"},
		"two documents": {text: object("a") + "---\n" + object("b"), want: []doc{{1, "a"}, {2, "b"}}},
		"comments are none": {
			text: "# a\n---\n" + object("a") + "---\n# b\n---\n" + object("b"),
			want: []doc{{1, "a"}, {2, "b"}},
		},
		"JSON": {text: `{"apiVersion":"v1","kind":"Service","metadata":{"name":"a"}}`, want: []doc{{1, "a"}}},
		"a List": {text: list("{apiVersion: v1, kind: A, metadata: {name: a}}",
			"{apiVersion: v1, kind: A, metadata: {name: b}}") +
			"---\n" + object("c"), want: []doc{{1, "a"}, {1, "b"}, {2, "c"}}},
		"an empty List": {text: list()},
		"a List in a List": {
			text: list("{apiVersion: v1, kind: AList, items: [{apiVersion: v1, kind: A, metadata: {name: a}}]}"),
			want: []doc{{1, "a"}},
		},
		"something of items": {text: object("a") + "items: [1]\n", want: []doc{{1, "a"}}},
	} {
		t.Run(name, func(t *testing.T) {
			docs, err := render.Parse("test.yaml", strings.NewReader(tc.text))
			if err != nil {
				t.Fatal(err)
			}
			var got []doc
			for _, d := range docs {
				got = append(got, doc{d.Number, d.Object.GetName()})
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseSaysWhichDocumentIsBroken(t *testing.T) {
	const good = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n---\n"
	for name, tc := range map[string]struct {
		text string
		want int
	}{
		"is no YAML":             {text: good + "kind: [\n", want: 2},
		"has a key twice":        {text: good + good + "kind: A\nkind: B\n", want: 3},
		"is no object":           {text: good + "- a\n", want: 2},
		"is a word":              {text: "word\n", want: 1},
		"has no kind":            {text: good + "apiVersion: v1\nmetadata: {name: a}\n", want: 2},
		"has no apiVersion":      {text: "kind: A\nmetadata: {name: a}\n", want: 1},
		"has no name":            {text: good + "apiVersion: v1\nkind: A\nmetadata: {}\n", want: 2},
		"has an item of no kind": {text: good + "apiVersion: v1\nkind: List\nitems: [{metadata: {name: a}}]\n", want: 2},
		"has an item of text":    {text: good + "apiVersion: v1\nkind: List\nitems: [a]\n", want: 2},
		"is separated badly":     {text: good + "--- a: b\n", want: 2},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := render.Parse("test.yaml", strings.NewReader(tc.text))
			wantInputError(t, err, "test.yaml", tc.want)
		})
	}
}

func wantInputError(t *testing.T, err error, source string, number int) {
	t.Helper()
	var got *render.InputError
	if !errors.As(err, &got) || got.Source != source || got.Number != number {
		t.Errorf("got error %v, want one of %s, document %d", err, source, number)
	}
}

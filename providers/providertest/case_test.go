// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package providertest

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshingress/meshingress/providers"
)

func kindOf(group, version, kind string) providers.Kind {
	return providers.Kind{GroupVersionKind: schema.GroupVersionKind{Group: group, Version: version, Kind: kind}}
}

func TestListCases(t *testing.T) {
	for name, tc := range map[string]struct {
		files   []string
		update  bool
		want    []string
		wantErr string
	}{
		"pairs":                       {files: []string{"a.in.yaml", "a.out.yaml"}, want: []string{"a.in.yaml"}},
		"nothing at all":              {wantErr: "no case"},
		"a case without golden file":  {files: []string{"a.in.yaml"}, wantErr: "a.in.yaml has no"},
		"that is about to be written": {files: []string{"a.in.yaml"}, update: true, want: []string{"a.in.yaml"}},
		"a golden file without case": {
			files: []string{"a.in.yaml", "a.out.yaml", "b.out.yaml"}, wantErr: "b.out.yaml has no",
		},
		"even when writing": {
			files: []string{"a.in.yaml", "b.out.yaml"}, update: true, wantErr: "b.out.yaml has no",
		},
		"a file that is neither": {
			files: []string{"a.in.yaml", "a.out.yaml", "a.yaml"}, wantErr: "a.yaml is neither",
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for _, f := range tc.files {
				write(t, filepath.Join(dir, f), "")
			}
			got, err := listCases(dir, tc.update)
			if tc.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), tc.wantErr) {
					t.Errorf("got error %v, want one with %q", err, tc.wantErr)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for i := range got {
				got[i] = filepath.Base(got[i])
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReadHeader(t *testing.T) {
	for name, tc := range map[string]struct {
		text    string
		want    []providers.Kind
		wantErr bool
	}{
		"says what is proved": {text: "# It works.\nkind: X\n"},
		"and what is served": {
			text: "# It works.\n# served: a.b/v1/X, c.d/v2/Y\nkind: X\n",
			want: []providers.Kind{kindOf("a.b", "v1", "X"), kindOf("c.d", "v2", "Y")},
		},
		"and which field": {
			text: "# It works.\n# served: a.b/v1/X:spec.y\nkind: X\n",
			want: []providers.Kind{kindOf("a.b", "v1", "X").WithField("spec.y")},
		},
		"or that nothing is":                {text: "# It works.\n# served:\n", want: []providers.Kind{}},
		"a comment further down is none":    {text: "# It works.\nkind: X\n# served: a.b/v1/X\n"},
		"has a field that is none":          {text: "# It works.\n# served: a.b/v1/X:\nkind: X\n", wantErr: true},
		"says nothing":                      {text: "kind: X\n", wantErr: true},
		"says nothing in a comment":         {text: "#\nkind: X\n", wantErr: true},
		"says only what is served":          {text: "# served: a.b/v1/X\n", wantErr: true},
		"has a kind that cannot be read":    {text: "# It works.\n# served: X\n", wantErr: true},
		"has a kind that lacks its version": {text: "# It works.\n# served: a.b//X\n", wantErr: true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readHeader(tc.text)
			if (err != nil) != tc.wantErr {
				t.Fatalf("got error %v, want one: %v", err, tc.wantErr)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

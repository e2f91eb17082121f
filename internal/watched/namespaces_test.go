// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package watched_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshingress/meshingress/internal/watched"
)

func TestParse(t *testing.T) {
	cases := map[string]struct {
		list string
		want watched.Namespaces
		fail bool
	}{
		"nothing is all":             {list: " "},
		"one":                        {list: "web", want: watched.Namespaces{"web"}},
		"several, sorted, each once": {list: "web, infra,web", want: watched.Namespaces{"infra", "web"}},
		"an empty name":              {list: "web,", fail: true},
		"no name of a namespace":     {list: "Web", fail: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := watched.Parse(tc.list)
			if (err != nil) != tc.fail {
				t.Fatalf("error %v, want one: %v", err, tc.fail)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("Parse(%q) (-want +got):\n%s", tc.list, diff)
			}
		})
	}
}

func TestExplain(t *testing.T) {
	some := watched.Namespaces{"infra", "web"}
	for _, n := range []watched.Namespaces{nil, some} {
		if got := n.Explain("web"); got != "" {
			t.Errorf("%v: Explain(web) = %q", n, got)
		}
	}
	got := some.Explain("other")
	for _, want := range []string{"namespace other", "--watch-namespaces", "infra,web"} {
		if !strings.Contains(got, want) {
			t.Errorf("Explain(other) = %q, which does not say %q", got, want)
		}
	}
}

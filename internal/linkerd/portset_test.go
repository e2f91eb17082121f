// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package linkerd_test

import (
	"math/rand/v2"
	"testing"

	"github.com/meshingress/meshingress/internal/linkerd"
)

func TestPortsAreWrittenAsLinkerdReadsThem(t *testing.T) {
	for name, tc := range map[string]struct{ list, want string }{
		"nothing":                     {"", ""},
		"one":                         {"80", "80"},
		"the ends":                    {"0,65535", "0,65535"},
		"sorted, as numbers":          {"8443,443,80", "80,443,8443"},
		"each once":                   {"80,80", "80"},
		"two neighbors":               {"4568,4567", "4567,4568"},
		"two neighbors in a range":    {"4567-4568", "4567,4568"},
		"a range of one":              {"80-80", "80"},
		"three neighbors":             {"82,80,81", "80-82"},
		"a range":                     {"100-200", "100-200"},
		"ranges that overlap":         {"150-250,100-200", "100-250"},
		"a range within another":      {"100-200,120-130", "100-200"},
		"ranges that touch":           {"100-200,201-300", "100-300"},
		"a port that touches":         {"100-200,201", "100-201"},
		"ranges apart":                {"100-200,202-300", "100-200,202-300"},
		"a space before a number":     {"80, 443", "80"},
		"a space after a number":      {"80 ,443", "443"},
		"a name":                      {"http,443", "443"},
		"a range backwards":           {"90-80,443", "443"},
		"a range without an end":      {"80-,443", "443"},
		"a range without a start":     {"-80,443", "443"},
		"a range of three":            {"70-80-90,443", "443"},
		"beyond the last port":        {"65536,1-65536,443", "443"},
		"a sign":                      {"+80,443", "80,443"},
		"commas only":                 {",,", ""},
		"everything":                  {"0-65535", "0-65535"},
		"everything, in two":          {"0-4190,4191-65535", "0-65535"},
		"the last port and a range":   {"65533-65534,65535", "65533-65535"},
		"a great number of neighbors": {"5,4,3,2,1,9,8,7", "1-5,7-9"},
	} {
		t.Run(name, func(t *testing.T) {
			ports := linkerd.ParsePorts(tc.list)
			if got := ports.String(); got != tc.want {
				t.Errorf("%q is written %q, want %q", tc.list, got, tc.want)
			}
			if got := linkerd.ParsePorts(ports.String()).String(); got != tc.want {
				t.Errorf("read again, it is %q", got)
			}
			if ports.IsEmpty() != (tc.want == "") {
				t.Errorf("%q is empty: %v", tc.list, ports.IsEmpty())
			}
		})
	}
}

func TestPortsCover(t *testing.T) {
	for name, tc := range map[string]struct {
		list, other string
		want        bool
	}{
		"nothing covers nothing":     {"", "", true},
		"anything covers nothing":    {"80", "", true},
		"nothing covers no port":     {"", "80", false},
		"itself":                     {"80,443", "80,443", true},
		"more":                       {"80,443,8000-9000", "443,8443", true},
		"less":                       {"80", "80,443", false},
		"a range":                    {"100-200", "100-200", true},
		"a range and one more":       {"100-200", "100-201", false},
		"a range begun earlier":      {"100-200", "99-200", false},
		"a range of two that touch":  {"100-150,151-200", "140-160", true},
		"a range with a gap in it":   {"100-150,152-200", "140-160", false},
		"what Linkerd does not read": {"80, 443", "443", false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := linkerd.ParsePorts(tc.list).Covers(linkerd.ParsePorts(tc.other)); got != tc.want {
				t.Errorf("%q covers %q: %v", tc.list, tc.other, got)
			}
		})
	}
}

// A set of ranges holds what a set of single ports does.
func TestPortsAreASet(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	some := func() (linkerd.Ports, map[int32]bool) {
		var list []int32
		set := map[int32]bool{}
		for range random.IntN(12) {
			p := random.Int32N(20)
			list, set[p] = append(list, p), true
		}
		return linkerd.PortsOf(list...), set
	}
	for range 2000 {
		a, inA := some()
		b, inB := some()
		before, union, covers := a.String(), a.Union(b), true
		for p := range int32(21) {
			if union.Contains(p) != (inA[p] || inB[p]) {
				t.Fatalf("%d in the union %q of %q and %q: %v", p, union, a, b, union.Contains(p))
			}
			covers = covers && (inA[p] || !inB[p])
		}
		if a.Covers(b) != covers || !union.Covers(a) || !union.Covers(b) {
			t.Fatalf("%q covers %q: %v", a, b, a.Covers(b))
		}
		if a.String() != before {
			t.Fatalf("the union changed %q into %q", before, a)
		}
	}
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package names_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/names"
)

func TestJoinReads(t *testing.T) {
	for want, parts := range map[string][]string{
		"web": {"web"}, "web-svc-80-": {"web", "svc", "80"}, "web-example.com-": {"web", "example.com"},
	} {
		got := names.Join(parts...)
		if !strings.HasPrefix(got, want) || (len(parts) == 1) != (got == want) {
			t.Errorf("%q makes %q, want it to begin with %q", parts, got, want)
		}
		if again := names.Join(parts...); again != got {
			t.Errorf("%q makes %q and then %q", parts, got, again)
		}
	}
}

func TestDifferentPartsMakeDifferentNames(t *testing.T) {
	long := strings.Repeat("a", 63)
	hash := strings.TrimPrefix(names.Join("web", "auth"), "web-auth-")
	for name, tc := range map[string][2][]string{
		"cut in another place":               {{"a-b", "c"}, {"a", "b-c"}},
		"one part and two":                   {{"a-b"}, {"a", "b"}},
		"in another order":                   {{"a", "b"}, {"b", "a"}},
		"an empty part":                      {{"a", "b"}, {"a", "", "b"}},
		"an empty part at the end":           {{"a"}, {"a", ""}},
		"a dash or a new part":               {{"a-", "b"}, {"a", "-b"}},
		"longer than a name can be":          {{long + "b"}, {long + "c"}},
		"different where the name is cut":    {{long, "b"}, {long, "c"}},
		"a user who knows what we would do":  {{"web", "auth"}, {"web-auth-" + hash}},
		"a user who knows it for long names": {{long + "b"}, {names.Join(long + "b")}},
	} {
		t.Run(name, func(t *testing.T) {
			if a, b := names.Join(tc[0]...), names.Join(tc[1]...); a == b {
				t.Errorf("%q and %q both make %q", tc[0], tc[1], a)
			}
		})
	}
}

func TestOddPartsMakeLabels(t *testing.T) {
	for name, parts := range map[string][]string{
		"as long as a label":              {strings.Repeat("a", 63)},
		"longer than a label":             {strings.Repeat("a", 64)},
		"as long as an object's name":     {strings.Repeat("a", 253), strings.Repeat("b", 253)},
		"a dash where the name is cut":    {strings.Repeat("a", 51) + "-", "b"},
		"dashes where the name is cut":    {strings.Repeat("a", 40) + strings.Repeat("-", 20), "b"},
		"dots where the name is cut":      {strings.Repeat("a", 40) + strings.Repeat(".", 20), "b"},
		"only dashes":                     {"-", "-"},
		"many dashes":                     {strings.Repeat("-", 99)},
		"an empty part":                   {"", "b"},
		"no part that says anything":      {"", ""},
		"a number at the start":           {"80", "web"},
		"a dash at the start and the end": {"-web-"},
	} {
		t.Run(name, func(t *testing.T) {
			got := names.Join(parts...)
			if problems := validation.IsDNS1123Label(got); len(problems) > 0 {
				t.Errorf("%q make %q: %v", parts, got, problems)
			}
		})
	}
}

// randomName is a DNS name of one to four labels.
func randomName(random *rand.Rand) string {
	const inner, outer = "abc019-", "abc019"
	pick := func(from string) string { return string(from[random.IntN(len(from))]) }
	labels := make([]string, 1+random.IntN(4))
	for i := range labels {
		label := pick(outer)
		for range random.IntN(20) {
			label += pick(inner)
		}
		labels[i] = label + pick(outer)
	}
	return strings.Join(labels, ".")
}

func TestRandomParts(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	made := map[string]string{}
	for range 20_000 {
		parts := make([]string, 1+random.IntN(4))
		for i := range parts {
			parts[i] = randomName(random)
		}
		got, key := names.Join(parts...), strings.Join(parts, "/")
		if problems := validation.IsDNS1123Subdomain(got); len(problems) > 0 || len(got) > 63 {
			t.Fatalf("%q make %q of %d characters: %v", parts, got, len(got), problems)
		}
		if other, taken := made[got]; taken && other != key {
			t.Fatalf("%q and %q both make %q", other, key, got)
		}
		made[got] = key
	}
}

func TestEachHostHasANameOfItsOwn(t *testing.T) {
	in := providers.Input{Name: "web", Class: providers.Class{Name: "public"}}
	seen := map[string]string{}
	for _, host := range []string{"example.com", "*.example.com", "wildcard.example.com", "wildcard-example.com"} {
		name := names.OfHost(in, host)
		if problems := validation.IsDNS1123Subdomain(name); len(problems) > 0 {
			t.Errorf("%s has the name %q: %v", host, name, problems)
		}
		if other, taken := seen[name]; taken {
			t.Errorf("%s and %s have the same name %q", host, other, name)
		}
		seen[name] = host
	}
}

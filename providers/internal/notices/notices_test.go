// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package notices_test

import (
	"strings"
	"testing"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/notices"
)

func TestWildcardHostIsDeep(t *testing.T) {
	routes := []providers.Route{{Host: "a.io"}, {Host: "*.b.io"}, {Host: "*.c.io"}, {}}
	got := notices.WildcardHostIsDeep("Emissary", routes)
	if len(got) != 1 || got[0].Reason != notices.ReasonWildcardHostIsDeep || !strings.Contains(got[0].Message, "*.b.io") {
		t.Errorf("got %v, want one notice about *.b.io", got)
	}
	if got := notices.WildcardHostIsDeep("Emissary", []providers.Route{{Host: "a.io"}, {}}); got != nil {
		t.Errorf("got %v without a wildcard host", got)
	}
}

func TestAndMore(t *testing.T) {
	for want, names := range map[string][]string{
		"a.io": {"a.io"}, "a.io and 1 more": {"a.io", "b.io"}, "b.io and 2 more": {"b.io", "a.io", "c.io"},
	} {
		if got := notices.AndMore(names); got != want {
			t.Errorf("%v: got %q, want %q", names, got, want)
		}
	}
}

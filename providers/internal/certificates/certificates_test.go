// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package certificates_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers/internal/certificates"
)

func entry(secret string, hosts ...string) v1alpha1.TLS {
	return v1alpha1.TLS{SecretName: secret, Hosts: hosts}
}

func TestSecretFor(t *testing.T) {
	c, errs := certificates.New("Box", []v1alpha1.TLS{
		entry("wildcard", "*.a.io"), entry("exact", "x.a.io", "a.io"), entry("last", "b.io"),
	})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	for host, want := range map[string]string{
		"a.io": "exact", "x.a.io": "exact", "y.a.io": "wildcard", "*.a.io": "wildcard", "b.io": "last",
		"y.x.a.io": "", "c.io": "", "*.b.io": "", "": "", "io": "",
	} {
		got, ok := c.SecretFor(host)
		if got != want || ok != (want != "") {
			t.Errorf("%q has the Secret %q, %v; want %q", host, got, ok, want)
		}
	}
}

func TestEntriesThatAreRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		entries []v1alpha1.TLS
		want    []string
	}{
		"nothing":   {},
		"all right": {entries: []v1alpha1.TLS{entry("a", "a.io"), entry("b", "*.a.io")}},
		"no hosts": {
			entries: []v1alpha1.TLS{entry("a", "a.io"), entry("b")}, want: []string{"spec.tls[1].hosts FieldValueRequired"},
		},
		"host twice": {
			entries: []v1alpha1.TLS{entry("a", "b.io", "a.io"), entry("b", "c.io", "a.io")},
			want:    []string{"spec.tls[1].hosts[1] FieldValueDuplicate"},
		},
		"twice in one": {
			entries: []v1alpha1.TLS{entry("a", "a.io", "a.io")}, want: []string{"spec.tls[0].hosts[1] FieldValueDuplicate"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, errs := certificates.New("Box", tc.entries)
			var got []string
			for _, err := range errs {
				got = append(got, err.Field+" "+string(err.Type))
				if err.Detail == "" {
					t.Errorf("%s has no remedy", err.Field)
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheFirstOfTwoEntriesWins(t *testing.T) {
	c, _ := certificates.New("Box", []v1alpha1.TLS{entry("a", "a.io"), entry("b", "a.io")})
	if got, _ := c.SecretFor("a.io"); got != "a" {
		t.Errorf("got %s", got)
	}
}

func TestNotices(t *testing.T) {
	for name, tc := range map[string]struct {
		asked []string
		want  []string // what the message names; nothing is no notice
	}{
		"all are used":      {asked: []string{"a.io", "b.io", "x.c.io"}},
		"one is not":        {asked: []string{"a.io", "x.c.io"}, want: []string{"b.io", "Box"}},
		"more are not":      {asked: []string{"b.io"}, want: []string{"a.io", "1 more"}},
		"one that is none":  {asked: []string{"a.io", "b.io", "c.io"}, want: []string{"*.c.io"}},
		"nobody asked":      {want: []string{"a.io", "2 more"}},
		"the wildcard's is": {asked: []string{"a.io", "b.io", "*.c.io"}},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := certificates.New("Box", []v1alpha1.TLS{entry("a", "a.io", "b.io"), entry("c", "*.c.io")})
			for _, host := range tc.asked {
				c.SecretFor(host)
			}
			notices := c.Notices()
			if (len(notices) > 0) != (len(tc.want) > 0) || len(notices) > 1 {
				t.Fatalf("got %v", notices)
			}
			for _, part := range tc.want {
				if notices[0].Reason != certificates.ReasonUnusedTLSHost || !strings.Contains(notices[0].Message, part) {
					t.Errorf("%v lacks %q", notices[0], part)
				}
			}
		})
	}
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package linkerd_test

import (
	"testing"

	"github.com/meshingress/meshingress/internal/linkerd"
)

func TestPortsContain(t *testing.T) {
	for name, tc := range map[string]struct {
		list string
		port int32
		name string
		want bool
	}{
		"an empty list":                   {list: "", port: 80},
		"a number":                        {list: "80", port: 80, want: true},
		"another number":                  {list: "8080", port: 80},
		"a number among several":          {list: "25,80,443", port: 80, want: true},
		"spaces around":                   {list: "25, 80 ,443", port: 80, want: true},
		"a comma at the end":              {list: "80,", port: 80, want: true},
		"the first of a range":            {list: "80-90", port: 80, want: true},
		"the last of a range":             {list: "80-90", port: 90, want: true},
		"beside a range":                  {list: "80-90", port: 91},
		"a range of one":                  {list: "80-80", port: 80, want: true},
		"every port":                      {list: "0-65535", port: 65535, want: true},
		"a range that runs backwards":     {list: "90-80", port: 85},
		"a range that ends nowhere":       {list: "80-", port: 80},
		"a range of three":                {list: "70-80-90", port: 80},
		"a range beyond the last port":    {list: "1-65536", port: 80},
		"a negative number":               {list: "-80", port: 80},
		"a number with a letter":          {list: "80a", port: 80},
		"a number too great for anything": {list: "99999999999999999999", port: 80},
		"a name":                          {list: "25,mysql", port: 80, name: "mysql", want: true},
		"another name":                    {list: "mysql2", port: 80, name: "mysql"},
		"a name that looks like a range":  {list: "80-90x", port: 1, name: "80-90x", want: true},
		"no name":                         {list: ", ,", port: 80},
		"what cannot be read is passed":   {list: "x,-,80", port: 80, want: true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := linkerd.PortsContain(tc.list, tc.port, tc.name); got != tc.want {
				t.Errorf("%q holds %d or %q: %v", tc.list, tc.port, tc.name, got)
			}
		})
	}
}

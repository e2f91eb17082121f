// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package translate_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshingress/meshingress/api/v1alpha1"
)

func TestAuthorization(t *testing.T) {
	client := func(namespace, name, network string) v1alpha1.AuthorizedClient {
		c := v1alpha1.AuthorizedClient{Network: network}
		if namespace+name != "" {
			c.ServiceAccount = &v1alpha1.ObjectKey{Namespace: namespace, Name: name}
		}
		return c
	}
	for name, tc := range map[string]struct {
		policy v1alpha1.AuthorizationMode
		client v1alpha1.AuthorizedClient
		want   string
	}{
		"a ServiceAccount":          {client: client("jobs", "vote.bot", "")},
		"a network":                 {client: client("", "", "10.0.0.0/8")},
		"a network of IPv6":         {client: client("", "", "fd00::/8")},
		"no such policy":            {policy: "Deny", client: client("jobs", "vote", ""), want: "policy FieldValueNotSupported"},
		"nobody":                    {want: "clients[0] FieldValueRequired"},
		"both":                      {client: client("jobs", "vote", "10.0.0.0/8"), want: "clients[0] FieldValueRequired"},
		"an address":                {client: client("", "", "10.0.0.1"), want: "clients[0].network FieldValueInvalid"},
		"a network that is none":    {client: client("", "", "300.0.0.0/8"), want: "clients[0].network FieldValueInvalid"},
		"a prefix that is too long": {client: client("", "", "10.0.0.0/33"), want: "clients[0].network FieldValueInvalid"},
		"a namespace that is none":  {client: client("*", "vote", ""), want: "clients[0].serviceAccount.namespace FieldValueInvalid"},
		"a name that is none":       {client: client("jobs", "*", ""), want: "clients[0].serviceAccount.name FieldValueInvalid"},
	} {
		t.Run(name, func(t *testing.T) {
			s := tell()
			s.mi.Spec.Authorization = &v1alpha1.Authorization{
				Policy: v1alpha1.AuthorizationAudit, Clients: []v1alpha1.AuthorizedClient{tc.client},
			}
			if tc.policy != "" {
				s.mi.Spec.Authorization.Policy = tc.policy
			}
			result := s.end(t)
			if tc.want == "" {
				if !result.OK() {
					t.Errorf("refused: %v", result.Errors())
				}
				return
			}
			wantRejected(t, result, v1alpha1.ReasonInvalid)
			if diff := cmp.Diff([]string{"spec.authorization." + tc.want}, fields(result.Errors())); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
}

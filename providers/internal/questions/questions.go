// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package questions

import (
	"regexp"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/providers"
)

// URL has the full DNS name of the Service, by which a proxy asks its ClusterIP. There
// must be an Auth.
func URL(in providers.Input) string {
	return "http://" + in.Auth.Destination(in.ClusterDomain) + in.Auth.Path
}

// safe has no character that means something in the configuration of a proxy.
var safe = regexp.MustCompile(`^http://[a-z0-9.-]+:[0-9]+/[A-Za-z0-9/._~-]*$`)

// Check refuses a question that the proxy cannot ask: of a port that speaks HTTP/2 only,
// or at a URL with a character that could mean more than itself to the proxy or to the
// controller's parser.
func Check(in providers.Input, proxy string) field.ErrorList {
	switch {
	case in.Auth == nil:
		return nil
	case in.Auth.H2C:
		return field.ErrorList{field.Invalid(in.Auth.Field.Child("port"), in.Auth.Port,
			"speaks HTTP/2 only, and "+proxy+" asks over HTTP/1.1: name a port that speaks HTTP/1.1")}
	case !safe.MatchString(URL(in)):
		return field.ErrorList{field.Invalid(in.Auth.Field, URL(in),
			"must be a URL of plain names and a path of letters, digits and '/._~-'")}
	}
	return nil
}

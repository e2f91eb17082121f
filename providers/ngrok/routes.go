// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package ngrok

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/routes"
)

// expand writes routes out that ngrok would read otherwise. It makes expressions of
// them, req.url.path.startsWith('/foo') of a prefix, so that /foo takes /foobar too; and
// it tries Exact paths first, then the longest prefix (pkg/managerdriver/translator.go,
// irMatchCriteriaToTPExpressions; internal/ir/ir.go, SortRoutes).
//
// The default backend becomes a path of each host. There are no requests for other
// hosts, because ngrok listens on those that it is told; and spec.defaultBackend of an
// Ingress must be the same in every Ingress of a host
// (pkg/managerdriver/translate_ingresses.go, ingressToIR).
func expand(in providers.Input) providers.Input {
	in.Routes = routes.Expand(routes.WithDefault(in, routes.Hosts(in.Routes)...))
	in.Default = nil
	return in
}

func checkDefault(in providers.Input) field.ErrorList {
	if len(in.Routes) > 0 {
		return nil
	}
	return field.ErrorList{field.Required(field.NewPath("spec", "rules"),
		"ngrok serves hosts that are named only: add a rule with a host for the default backend")}
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package haproxy

import (
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/objects"
)

// conflict is an annotation of a Service that undoes what our Ingress says of it: a
// Service's annotations come first (pkg/service/service.go, New).
type conflict struct {
	name   string
	bad    func(value string) bool
	remedy string
	h2c    bool // only where the backend speaks HTTP/2
}

// conflicts begins with route-acl, which routes by a rule of its own, and with that
// leaves out the rules of the Ingress (pkg/ingress/ingress.go, handlePath;
// pkg/route/route.go, AddCustomRoute).
func conflicts() []conflict {
	set := func(value string) bool { return value != "" }
	return []conflict{
		{name: "route-acl", bad: set, remedy: "routes past request-set-header, so that a client chooses the Service"},
		{
			name: "server-ssl", bad: func(v string) bool { return v != "false" && v != "" },
			remedy: "hides the header from Linkerd, which encrypts by itself",
		},
		{name: "server-ca", bad: set, remedy: "turns TLS to the pods on, which hides the header from Linkerd"},
		{name: "server-crt", bad: set, remedy: "turns TLS to the pods on, which hides the header from Linkerd"},
		{name: "send-proxy-protocol", bad: set, remedy: "hides the request from Linkerd"},
		{name: "backend-config-snippet", bad: set, remedy: "may set headers, and turn TLS to the pods on"},
		{
			name: serverProto, h2c: true, bad: func(v string) bool { return v != "h2" },
			remedy: "contradicts the port's appProtocol",
		},
		{name: "cr-backend", bad: set, remedy: "replaces the annotations of the backend and may set headers"},
	}
}

// checkServices refuses backends whose Service has an annotation that wins over ours.
func checkServices(in providers.Input) field.ErrorList {
	var errs field.ErrorList
	for _, b := range in.AllBackends() {
		for _, c := range conflicts() {
			if (!c.h2c || b.H2C) && slices.ContainsFunc(values(annotationsOf(in, b), c.name), c.bad) {
				errs = append(errs, field.Invalid(b.Field.Child("name"), b.Service,
					"the Service's annotation "+c.name+" "+c.remedy+": remove it there"))
			}
		}
	}
	return errs
}

func annotationsOf(in providers.Input, b providers.Backend) map[string]string {
	svc := objects.Find(in.Objects, providers.KindService, b.Namespace, b.Service)
	if svc == nil {
		return nil
	}
	return svc.GetAnnotations()
}

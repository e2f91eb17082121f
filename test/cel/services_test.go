// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package cel_test

import (
	"fmt"
	"strings"

	"github.com/meshingress/meshingress/api/v1alpha1"
)

// servicePlaces are the parts of a MeshIngress that name a Service.
func servicePlaces() map[string]func(*v1alpha1.MeshIngress) *v1alpha1.ServiceBackend {
	return map[string]func(*v1alpha1.MeshIngress) *v1alpha1.ServiceBackend{
		"spec.rules[0].paths[0].backends[0].service": func(mi *v1alpha1.MeshIngress) *v1alpha1.ServiceBackend {
			return &mi.Spec.Rules[0].Paths[0].Backends[0].Service
		},
		"spec.defaultBackend.service": func(mi *v1alpha1.MeshIngress) *v1alpha1.ServiceBackend {
			return &mi.Spec.DefaultBackend.Service
		},
		"spec.externalAuth.service": func(mi *v1alpha1.MeshIngress) *v1alpha1.ServiceBackend {
			return &mi.Spec.ExternalAuth.Service
		},
	}
}

func serviceRejections() []rejection[*v1alpha1.MeshIngress] {
	type service = v1alpha1.ServiceBackend
	bad := []struct {
		name           string
		mutate         func(*service)
		field, message string
	}{
		{"a Service name in upper case", func(s *service) { s.Name = "Web" }, ".name", serviceName},
		{"a Service name that starts with a digit", func(s *service) { s.Name = "1web" }, ".name", serviceName},
		{"a Service name with a dot", func(s *service) { s.Name = "web.default" }, ".name", serviceName},
		{"a Service name with a newline", func(s *service) { s.Name = "web\n" }, ".name", serviceName},
		{"no Service name", func(s *service) { s.Name = "" }, ".name", "at least 1 chars long"},
		{"a Service name that is too long", func(s *service) { s.Name = strings.Repeat("a", 64) }, ".name", "Too long"},
		{"a namespace with a dot", func(s *service) { s.Namespace = "a.b" }, ".namespace", namespaceName},
		{"a namespace in upper case", func(s *service) { s.Namespace = "A" }, ".namespace", namespaceName},
		{"no port", func(s *service) { s.Port = v1alpha1.ServicePort{} }, ".port", oneOfPort},
		{"two ports", func(s *service) { s.Port = v1alpha1.ServicePort{Number: 80, Name: "http"} }, ".port", oneOfPort},
		{"a port name in upper case", func(s *service) { s.Port = v1alpha1.ServicePort{Name: "HTTP"} }, ".port.name", portName},
		{
			"a port name that is too long",
			func(s *service) { s.Port = v1alpha1.ServicePort{Name: strings.Repeat("a", 16)} }, ".port.name", "Too long",
		},
		{
			"a port number that is too high",
			func(s *service) { s.Port = v1alpha1.ServicePort{Number: 65536} }, ".port.number", "less than or equal to 65535",
		},
		{
			"a port number below 1",
			func(s *service) { s.Port = v1alpha1.ServicePort{Number: -1} }, ".port.number", "greater than or equal to 1",
		},
	}
	var cases []rejection[*v1alpha1.MeshIngress]
	for place, get := range servicePlaces() {
		for _, b := range bad {
			cases = append(cases, rejection[*v1alpha1.MeshIngress]{
				name:    fmt.Sprintf("%s at %s", b.name, place),
				mutate:  func(mi *v1alpha1.MeshIngress) { b.mutate(get(mi)) },
				field:   place + b.field,
				message: b.message,
			})
		}
	}
	return cases
}

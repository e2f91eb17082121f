// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package translate_test

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/test/builders"
)

func TestStickyHazards(t *testing.T) {
	annotations := []providers.StickyAnnotation{
		{Keys: []string{"a.example/cookie", "b.example/cookie"}},
		{Keys: []string{"a.example/affinity"}, Value: "cookie"},
	}
	service := func(change func(*corev1.Service)) *corev1.Service {
		svc := builders.Service("emojivoto", "web-svc", builders.ServicePort("http", 80))
		change(svc)
		return svc
	}
	annotated := func(key, value string) *corev1.Service {
		return service(func(s *corev1.Service) { s.Annotations = map[string]string{key: value} })
	}
	for name, tc := range map[string]struct {
		service *corev1.Service
		says    string
	}{
		"nothing":                {service: service(func(*corev1.Service) {})},
		"no affinity":            {service: service(func(s *corev1.Service) { s.Spec.SessionAffinity = corev1.ServiceAffinityNone })},
		"sessionAffinity":        {service: service(func(s *corev1.Service) { s.Spec.SessionAffinity = corev1.ServiceAffinityClientIP }), says: "spec.sessionAffinity"},
		"an annotation":          {service: annotated("a.example/cookie", "session"), says: "a.example/cookie"},
		"its second spelling":    {service: annotated("b.example/cookie", "session"), says: "b.example/cookie"},
		"it is empty":            {service: annotated("a.example/cookie", " ")},
		"the value that does it": {service: annotated("a.example/affinity", "Cookie "), says: "a.example/affinity"},
		"another value":          {service: annotated("a.example/affinity", "none")},
		"another vendor's":       {service: annotated("c.example/cookie", "session")},
	} {
		t.Run(name, func(t *testing.T) {
			s := tell(builders.WithRule("example.com", "/", "web-svc", 80), builders.WithDefaultBackend("web-svc", "http"))
			s.provider.description.Sticky = annotations
			s.has(tc.service)
			got := s.end(t).Hazards
			if tc.says == "" {
				if len(got) > 0 {
					t.Errorf("got %v", got)
				}
				return
			}
			if len(got) != 1 || got[0].Reason != v1alpha1.ReasonStickySessions || !strings.Contains(got[0].Message, tc.says) ||
				!strings.Contains(got[0].Message, "emojivoto/web-svc") {
				t.Errorf("got %v, want one about %s", got, tc.says)
			}
		})
	}
}

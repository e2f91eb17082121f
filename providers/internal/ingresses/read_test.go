// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package ingresses_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/ingresses"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

func TestDecodeTakesIngressesOnly(t *testing.T) {
	cases := map[string]struct {
		text string
		want bool
	}{
		"an Ingress":                    {"{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: web}}", true},
		"an Ingress of another version": {"{apiVersion: extensions/v1beta1, kind: Ingress, metadata: {name: web}}", false},
		"a Service":                     {"{apiVersion: v1, kind: Service, metadata: {name: web}}", false},
		"an Ingress in name only":       {"{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: web}, spec: no}", false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if _, ok := ingresses.Decode(story.Object(t, tc.text)); ok != tc.want {
				t.Errorf("ok = %t", ok)
			}
		})
	}
}

func TestOursAndOthersAreToldApart(t *testing.T) {
	const ingress = "apiVersion: networking.k8s.io/v1, kind: Ingress"
	in := providers.Input{Name: "web", Namespace: "default", Objects: []*unstructured.Unstructured{
		story.Object(t, "{"+ingress+", metadata: {name: a}}"),
		story.Object(t, "{"+ingress+", metadata: {name: b, annotations: {"+v1alpha1.OwnerAnnotation+": MeshIngress/default/web}}}"),
		story.Object(t, "{"+ingress+", metadata: {name: c, annotations: {"+v1alpha1.OwnerAnnotation+": MeshIngress/default/other}}}"),
		story.Object(t, "{apiVersion: v1, kind: Service, metadata: {name: d}}"),
	}}
	names := func(all []*networkingv1.Ingress) []string {
		var names []string
		for _, ing := range all {
			names = append(names, ing.Name)
		}
		return names
	}
	if diff := cmp.Diff([]string{"b"}, names(ingresses.Ours(in))); diff != "" {
		t.Errorf("ours (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"a", "c"}, names(ingresses.Others(in))); diff != "" {
		t.Errorf("others (-want +got):\n%s", diff)
	}
}

func TestServicesOfAnIngress(t *testing.T) {
	ing, ok := ingresses.Decode(story.Object(t, `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {namespace: default, name: web}
spec:
  defaultBackend: {service: {name: fallback, port: {number: 80}}}
  rules:
  - host: example.com
  - http:
      paths:
      - {path: /, backend: {service: {name: web, port: {number: 80}}}}
      - {path: /a, backend: {resource: {kind: Bucket, name: a}}}
      - {path: /b, backend: {service: {name: web, port: {name: http}}}}`))
	if !ok {
		t.Fatal("it is no Ingress")
	}
	var got []string
	for _, s := range ingresses.Services(ing) {
		got = append(got, s.Name+" "+s.Port.Name)
	}
	if diff := cmp.Diff([]string{"fallback ", "web ", "web http"}, got); diff != "" {
		t.Errorf("Services (-want +got):\n%s", diff)
	}
}

func TestPathsThatKubernetesRefuses(t *testing.T) {
	cases := map[string]struct {
		hosts, paths []string
		want         []field.ErrorType
	}{
		"plain":                    {[]string{"a"}, []string{"/a.b/..c/.d"}, nil},
		"two slashes":              {[]string{"a"}, []string{"/a//b"}, []field.ErrorType{field.ErrorTypeInvalid}},
		"a dot":                    {[]string{"a"}, []string{"/a/./b"}, []field.ErrorType{field.ErrorTypeInvalid}},
		"two dots at the end":      {[]string{"a"}, []string{"/a/.."}, []field.ErrorType{field.ErrorTypeInvalid}},
		"an encoded slash":         {[]string{"a"}, []string{"/a%2fb"}, []field.ErrorType{field.ErrorTypeInvalid}},
		"with and without a slash": {[]string{"a", "a"}, []string{"/a", "/a/"}, []field.ErrorType{field.ErrorTypeDuplicate}},
		"the same, of two hosts":   {[]string{"a", "b"}, []string{"/a", "/a/"}, nil},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var routes []providers.Route
			for i, path := range tc.paths {
				routes = append(routes, providers.Route{
					Host: tc.hosts[i], Path: path, PathType: v1alpha1.PathTypePrefix, Field: field.NewPath("spec"),
				})
			}
			var got []field.ErrorType
			for _, err := range ingresses.CheckPaths(routes) {
				got = append(got, err.Type)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
}

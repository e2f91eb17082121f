// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gce_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/meshingress/meshingress/providers/gce"
	"github.com/meshingress/meshingress/providers/providertest"
)

func FuzzTranslate(f *testing.F) { providertest.Fuzz(f, gce.New(), grammar) }

// grammar reads each object as the controller does (kubernetes/ingress-gce v1.41.1).
func grammar(obj *unstructured.Unstructured) []error {
	switch obj.GetKind() {
	case "Ingress":
		return checkIngress(obj)
	case "BackendConfig":
		return checkBackendConfig(obj)
	default:
		return checkAttachment(obj)
	}
}

// destination has nothing of a variable of Google Cloud, "{client_region}", and nothing
// that ends a header.
var destination = regexp.MustCompile(
	`^l5d-dst-override: ?[a-z][-a-z0-9]*\.[a-z0-9][-a-z0-9]*\.svc\.[-a-z0-9.]+:[1-9][0-9]*$`)

// checkIngress knows the wildcard of a URL map, and that a class in spec hides the one
// in the annotation (pkg/controller/translator/translator.go; pkg/utils/utils.go,
// IsGCEIngress).
func checkIngress(obj *unstructured.Unstructured) []error {
	var ing networkingv1.Ingress
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(obj.Object, &ing); err != nil {
		return []error{err}
	}
	var errs []error
	class := ing.Annotations["kubernetes.io/ingress.class"]
	if ing.Spec.IngressClassName != nil || (class != "gce" && class != "gce-internal") {
		errs = append(errs, fmt.Errorf("the class is %q, in the spec %v", class, ing.Spec.IngressClassName))
	}
	if value, ok := ing.Annotations[documented]; ok && !destination.MatchString(value) {
		errs = append(errs, fmt.Errorf("the documented annotation is %q", value))
	}
	for _, r := range ing.Spec.Rules {
		if strings.Contains(strings.TrimPrefix(r.Host, "*."), "*") {
			errs = append(errs, fmt.Errorf("the host is %q", r.Host))
		}
		for _, p := range r.HTTP.Paths {
			if !strings.HasPrefix(p.Path, "/") || strings.ContainsAny(p.Path, "*?#") {
				errs = append(errs, fmt.Errorf("the path is %q", p.Path))
			}
		}
	}
	return errs
}

// checkBackendConfig knows that a header is one string of name and value
// (pkg/backends/features/customrequestheaders.go).
func checkBackendConfig(obj *unstructured.Unstructured) []error {
	headers, _, err := unstructured.NestedStringSlice(obj.Object, "spec", "customRequestHeaders", "headers")
	if err != nil || len(headers) != 1 || !destination.MatchString(headers[0]) {
		return []error{fmt.Errorf("the headers are %q, %w", headers, err)}
	}
	return nil
}

// checkAttachment reads the annotation of a Service (pkg/annotations/service.go,
// BackendConfigs) and takes no other.
func checkAttachment(obj *unstructured.Unstructured) []error {
	var got struct{ Ports map[string]string }
	decoder := json.NewDecoder(bytes.NewReader([]byte(obj.GetAnnotations()["cloud.google.com/backend-config"])))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&got); err != nil || len(got.Ports) == 0 || len(obj.GetAnnotations()) != 1 || decoder.More() {
		return []error{fmt.Errorf("the annotations are %v, %w", obj.GetAnnotations(), err)}
	}
	var errs []error
	for port, name := range got.Ports {
		n, err := strconv.Atoi(port)
		if err != nil || len(validation.IsValidPortNum(n)) > 0 || len(validation.IsDNS1123Subdomain(name)) > 0 {
			errs = append(errs, fmt.Errorf("port %q has %q", port, name))
		}
	}
	return errs
}

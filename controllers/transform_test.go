// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshingress/meshingress/controllers/internal/watches"
	"github.com/meshingress/meshingress/providers/all"
)

// Certificates of webhooks are many, and nobody reads them here.
func TestTheCacheKeepsNoCertificates(t *testing.T) {
	registry, err := all.New()
	if err != nil {
		t.Fatal(err)
	}
	config := func(ca string) admissionv1.WebhookClientConfig {
		ref := &admissionv1.ServiceReference{Namespace: "infra", Name: "admission"}
		if ca == "" {
			return admissionv1.WebhookClientConfig{Service: ref}
		}
		return admissionv1.WebhookClientConfig{Service: ref, CABundle: []byte(ca)}
	}
	meta := metav1.ObjectMeta{Name: "x"}
	var got []any
	for kind, o := range cacheOptions(registry, watches.NewRefusals()).ByObject {
		var obj any
		switch kind.(type) {
		case *admissionv1.ValidatingWebhookConfiguration:
			obj = &admissionv1.ValidatingWebhookConfiguration{
				ObjectMeta: meta, Webhooks: []admissionv1.ValidatingWebhook{{Name: "a", ClientConfig: config("secret")}},
			}
		case *admissionv1.MutatingWebhookConfiguration:
			obj = &admissionv1.MutatingWebhookConfiguration{
				ObjectMeta: meta, Webhooks: []admissionv1.MutatingWebhook{{Name: "a", ClientConfig: config("secret")}},
			}
		default:
			continue
		}
		kept, err := o.Transform(obj)
		if err != nil {
			t.Fatal(err)
		}
		switch cfg := kept.(type) {
		case *admissionv1.ValidatingWebhookConfiguration:
			got = append(got, cfg.Name, cfg.Webhooks[0].ClientConfig)
		case *admissionv1.MutatingWebhookConfiguration:
			got = append(got, cfg.Name, cfg.Webhooks[0].ClientConfig)
		}
	}
	if diff := cmp.Diff([]any{"x", config(""), "x", config("")}, got); diff != "" {
		t.Error(diff)
	}
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package env

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/test/fixtures"
)

// startInjector serves the stand-in that WithInjector describes, and registers it
// as fixtures.LinkerdInjector says, but for its address.
func (e *Environment) startInjector(ctx context.Context) error {
	handler, err := admission.StandaloneWebhook(
		&webhook.Admission{Handler: admission.HandlerFunc(inject)}, admission.StandaloneOptions{})
	if err != nil {
		return fmt.Errorf("making the webhook: %w", err)
	}
	server := httptest.NewTLSServer(handler)
	e.onStop(func() error {
		server.Close()
		return nil
	})
	config, err := injectorConfiguration(server)
	if err != nil {
		return err
	}
	if err := e.Client.Create(ctx, config); err != nil {
		return fmt.Errorf("creating MutatingWebhookConfiguration %s: %w", config.Name, err)
	}
	return nil
}

func injectorConfiguration(server *httptest.Server) (*admissionregistrationv1.MutatingWebhookConfiguration, error) {
	objects, err := fixtures.Objects(fixtures.LinkerdInjector)
	if err != nil {
		return nil, err
	}
	config := &admissionregistrationv1.MutatingWebhookConfiguration{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(objects[0].Object, config); err != nil {
		return nil, fmt.Errorf("decoding fixture %s: %w", fixtures.LinkerdInjector, err)
	}
	if config.Name != linkerd.InjectorWebhookName || len(config.Webhooks) != 1 {
		return nil, fmt.Errorf("fixture %s is not the one webhook %s", fixtures.LinkerdInjector, linkerd.InjectorWebhookName)
	}
	// A pod without its proxy must fail the test that made it, not pass in
	// silence.
	fail := admissionregistrationv1.Fail
	config.Webhooks[0].FailurePolicy = &fail
	config.Webhooks[0].ClientConfig = admissionregistrationv1.WebhookClientConfig{
		URL:      &server.URL,
		CABundle: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}),
	}
	return config, nil
}

func inject(_ context.Context, request admission.Request) admission.Response {
	if request.Kind.Kind != "Pod" {
		return admission.Allowed("not a pod")
	}
	pod := &corev1.Pod{}
	if err := json.Unmarshal(request.Object.Raw, pod); err != nil {
		return admission.Errored(http.StatusBadRequest, fmt.Errorf("decoding the pod: %w", err))
	}
	proxy := corev1.Container{Name: linkerd.ProxyContainer, Image: "cr.l5d.io/linkerd/proxy:stand-in"}
	switch pod.Annotations[linkerd.InjectAnnotation] {
	case linkerd.InjectEnabled:
	case linkerd.InjectIngress:
		proxy.Env = []corev1.EnvVar{{Name: linkerd.IngressModeEnv, Value: "true"}}
	default:
		return admission.Allowed("not to be injected")
	}
	pod.Spec.Containers = append([]corev1.Container{proxy}, pod.Spec.Containers...)
	injected, err := json.Marshal(pod)
	if err != nil {
		return admission.Errored(http.StatusInternalServerError, fmt.Errorf("encoding the pod: %w", err))
	}
	return admission.PatchResponseFromRaw(request.Object.Raw, injected)
}

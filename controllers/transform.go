// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	toolscache "k8s.io/client-go/tools/cache"

	"github.com/meshingress/meshingress/internal/crdschema"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/providers"
)

// stripSchemas leaves of a CRD what says whether a kind, or a field that some vendor
// needs, is served.
func stripSchemas(needs []providers.Kind) toolscache.TransformFunc {
	fields := providers.NeededFields(needs)
	return func(obj any) (any, error) {
		crd, ok := obj.(*apiextensionsv1.CustomResourceDefinition)
		if !ok {
			return obj, nil
		}
		crd.ManagedFields = nil
		crd.Annotations = nil
		crdschema.Strip(crd, fields[crd.Name])
		return crd, nil
	}
}

// stripPod leaves of a pod what says whether its proxy is there, ready, and in
// which mode, of which template it is, and which of its ports the proxy
// sees and the kubelet probes.
func stripPod(obj any) (any, error) {
	pod, ok := obj.(*corev1.Pod)
	if !ok {
		return obj, nil
	}
	pod.ManagedFields = nil
	pod.Annotations = injection.Marks(pod.Annotations)
	pod.Spec = corev1.PodSpec{
		ServiceAccountName: pod.Spec.ServiceAccountName,
		Containers:         stripContainers(pod.Spec.Containers),
		InitContainers:     stripContainers(pod.Spec.InitContainers),
	}
	return pod, nil
}

// stripWebhooks leaves of a configuration of admission webhooks which Services the API
// server calls: not the certificates.
func stripWebhooks(obj any) (any, error) {
	switch cfg := obj.(type) {
	case *admissionv1.ValidatingWebhookConfiguration:
		cfg.ManagedFields, cfg.Annotations = nil, nil
		for i, w := range cfg.Webhooks {
			cfg.Webhooks[i] = admissionv1.ValidatingWebhook{
				Name: w.Name, ClientConfig: admissionv1.WebhookClientConfig{Service: w.ClientConfig.Service},
			}
		}
	case *admissionv1.MutatingWebhookConfiguration:
		cfg.ManagedFields, cfg.Annotations = nil, nil
		for i, w := range cfg.Webhooks {
			cfg.Webhooks[i] = admissionv1.MutatingWebhook{
				Name: w.Name, ClientConfig: admissionv1.WebhookClientConfig{Service: w.ClientConfig.Service},
			}
		}
	}
	return obj, nil
}

func stripContainers(containers []corev1.Container) []corev1.Container {
	var all []corev1.Container
	for _, c := range containers {
		kept := corev1.Container{
			Name: c.Name, Ports: c.Ports, RestartPolicy: c.RestartPolicy,
			LivenessProbe: c.LivenessProbe, ReadinessProbe: c.ReadinessProbe, StartupProbe: c.StartupProbe,
		}
		for _, env := range c.Env {
			if c.Name == linkerd.ProxyContainer && env.Name == linkerd.IngressModeEnv {
				kept.Env = append(kept.Env, env)
			}
		}
		all = append(all, kept)
	}
	return all
}

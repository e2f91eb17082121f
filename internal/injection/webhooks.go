// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package injection

import (
	"slices"

	admissionv1 "k8s.io/api/admissionregistration/v1"
)

// Webhook is a port of a Service that the API server calls for admission.
type Webhook struct {
	Namespace, Name string
	Port            int32
}

// defaultWebhookPort is that of a webhook that does not say one (k8s.io/api
// admissionregistration/v1 types.go v0.37.2, ServiceReference).
const defaultWebhookPort = 443

// ValidatingWebhooks are the Services of a ValidatingWebhookConfiguration.
func ValidatingWebhooks(cfg *admissionv1.ValidatingWebhookConfiguration) []Webhook {
	var found []Webhook
	for i := range cfg.Webhooks {
		found = appendWebhook(found, cfg.Webhooks[i].ClientConfig.Service)
	}
	return found
}

// MutatingWebhooks are the Services of a MutatingWebhookConfiguration.
func MutatingWebhooks(cfg *admissionv1.MutatingWebhookConfiguration) []Webhook {
	var found []Webhook
	for i := range cfg.Webhooks {
		found = appendWebhook(found, cfg.Webhooks[i].ClientConfig.Service)
	}
	return found
}

func appendWebhook(found []Webhook, ref *admissionv1.ServiceReference) []Webhook {
	if ref == nil {
		return found
	}
	hook := Webhook{Namespace: ref.Namespace, Name: ref.Name, Port: defaultWebhookPort}
	if ref.Port != nil {
		hook.Port = *ref.Port
	}
	if slices.Contains(found, hook) {
		return found
	}
	return append(found, hook)
}

// webhookPorts are the container ports that the API server calls, which has no proxy. A
// port that leads nowhere is left out: nobody can call it.
func webhookPorts(w Workload, c Cluster) []int32 {
	var ports []int32
	for _, svc := range c.Services {
		if svc.Namespace != w.Namespace || !selectsPods(svc, w) {
			continue
		}
		for _, p := range svc.Spec.Ports {
			number, ok := containerPort(w, p)
			if ok && isTCP(p.Protocol) && slices.Contains(c.Webhooks, Webhook{svc.Namespace, svc.Name, p.Port}) {
				ports = append(ports, number)
			}
		}
	}
	return ports
}

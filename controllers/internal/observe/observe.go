// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package observe

import (
	"context"
	"errors"
	"fmt"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/controllers/internal/watches"
	"github.com/meshingress/meshingress/internal/crdschema"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/providers"
)

// Served reads which of the kinds, and of their fields, are served, from the CRDs.
func Served(ctx context.Context, reader client.Reader, kinds []providers.Kind) (providers.Served, error) {
	served := providers.Served{}
	for _, k := range kinds {
		if k.BuiltIn {
			continue
		}
		var crd apiextensionsv1.CustomResourceDefinition
		err := reader.Get(ctx, client.ObjectKey{Name: k.CRDName()}, &crd)
		if client.IgnoreNotFound(err) != nil {
			return nil, fmt.Errorf("reading CustomResourceDefinition %s: %w", k.CRDName(), err)
		}
		if err == nil && Serves(&crd, k) {
			served[k] = true
		}
	}
	return served, nil
}

// Serves reports whether a CRD is established and serves a kind's version, with its
// field if there is one.
func Serves(crd *apiextensionsv1.CustomResourceDefinition, k providers.Kind) bool {
	if crd.DeletionTimestamp != nil {
		return false
	}
	established := false
	for _, c := range crd.Status.Conditions {
		if c.Type == apiextensionsv1.Established {
			established = c.Status == apiextensionsv1.ConditionTrue
		}
	}
	return established && crdschema.Serves(crd, k.Version, k.Field)
}

// Linkerd reads the Facts of the installation.
type Linkerd struct {
	// Reader of the control plane's ConfigMap and webhook.
	Reader client.Reader

	// Namespace of the control plane.
	Namespace string

	// Overrides win over what the installation says.
	Overrides Overrides
}

// Overrides are facts given by hand, for where they cannot be read.
type Overrides struct {
	// Version of the control plane. Where set, Linkerd is taken as installed, also
	// where its ConfigMap cannot be read.
	Version string

	// ClusterDomain of Linkerd.
	ClusterDomain string

	// TokenProjection of identity.serviceAccountTokenProjection.
	TokenProjection *bool
}

// UnreadableError means that Linkerd is there and what it says makes no sense.
type UnreadableError struct{ Err error }

// The remedy comes first: what makes no sense may be long, and messages are cut.
func (e *UnreadableError) Error() string {
	return "what Linkerd says of itself makes no sense, and what is in place stays until it is corrected there: " + e.Err.Error()
}

// Unwrap gives the cause.
func (e *UnreadableError) Unwrap() error { return e.Err }

// Facts returns what Linkerd says of itself, or defaults where it is not found. Where its
// version is given by hand, what it says may also be kept from the operator or make no
// sense; but what is only not there yet is waited for.
func (l Linkerd) Facts(ctx context.Context) (linkerd.Facts, error) {
	facts, err := l.config(ctx)
	if err != nil && (l.Overrides.Version == "" || errors.Is(err, watches.ErrNotSynced)) {
		return l.override(facts), err
	}
	facts.Injector, err = l.injector(ctx)
	return l.override(facts), err
}

func (l Linkerd) override(facts linkerd.Facts) linkerd.Facts {
	if l.Overrides.Version != "" {
		facts.Found, facts.Version = true, l.Overrides.Version
		facts.Namespace = l.Namespace
	}
	if l.Overrides.ClusterDomain != "" {
		facts.ClusterDomain = l.Overrides.ClusterDomain
	}
	if l.Overrides.TokenProjection != nil {
		facts.TokenProjection = *l.Overrides.TokenProjection
	}
	return facts
}

func (l Linkerd) config(ctx context.Context) (linkerd.Facts, error) {
	var cm corev1.ConfigMap
	err := l.Reader.Get(ctx, client.ObjectKey{Namespace: l.Namespace, Name: linkerd.ConfigMapName}, &cm)
	if apierrors.IsNotFound(err) {
		return linkerd.Unknown(), nil
	}
	if err != nil {
		return linkerd.Unknown(), fmt.Errorf("reading ConfigMap %s/%s: %w", l.Namespace, linkerd.ConfigMapName, err)
	}
	facts, err := linkerd.ReadConfig(&cm)
	if err != nil {
		return facts, &UnreadableError{err}
	}
	return facts, nil
}

// injector is nil where the injector's webhook is not installed.
func (l Linkerd) injector(ctx context.Context) (*linkerd.Injector, error) {
	var webhook admissionv1.MutatingWebhookConfiguration
	err := l.Reader.Get(ctx, client.ObjectKey{Name: linkerd.InjectorWebhookName}, &webhook)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading MutatingWebhookConfiguration %s: %w", linkerd.InjectorWebhookName, err)
	}
	injector, err := linkerd.ReadInjector(&webhook)
	if err != nil {
		return nil, &UnreadableError{err}
	}
	return injector, nil
}

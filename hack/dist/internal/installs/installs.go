// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package installs

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/env"
)

// Start starts a control plane, which the caller must Stop. It has the CRDs of the Prometheus
// Operator and some namespaces, but not the CRDs of the operator: installations bring them.
func Start(ctx context.Context, namespaces ...string) (*env.Environment, error) {
	e, err := env.Start(ctx, env.WithoutCRDs())
	if err != nil {
		return nil, err
	}
	if err := prepare(ctx, e, namespaces); err != nil {
		return nil, errors.Join(err, e.Stop())
	}
	return e, nil
}

func prepare(ctx context.Context, e *env.Environment, namespaces []string) error {
	_, err := envtest.InstallCRDs(e.Config, envtest.CRDInstallOptions{
		Paths:  []string{filepath.Join(e.Root(), "hack", "dist", "internal", "installs", "testdata")},
		Scheme: e.Scheme(), ErrorIfPathMissing: true,
	})
	if err != nil {
		return fmt.Errorf("installing the CRDs of the Prometheus Operator: %w", err)
	}
	for _, name := range namespaces {
		if err := e.Client.Create(ctx, builders.Namespace(name)); err != nil {
			return fmt.Errorf("creating Namespace %s: %w", name, err)
		}
	}
	return nil
}

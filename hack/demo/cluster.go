// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/test/crds"
	"github.com/meshingress/meshingress/test/env"
	"github.com/meshingress/meshingress/test/fixtures"
)

// rolloutTimeout is for pods to come, or to be replaced.
const rolloutTimeout = 2 * time.Minute

// installer is the field manager of what charts install.
const installer = "helm"

// startCluster starts the control plane, and installs what is there before the
// operator comes.
func (d *demo) startCluster(ctx context.Context) error {
	if err := checkDirectory(); err != nil {
		return err
	}
	var err error
	if d.dir, err = os.MkdirTemp("", "meshingress-demo-"); err != nil {
		return fmt.Errorf("making a directory: %w", err)
	}
	const parts = "etcd, kube-apiserver, kube-controller-manager and kwok"
	err = d.during("starting "+parts, parts+" run", func() (err error) {
		d.env, err = env.Start(ctx, env.WithControllerManager(), env.WithKwok(), env.WithInjector(),
			env.WithVendorCRDs(crds.Traefik, crds.Contour))
		return err
	})
	if err != nil {
		return err
	}
	d.holds("CRDs of MeshIngress, Traefik and Contour; Linkerd's injector webhook")
	installed := []struct{ name, text string }{
		{fixtures.Linkerd, "Linkerd's namespace and ConfigMap linkerd-config"},
		{fixtures.IngressNginx, "ingress-nginx: a Deployment and its Service"},
		{fixtures.Traefik, "Traefik: a Deployment and its Service"},
		{fixtures.Contour, "Contour: a Deployment, Envoy's DaemonSet and its Service"},
		{fixtures.Emojivoto, "emojivoto, the application behind them"},
	}
	for _, i := range installed {
		if err := d.install(ctx, i.name); err != nil {
			return err
		}
		d.holds(i.text)
	}
	return d.waitForWorkloads(ctx)
}

func checkDirectory() error {
	for _, path := range []string{managerBinary, samples} {
		if _, err := os.Stat(path); err != nil {
			return fmt.Errorf("%w: run this as `make demo`, in the root of the repository", err)
		}
	}
	return nil
}

func (d *demo) install(ctx context.Context, fixture string) error {
	objects, err := fixtures.Objects(fixture)
	if err != nil {
		return err
	}
	for _, object := range objects {
		body := client.ApplyConfigurationFromUnstructured(object)
		if err := d.env.Client.Apply(ctx, body, client.FieldOwner(installer)); err != nil {
			return fmt.Errorf("installing %s: %w", fixture, err)
		}
	}
	return nil
}

// waitForWorkloads waits until every pod of every workload runs, and none that a
// rollout has replaced.
func (d *demo) waitForWorkloads(ctx context.Context) error {
	all, _, err := d.workloads(ctx)
	if err != nil {
		return err
	}
	return d.wait(ctx, waiting{
		text:    fmt.Sprintf("%d workloads run all their pods", len(all)),
		timeout: rolloutTimeout,
		look: func(ctx context.Context) (string, bool, error) {
			_, running, err := d.workloads(ctx)
			state := fmt.Sprintf("waiting for %d workloads: %d ready", len(all), running)
			return state, running == len(all), err
		},
	})
}

// workloads lists the Deployments and DaemonSets of the cluster, and how many of
// them run all their pods.
func (d *demo) workloads(ctx context.Context) (all []injection.Workload, running int, err error) {
	var deployments appsv1.DeploymentList
	var daemonSets appsv1.DaemonSetList
	err = errors.Join(d.env.Client.List(ctx, &deployments), d.env.Client.List(ctx, &daemonSets))
	if err != nil {
		return nil, 0, fmt.Errorf("listing workloads: %w", err)
	}
	add := func(w injection.Workload, available int32) {
		all = append(all, w)
		if w.RolledOut && w.Desired > 0 && available == w.Desired {
			running++
		}
	}
	for i := range deployments.Items {
		add(injection.FromDeployment(&deployments.Items[i]), deployments.Items[i].Status.AvailableReplicas)
	}
	for i := range daemonSets.Items {
		add(injection.FromDaemonSet(&daemonSets.Items[i]), daemonSets.Items[i].Status.NumberAvailable)
	}
	injection.SortWorkloads(all)
	return all, running, nil
}

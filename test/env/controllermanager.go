// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package env

import (
	"context"
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// controllerNames are the controllers of kube-controller-manager that run.
func controllerNames() []string {
	return []string{
		"validatingadmissionpolicy-status-controller",
		"deployment-controller",
		"replicaset-controller",
		"daemonset-controller",
		"statefulset-controller",
		"garbage-collector-controller",
		"namespace-controller",
		"serviceaccount-controller",
		"endpointslice-controller",
		"clusterrole-aggregation-controller",
	}
}

// startControllerManager returns once the controllers run: the first thing that
// can be seen of them is the service account "default".
func (e *Environment) startControllerManager(ctx context.Context) error {
	signingKey := filepath.Join(e.plane.ControlPlane.APIServer.CertDir, "sa-signer.key")
	p, err := e.startProcess("kube-controller-manager",
		"--kubeconfig="+e.Kubeconfig(),
		"--controllers="+strings.Join(controllerNames(), ","),
		"--service-account-private-key-file="+signingKey,
		"--leader-elect=false",
		// No port, so that several suites can run at a time.
		"--secure-port=0",
		"--kube-api-qps=500",
		"--kube-api-burst=1000",
	)
	if err != nil {
		return err
	}
	e.controllerManager = true
	return p.WaitReady(ctx, func(ctx context.Context) (bool, error) {
		key := client.ObjectKey{Namespace: corev1.NamespaceDefault, Name: "default"}
		err := e.Client.Get(ctx, key, &corev1.ServiceAccount{})
		return err == nil, client.IgnoreNotFound(err)
	})
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers/all"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/crds"
	"github.com/meshingress/meshingress/test/env"
	"github.com/meshingress/meshingress/test/operator"
)

const (
	timeout = 10 * time.Minute

	// idle is how long the manager is watched when it has nothing to do.
	idle = 30 * time.Second
)

// scale is what is measured, and on how much.
type scale struct {
	manager                string
	routes, services, pods int
}

func main() {
	var s scale
	flag.StringVar(&s.manager, "manager", "bin/manager", "Path of the manager.")
	flag.IntVar(&s.routes, "routes", 100, "MeshIngresses.")
	flag.IntVar(&s.services, "services", 500, "Services beside those of the routes.")
	flag.IntVar(&s.pods, "pods", 2000, "Pods.")
	flag.Parse()
	if err := run(s); err != nil {
		fmt.Fprintln(os.Stderr, "footprint:", err)
		os.Exit(1)
	}
}

func run(s scale) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	e, err := env.Start(ctx, env.WithVendorCRDs(crds.All()...))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Stop()) }()
	if err := fill(ctx, e, s); err != nil {
		return err
	}
	manager, err := start(ctx, e, s.manager)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, manager.Process.Signal(os.Interrupt), manager.Wait()) }()
	return measure(ctx, e, s, manager.Process.Pid)
}

func measure(ctx context.Context, e *env.Environment, s scale, pid int) error {
	began := time.Now()
	if err := declare(ctx, e, s); err != nil {
		return err
	}
	if err := waitForRoutes(ctx, e, s.routes); err != nil {
		return err
	}
	took := time.Since(began)
	busy, err := processorTime(pid)
	if err != nil {
		return err
	}
	select {
	case <-time.After(idle):
	case <-ctx.Done():
		return ctx.Err()
	}
	after, err := processorTime(pid)
	if err != nil {
		return err
	}
	memory, err := memory(pid)
	if err != nil {
		return err
	}
	fmt.Printf("%d MeshIngresses, %d Services, %d pods, a class of each vendor\n", s.routes, s.services+1, s.pods)
	fmt.Printf("processor: %s in the %s until all was in place, then %s in %s with nothing to do\n",
		busy.Round(time.Millisecond), took.Round(time.Second), (after - busy).Round(time.Millisecond), idle)
	fmt.Printf("memory: %s\n", strings.Join(memory, ", "))
	return nil
}

// fill makes what else there is in a cluster.
func fill(ctx context.Context, e *env.Environment, s scale) error {
	if err := e.Client.Create(ctx, builders.Namespace("team")); err != nil {
		return fmt.Errorf("creating a Namespace: %w", err)
	}
	port := builders.ServicePort("http", 80)
	for i := range s.services {
		if err := e.Client.Create(ctx, builders.Service("team", "svc-"+strconv.Itoa(i), port)); err != nil {
			return fmt.Errorf("creating a Service: %w", err)
		}
	}
	if err := e.Client.Create(ctx, builders.Service("team", "web-svc", port)); err != nil {
		return fmt.Errorf("creating a Service: %w", err)
	}
	for i := range s.pods {
		pod := &corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "app:1"}}}}
		pod.Namespace, pod.Name = "team", "app-"+strconv.Itoa(i)
		if err := e.Client.Create(ctx, pod); err != nil {
			return fmt.Errorf("creating a pod: %w", err)
		}
	}
	return nil
}

// declare makes the classes and the MeshIngresses, which are of the first class that
// generates Ingresses.
func declare(ctx context.Context, e *env.Environment, s scale) error {
	registry, err := all.New()
	if err != nil {
		return err
	}
	for _, p := range registry.All() {
		vendor := p.Describe().Vendor
		class := builders.Class(strings.ToLower(string(vendor)), vendor)
		if vendor == v1alpha1.VendorGatewayAPI || vendor == v1alpha1.VendorEnvoyGateway {
			class.Spec.GatewayRef = &v1alpha1.GatewayReference{ObjectKey: v1alpha1.ObjectKey{Namespace: "team", Name: "gateway"}}
		}
		if err := e.Client.Create(ctx, class); err != nil {
			return fmt.Errorf("creating a MeshIngressClass: %w", err)
		}
	}
	for i := range s.routes {
		mi := builders.MeshIngress("web-"+strconv.Itoa(i), "team", builders.WithClass("traefik"),
			builders.WithRule("host-"+strconv.Itoa(i)+".example.com", "/", "web-svc", 80))
		if err := e.Client.Create(ctx, mi); err != nil {
			return fmt.Errorf("creating a MeshIngress: %w", err)
		}
	}
	return nil
}

func waitForRoutes(ctx context.Context, e *env.Environment, routes int) error {
	err := wait.PollUntilContextCancel(ctx, time.Second, true, func(ctx context.Context) (bool, error) {
		var list v1alpha1.MeshIngressList
		if err := e.Client.List(ctx, &list); err != nil {
			return false, err
		}
		programmed := 0
		for i := range list.Items {
			if meta.IsStatusConditionTrue(list.Items[i].Status.Conditions, v1alpha1.ConditionProgrammed) {
				programmed++
			}
		}
		return programmed == routes, nil
	})
	if err != nil {
		return fmt.Errorf("waiting for the routes: %w", err)
	}
	return nil
}

// start runs the manager as its ServiceAccount.
func start(ctx context.Context, e *env.Environment, manager string) (*exec.Cmd, error) {
	config, err := operator.Connect(ctx, e)
	if err != nil {
		return nil, err
	}
	kubeconfig := clientcmdapi.NewConfig()
	kubeconfig.Clusters["cluster"] = &clientcmdapi.Cluster{Server: config.Host, CertificateAuthorityData: config.CAData}
	kubeconfig.AuthInfos["manager"] = &clientcmdapi.AuthInfo{Token: config.BearerToken}
	kubeconfig.Contexts["manager"] = &clientcmdapi.Context{Cluster: "cluster", AuthInfo: "manager"}
	kubeconfig.CurrentContext = "manager"
	path := filepath.Join(filepath.Dir(e.Kubeconfig()), "manager.kubeconfig")
	if err := clientcmd.WriteToFile(*kubeconfig, path); err != nil {
		return nil, fmt.Errorf("writing the manager's kubeconfig: %w", err)
	}
	command := exec.Command(manager, "--leader-elect", "--leader-election-namespace="+operator.Namespace,
		"--metrics-bind-address=0", "--health-probe-bind-address=0")
	command.Env = append(os.Environ(), "KUBECONFIG="+path)
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("starting the manager: %w", err)
	}
	return command, nil
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strconv"

	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/meshingress/meshingress/controllers"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/internal/permissions"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/all"
)

// version is set by the linker.
var version = "dev"

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "manager:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	metricsAddress   string
	probeAddress     string
	leaderElect      bool
	leaderNamespace  string
	linkerdNamespace string
	linkerdVersion   string
	clusterDomain    string
	watchNamespaces  string
	tokenProjection  string
	printVersion     bool
	log              zap.Options
}

func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("manager", flag.ContinueOnError)
	flags.StringVar(&o.metricsAddress, "metrics-bind-address", ":8080", "Address of the Prometheus metrics; 0 turns them off.")
	flags.StringVar(&o.probeAddress, "health-probe-bind-address", ":8081", "Address of /healthz and /readyz.")
	flags.BoolVar(&o.leaderElect, "leader-elect", false, "Let one of several replicas work, by a Lease.")
	flags.StringVar(&o.leaderNamespace, "leader-election-namespace", "", "Namespace of the Lease. Default: the manager's own.")
	flags.StringVar(&o.linkerdNamespace, "linkerd-namespace", linkerd.DefaultNamespace, "Namespace of Linkerd's control plane.")
	flags.StringVar(&o.linkerdVersion, "linkerd-version", "",
		"Version of Linkerd, where its ConfigMap cannot be read. Linkerd is then taken as installed.")
	flags.StringVar(&o.clusterDomain, "cluster-domain", "", "Cluster domain. Default: what Linkerd was installed with.")
	flags.StringVar(&o.watchNamespaces, "watch-namespaces", "",
		"Namespaces to work in, as a,b: those of the routes, of their backends and of the ingress controllers. Default: all.")
	flags.StringVar(&o.tokenProjection, "linkerd-token-projection", "",
		"true or false: whether proxies get a projected token. Default: what Linkerd was installed with.")
	flags.BoolVar(&o.printVersion, "version", false, "Print the version and exit.")
	o.log.BindFlags(flags)
	if err := flags.Parse(args); err != nil {
		return o, fmt.Errorf("reading flags: %w", err)
	}
	return o, nil
}

func (o options) overrides() (controllers.Overrides, error) {
	overrides := controllers.Overrides{Version: o.linkerdVersion, ClusterDomain: o.clusterDomain}
	if err := linkerd.CheckClusterDomain(o.clusterDomain); o.clusterDomain != "" && err != nil {
		return overrides, fmt.Errorf("--cluster-domain: %w", err)
	}
	if o.tokenProjection == "" {
		return overrides, nil
	}
	on, err := strconv.ParseBool(o.tokenProjection)
	if err != nil {
		return overrides, fmt.Errorf("--linkerd-token-projection: %w", err)
	}
	overrides.TokenProjection = &on
	return overrides, nil
}

func run(args []string, stdout io.Writer) error {
	o, err := parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return nil // which parse has printed
	case err != nil:
		return err
	case o.printVersion:
		_, err := fmt.Fprintln(stdout, version)
		return err
	}
	logger := zap.New(zap.UseFlagOptions(&o.log))
	ctrl.SetLogger(logger)
	klog.SetLogger(logger) // of client-go, as where an event is refused
	ctx := ctrl.SetupSignalHandler()
	registry, err := all.New()
	if err != nil {
		return err
	}
	namespaces, err := controllers.ParseNamespaces(o.watchNamespaces)
	if err != nil {
		return fmt.Errorf("--watch-namespaces: %w", err)
	}
	mgr, err := newManager(ctx, o, registry, namespaces)
	if err != nil {
		return err
	}
	ctrl.Log.Info("Starting the manager", "version", version, "go", goVersion())
	if err := mgr.Start(ctx); err != nil {
		return fmt.Errorf("running the manager: %w", err)
	}
	return nil
}

func newManager(
	ctx context.Context, o options, registry *providers.Registry, namespaces controllers.Namespaces,
) (ctrl.Manager, error) {
	overrides, err := o.overrides()
	if err != nil {
		return nil, err
	}
	cfg, err := ctrl.GetConfig()
	if err != nil {
		return nil, fmt.Errorf("finding the cluster: %w", err)
	}
	mgr, err := controllers.NewManager(ctx, cfg, controllers.Options{
		Registry: registry, LinkerdNamespace: o.linkerdNamespace, Overrides: overrides,
		Namespaces: namespaces, Version: version,
	}, o.serve)
	if err != nil {
		return nil, err
	}
	if err := mgr.AddHealthzCheck("healthz", healthz.Ping); err != nil {
		return nil, fmt.Errorf("adding the health check: %w", err)
	}
	if err := mgr.AddReadyzCheck("readyz", healthz.Ping); err != nil {
		return nil, fmt.Errorf("adding the readiness check: %w", err)
	}
	return mgr, nil
}

// serve adds what the flags say of the process.
func (o options) serve(m *ctrl.Options) {
	m.Metrics = metricsserver.Options{BindAddress: o.metricsAddress}
	m.HealthProbeBindAddress = o.probeAddress
	m.LeaderElection = o.leaderElect
	m.LeaderElectionID = permissions.LeaseName
	m.LeaderElectionNamespace = o.leaderNamespace
	m.LeaderElectionReleaseOnCancel = true
}

func goVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.GoVersion
	}
	return "unknown"
}

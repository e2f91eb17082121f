// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package env

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/meshingress/meshingress/api/v1alpha1"
)

// The limits on waiting. They are far above what is needed on an idle machine,
// because suites share their cores with other suites and with compilers.
const (
	startTimeout = 2 * time.Minute
	stopTimeout  = time.Minute

	// readyTimeout is for what the control plane does by itself: serving a CRD,
	// making a Node ready.
	readyTimeout = time.Minute
	pollInterval = 50 * time.Millisecond
)

// serviceRange has room for the Services of a large suite; envtest's own holds
// 254.
const serviceRange = "10.96.0.0/16"

// advertised is what the Service "kubernetes" leads to, an address of documentation
// (RFC 5737). Without one kube-apiserver looks for the address of the default route, and
// ends where there is none.
const advertised = "192.0.2.1"

// Environment is a running control plane. Its methods may be called from several
// goroutines, except Stop.
type Environment struct {
	// Config is that of a member of system:masters, without rate limits that a
	// test would notice. Copy it (rest.CopyConfig) before changing it.
	Config *rest.Config

	// Client reads and writes without a cache, as the user of Config. It knows the
	// kinds of Scheme; those of a vendor are read as unstructured.
	Client client.Client

	plane    *envtest.Environment
	scheme   *runtime.Scheme
	assets   string
	root     string
	dir      string
	stoppers []func() error

	controllerManager bool // kube-controller-manager runs

	definitionChanges atomic.Int64
}

// Option changes what Start starts.
type Option func(*options)

type options struct {
	withoutCRDs       bool
	vendorCRDs        []string
	controllerManager bool
	kwok              bool
	injector          bool
	withoutWatchCache bool
}

// WithoutCRDs leaves the operator's own CRDs out, for a test that installs them.
func WithoutCRDs() Option {
	return func(o *options) { o.withoutCRDs = true }
}

// WithVendorCRDs installs the CRDs of vendors of test/crds (crds.Traefik, …).
func WithVendorCRDs(vendors ...string) Option {
	return func(o *options) { o.vendorCRDs = append(o.vendorCRDs, vendors...) }
}

// WithoutWatchCache lets the API server answer from etcd, for a suite that lists much.
// Before it answers from its own cache it waits up to 100 ms, until that is known to be as
// new as etcd (k8s.io/apiserver pkg/storage/cacher/progress/watch_progress.go v0.36.3).
func WithoutWatchCache() Option {
	return func(o *options) { o.withoutWatchCache = true }
}

// WithControllerManager runs kube-controller-manager with the controllers that
// make pods of workloads, collect garbage, empty Namespaces, make their default
// service account, fill EndpointSlices and aggregate ClusterRoles. Its binary comes from
// `go run ./hack/envtest -demo`.
func WithControllerManager() Option {
	return func(o *options) { o.controllerManager = true }
}

// WithKwok adds the Node NodeName, puts every pod onto it, and lets kwok report
// all of them as running. Its binary comes from `go run ./hack/envtest -demo`.
func WithKwok() Option {
	return func(o *options) { o.kwok = true }
}

// WithInjector registers a stand-in for Linkerd's proxy injector under the name
// and with the selectors of the real one. It runs in this process, and is not
// Linkerd's: to a pod whose own annotation linkerd.io/inject is enabled or
// ingress it adds a container linkerd-proxy, with LINKERD2_PROXY_INGRESS_MODE
// "true" in ingress mode, and nothing else. It takes no notice of annotations on
// Namespaces, of other annotations, or of Services.
func WithInjector() Option {
	return func(o *options) { o.injector = true }
}

// Start starts a control plane with the operator's CRDs, which the caller must
// Stop. Its binaries are those of KUBEBUILDER_ASSETS, else of bin/k8s below the
// root of the module. ctx limits the start; what was started outlives it. When
// Start fails nothing is left running.
func Start(ctx context.Context, opts ...Option) (*Environment, error) {
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	e := &Environment{}
	if err := e.start(ctx, o); err != nil {
		return nil, errors.Join(err, e.Stop())
	}
	return e, nil
}

func (e *Environment) start(ctx context.Context, o options) error {
	if err := e.locate(o); err != nil {
		return err
	}
	if err := e.startControlPlane(o); err != nil {
		return err
	}
	steps := []struct {
		name string
		want bool
		run  func(context.Context) error
	}{
		{"installing the CRDs of vendors", len(o.vendorCRDs) > 0, func(ctx context.Context) error {
			return e.InstallCRDs(ctx, o.vendorCRDs...)
		}},
		{"starting the injector", o.injector, e.startInjector},
		{"starting kwok", o.kwok, e.startKwok},
		{"starting kube-controller-manager", o.controllerManager, e.startControllerManager},
	}
	for _, step := range steps {
		if !step.want {
			continue
		}
		if err := step.run(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}

// locate finds the module and the binaries, and makes the scheme.
func (e *Environment) locate(o options) error {
	var err error
	if e.root, err = moduleRoot(); err != nil {
		return err
	}
	if e.assets, err = findAssets(e.root, o); err != nil {
		return err
	}
	e.scheme, err = newScheme()
	return err
}

func (e *Environment) startControlPlane(o options) error {
	e.plane = &envtest.Environment{
		Scheme:                   e.scheme,
		BinaryAssetsDirectory:    e.assets,
		ErrorIfCRDPathMissing:    true,
		ControlPlaneStartTimeout: startTimeout,
		ControlPlaneStopTimeout:  stopTimeout,
	}
	if !o.withoutCRDs {
		e.plane.CRDDirectoryPaths = []string{filepath.Join(e.root, "config", "crd", "bases")}
	}
	e.plane.CRDInstallOptions.MaxTime = readyTimeout
	e.plane.ControlPlane.GetAPIServer().Configure().
		Set("service-cluster-ip-range", serviceRange).
		Set("advertise-address", advertised)
	if o.withoutWatchCache {
		e.plane.ControlPlane.GetAPIServer().Configure().Set("watch-cache", "false")
	}

	config, err := e.plane.Start()
	if err != nil {
		return fmt.Errorf("starting etcd and kube-apiserver of %s: %w", e.assets, err)
	}
	e.Config = config
	e.countDefinitionChanges()
	if e.Client, err = client.New(config, client.Options{Scheme: e.scheme}); err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	return e.writeKubeconfig()
}

func (e *Environment) writeKubeconfig() error {
	dir, err := os.MkdirTemp("", "meshingress-env-")
	if err != nil {
		return fmt.Errorf("making a directory for the kubeconfig: %w", err)
	}
	e.dir = dir
	if err := os.WriteFile(e.Kubeconfig(), e.plane.KubeConfig, 0o600); err != nil {
		return fmt.Errorf("writing the kubeconfig: %w", err)
	}
	return nil
}

// Scheme has the kinds of Kubernetes, of CustomResourceDefinitions and of the
// operator. It belongs to this environment, so a suite may add to it before it
// makes clients.
func (e *Environment) Scheme() *runtime.Scheme { return e.scheme }

// Kubeconfig is the path of a kubeconfig of the user of Config, for kubectl and
// other processes. It goes with Stop.
func (e *Environment) Kubeconfig() string { return filepath.Join(e.dir, "kubeconfig") }

// Root is the directory of the operator's module.
func (e *Environment) Root() string { return e.root }

// Binary is the path of a binary of the control plane, such as "kubectl".
func (e *Environment) Binary(name string) string { return findBinary(e.root, e.assets, name) }

// Stop stops everything, in the reverse order of the start. It may be called
// again, and on an environment that failed to start.
func (e *Environment) Stop() error {
	var errs []error
	for len(e.stoppers) > 0 {
		last := len(e.stoppers) - 1
		errs = append(errs, e.stoppers[last]())
		e.stoppers = e.stoppers[:last]
	}
	// envtest stops kube-apiserver before etcd; the other way round
	// kube-apiserver's shutdown hangs for minutes.
	if e.plane != nil {
		errs = append(errs, e.plane.Stop())
		e.plane = nil
	}
	if e.dir != "" {
		errs = append(errs, os.RemoveAll(e.dir))
	}
	return errors.Join(errs...)
}

func (e *Environment) onStop(stop func() error) { e.stoppers = append(e.stoppers, stop) }

func newScheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	add := runtime.NewSchemeBuilder(clientgoscheme.AddToScheme, apiextensionsv1.AddToScheme, v1alpha1.AddToScheme)
	if err := add.AddToScheme(scheme); err != nil {
		return nil, fmt.Errorf("making the scheme: %w", err)
	}
	return scheme, nil
}

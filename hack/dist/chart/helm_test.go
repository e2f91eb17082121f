// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package chart_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/kube"
	"k8s.io/cli-runtime/pkg/genericclioptions"
)

// configuration is that of a helm command: the releases are Secrets in the cluster.
func configuration() *action.Configuration {
	GinkgoHelper()
	flags := genericclioptions.NewConfigFlags(false)
	kubeconfig, ns := testEnv.Kubeconfig(), namespace
	flags.KubeConfig, flags.Namespace = &kubeconfig, &ns
	config := action.NewConfiguration()
	Expect(config.Init(flags, namespace, "secret")).To(Succeed())
	return config
}

// helmInstall is `helm install`. The release goes at the end of the spec.
func helmInstall(ctx context.Context, dir, name, content string, options ...func(*action.Install)) error {
	GinkgoHelper()
	loaded, err := loader.LoadDir(dir)
	Expect(err).NotTo(HaveOccurred())
	install := action.NewInstall(configuration())
	install.ReleaseName, install.Namespace = name, namespace
	install.WaitStrategy = kube.HookOnlyStrategy
	for _, set := range options {
		set(install)
	}
	DeferCleanup(helmUninstall, name)
	_, err = install.RunWithContext(ctx, loaded, values(content))
	return err
}

// takingOver is --take-ownership --force-conflicts.
func takingOver(i *action.Install) { i.TakeOwnership, i.ForceConflicts = true, true }

// helmUpgrade is `helm upgrade`.
func helmUpgrade(ctx context.Context, dir, content string) {
	GinkgoHelper()
	loaded, err := loader.LoadDir(dir)
	Expect(err).NotTo(HaveOccurred())
	upgrade := action.NewUpgrade(configuration())
	upgrade.Namespace, upgrade.WaitStrategy = namespace, kube.HookOnlyStrategy
	_, err = upgrade.RunWithContext(ctx, release, loaded, values(content))
	Expect(err).NotTo(HaveOccurred())
}

// helmUninstall is `helm uninstall --ignore-not-found`.
func helmUninstall(name string) {
	GinkgoHelper()
	uninstall := action.NewUninstall(configuration())
	uninstall.WaitStrategy, uninstall.IgnoreNotFound = kube.HookOnlyStrategy, true
	_, err := uninstall.Run(name)
	Expect(err).NotTo(HaveOccurred())
}

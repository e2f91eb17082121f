// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build olm

package olm_test

import (
	"context"
	"net"
	"os/exec"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	olmcrds "github.com/operator-framework/api/crds"
	operatorsv1 "github.com/operator-framework/api/pkg/operators/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/env"
)

// olmNamespace is where OLM runs, and where the catalogs are that all Namespaces see.
const olmNamespace = "olm"

// startOLM installs what OLM's own chart does, but for its pods: these run as processes.
func startOLM(ctx context.Context) {
	GinkgoHelper()
	for _, crd := range []*apiextensionsv1.CustomResourceDefinition{
		olmcrds.CatalogSource(), olmcrds.ClusterServiceVersion(), olmcrds.InstallPlan(), olmcrds.OLMConfig(),
		olmcrds.Operator(), olmcrds.OperatorCondition(), olmcrds.OperatorGroup(), olmcrds.Subscription(),
	} {
		Expect(c.Create(ctx, crd)).To(Succeed(), crd.Name)
	}
	Expect(c.Create(ctx, builders.Namespace(olmNamespace))).To(Succeed())
	Eventually(ctx, func() error {
		return c.Create(ctx, &operatorsv1.OLMConfig{ObjectMeta: metav1.ObjectMeta{Name: "cluster"}})
	}).Should(Succeed())

	olm := exec.Command(root+"/bin/olm", "--namespace="+olmNamespace)
	olm.Env = append(olm.Environ(), "KUBECONFIG="+cluster.Kubeconfig()) // it has no flag for that
	start(olm)
	start(exec.Command(root+"/bin/catalog", "--namespace="+olmNamespace, "--kubeconfig="+cluster.Kubeconfig()))
}

// start runs a program until the end of the node that starts it.
func start(command *exec.Cmd) *env.Process {
	GinkgoHelper()
	p, err := env.StartProcess(command, filepath.Join(work, filepath.Base(command.Path)+".log"))
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(p.Stop)
	return p
}

// expectListening waits until a process listens on an address.
func expectListening(ctx context.Context, p *env.Process, address string) {
	GinkgoHelper()
	Expect(p.WaitReady(ctx, func(ctx context.Context) (bool, error) {
		connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err != nil {
			return false, nil //nolint:nilerr // not yet is no error
		}
		return true, connection.Close()
	})).To(Succeed())
}

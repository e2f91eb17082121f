// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build olm

package olm_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/test/env"
)

// deploymentName is that of the manager's Deployment.
const deploymentName = "meshingress-controller-manager"

// credentials is where a pod finds the token of its ServiceAccount. TestMain has made the
// directory above it private to this suite.
const credentials = "/var/run/secrets/kubernetes.io/serviceaccount"

// metricsAddress is another than the manager's own, on which OLM listens.
const metricsAddress = "127.0.0.1:18080"

// deployment is the manager's, as OLM made it.
func deployment(ctx context.Context) *appsv1.Deployment {
	GinkgoHelper()
	d := &appsv1.Deployment{}
	Expect(c.Get(ctx, client.ObjectKey{Namespace: namespace, Name: deploymentName}, d)).To(Succeed())
	Expect(d.Spec.Template.Spec.Containers).To(HaveLen(1))
	return d
}

// startManager runs a manager's binary as its pod would: with the arguments, the environment
// and the ServiceAccount of the Deployment that OLM made.
func startManager(ctx context.Context, binary string) *env.Process {
	GinkgoHelper()
	pod := deployment(ctx).Spec.Template.Spec
	container := pod.Containers[0]
	Expect(container.Command).To(Equal([]string{"/manager"}))
	mountCredentials(ctx, pod.ServiceAccountName)

	command := exec.Command(filepath.Join(work, binary), append(container.Args, "--metrics-bind-address="+metricsAddress)...)
	command.Env = environment(container)
	p := start(command)
	Expect(p.WaitReady(ctx, isReady(container))).To(Succeed())
	return p
}

// mountCredentials writes what a kubelet mounts.
func mountCredentials(ctx context.Context, account string) {
	GinkgoHelper()
	config, err := cluster.ServiceAccountConfig(ctx, namespace, account)
	Expect(err).NotTo(HaveOccurred())
	Expect(os.MkdirAll(credentials, 0o755)).To(Succeed())
	for name, content := range map[string][]byte{
		"token": []byte(config.BearerToken), "ca.crt": config.CAData, "namespace": []byte(namespace),
	} {
		Expect(os.WriteFile(filepath.Join(credentials, name), content, 0o600)).To(Succeed())
	}
}

// environment is the container's, with what a kubelet adds.
func environment(container corev1.Container) []string {
	GinkgoHelper()
	host, port, err := net.SplitHostPort(cluster.Config.Host)
	if err != nil {
		var server *url.URL
		server, err = url.Parse(cluster.Config.Host)
		Expect(err).NotTo(HaveOccurred())
		host, port = server.Hostname(), server.Port()
	}
	all := []string{"KUBERNETES_SERVICE_HOST=" + host, "KUBERNETES_SERVICE_PORT=" + port}
	Expect(container.EnvFrom).To(BeEmpty())
	for _, variable := range container.Env {
		value := variable.Value
		if from := variable.ValueFrom; from != nil {
			Expect(from.FieldRef).NotTo(BeNil(), "%s comes from where this suite cannot look", variable.Name)
			Expect(from.FieldRef.FieldPath).To(Equal("metadata.namespace"), variable.Name)
			value = namespace
		}
		all = append(all, variable.Name+"="+value)
	}
	return all
}

// isReady asks the container's readiness probe.
func isReady(container corev1.Container) func(context.Context) (bool, error) {
	GinkgoHelper()
	probe := container.ReadinessProbe.HTTPGet
	port := probe.Port.IntValue()
	for _, named := range container.Ports {
		if named.Name == probe.Port.StrVal {
			port = int(named.ContainerPort)
		}
	}
	address := fmt.Sprintf("http://127.0.0.1:%d%s", port, probe.Path)
	return func(ctx context.Context) (bool, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return false, err
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return false, nil //nolint:nilerr // not yet is no error
		}
		return response.StatusCode == http.StatusOK, response.Body.Close()
	}
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

const (
	managerBinary = "bin/manager"
	managerLog    = "bin/demo-manager.log"

	// operatorNamespace and operatorAccount are those of config/rbac.
	operatorNamespace = "meshingress-system"
	operatorAccount   = "meshingress-controller-manager"

	operatorStartTimeout = time.Minute
	operatorStopTimeout  = 30 * time.Second

	// tailLines is how much of the log is printed after a failure.
	tailLines = 20
)

// operator is the process of the manager.
type operator struct {
	command *exec.Cmd
	logPath string

	// metrics and probes are addresses, as host:port.
	metrics, probes string

	exited chan struct{}
}

// startOperator starts the manager with the permissions of its ServiceAccount, and
// remembers what the cluster looks like before it has anything to do.
func (d *demo) startOperator(ctx context.Context) error {
	if err := d.env.InstallRBAC(ctx); err != nil {
		return err
	}
	d.holds("config/rbac: a ServiceAccount and what it may do")
	kubeconfig, err := d.operatorKubeconfig(ctx)
	if err != nil {
		return err
	}
	if d.operator, err = newOperator(kubeconfig); err != nil {
		return err
	}
	d.command(d.operator.command.Args...)
	if err := d.operator.start(); err != nil {
		return err
	}
	d.say("  as ServiceAccount "+operatorNamespace+"/"+operatorAccount, "  log: "+d.operator.logPath, "")
	err = d.wait(ctx, waiting{text: "it is ready", timeout: operatorStartTimeout, look: d.operator.ready})
	if err != nil {
		return err
	}
	return d.takeSnapshot(ctx)
}

// operatorKubeconfig writes a kubeconfig with the operator's own credentials.
func (d *demo) operatorKubeconfig(ctx context.Context) (string, error) {
	if err := d.writeToken(ctx); err != nil {
		return "", err
	}
	config := clientcmdapi.NewConfig()
	config.Clusters["demo"] = &clientcmdapi.Cluster{
		Server: d.env.Config.Host, CertificateAuthorityData: d.env.Config.CAData,
	}
	config.AuthInfos["operator"] = &clientcmdapi.AuthInfo{TokenFile: d.tokenPath()}
	config.Contexts["operator"] = &clientcmdapi.Context{Cluster: "demo", AuthInfo: "operator"}
	config.CurrentContext = "operator"
	path := filepath.Join(d.dir, "operator.kubeconfig")
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		return "", fmt.Errorf("writing the operator's kubeconfig: %w", err)
	}
	return path, nil
}

// writeToken writes a new token, which lasts an hour, where the operator reads it
// again every minute.
func (d *demo) writeToken(ctx context.Context) error {
	config, err := d.env.ServiceAccountConfig(ctx, operatorNamespace, operatorAccount)
	if err != nil {
		return err
	}
	temporary := d.tokenPath() + ".new"
	if err := os.WriteFile(temporary, []byte(config.BearerToken), 0o600); err != nil {
		return fmt.Errorf("writing the operator's token: %w", err)
	}
	return os.Rename(temporary, d.tokenPath())
}

func (d *demo) tokenPath() string { return filepath.Join(d.dir, "token") }

func newOperator(kubeconfig string) (*operator, error) {
	ports, err := freePorts(2)
	if err != nil {
		return nil, err
	}
	o := &operator{logPath: managerLog, metrics: ports[0], probes: ports[1], exited: make(chan struct{})}
	o.command = exec.Command(managerBinary, "--leader-elect", "--leader-election-namespace="+operatorNamespace,
		"--metrics-bind-address="+o.metrics, "--health-probe-bind-address="+o.probes)
	o.command.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig)
	// A group of its own, so that Ctrl-C in a terminal leaves its end to stop.
	o.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return o, nil
}

// freePorts returns addresses on which nothing listens. All are open at a time, so
// that none is given twice.
func freePorts(n int) ([]string, error) {
	var addresses []string
	for range n {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("looking for a free port: %w", err)
		}
		defer listener.Close()
		addresses = append(addresses, listener.Addr().String())
	}
	return addresses, nil
}

func (o *operator) start() error {
	log, err := os.Create(o.logPath)
	if err != nil {
		return fmt.Errorf("making the operator's log: %w", err)
	}
	defer log.Close()
	o.command.Stdout, o.command.Stderr = log, log
	if err := o.command.Start(); err != nil {
		return fmt.Errorf("starting the operator: %w", err)
	}
	go func() {
		defer close(o.exited)
		_ = o.command.Wait() // how it ended is in its ProcessState
	}()
	return nil
}

// alive is an error once the process has ended.
func (o *operator) alive() error {
	select {
	case <-o.exited:
		return fmt.Errorf("the operator ended by itself: %s", o.command.ProcessState)
	default:
		return nil
	}
}

// ready asks the readiness probe.
func (o *operator) ready(ctx context.Context) (string, bool, error) {
	const state = "waiting for its readiness probe"
	if err := o.alive(); err != nil {
		return state, false, err
	}
	if _, err := get(ctx, "http://"+o.probes+"/readyz"); err != nil {
		return state, false, nil //nolint:nilerr // not yet is no error
	}
	return state, true, nil
}

// stop asks the process to end, and kills it when it does not. Asking again is of
// no consequence.
func (o *operator) stop() (time.Duration, error) {
	if o.command.Process == nil {
		return 0, nil
	}
	start := time.Now()
	_ = o.command.Process.Signal(syscall.SIGTERM) // it may have ended
	select {
	case <-o.exited:
	case <-time.After(operatorStopTimeout):
		_ = o.command.Process.Kill()
		<-o.exited
		return 0, fmt.Errorf("the operator did not stop within %s and was killed", operatorStopTimeout)
	}
	if !o.command.ProcessState.Success() {
		return 0, fmt.Errorf("the operator ended with %s", o.command.ProcessState)
	}
	return time.Since(start), nil
}

func (o *operator) tail() string {
	output, err := os.ReadFile(o.logPath)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(output)), "\n")
	return strings.Join(lines[max(0, len(lines)-tailLines):], "\n")
}

func get(ctx context.Context, url string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(response.Body); err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", url, response.Status)
	}
	return body.Bytes(), nil
}

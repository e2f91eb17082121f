// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package env

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

// logTail is how much of a process's output goes into an error.
const logTail = 4 << 10

// process is a running binary of the control plane.
type process struct {
	name    string
	command *exec.Cmd
	logPath string
	exited  chan struct{}
}

// startProcess starts a binary; Stop stops it.
func (e *Environment) startProcess(name string, args ...string) (*process, error) {
	p := &process{name: name, logPath: filepath.Join(e.dir, name+".log"), exited: make(chan struct{})}
	log, err := os.Create(p.logPath)
	if err != nil {
		return nil, fmt.Errorf("making the log of %s: %w", name, err)
	}
	defer log.Close()

	p.command = exec.Command(e.Binary(name), args...)
	p.command.Stdout, p.command.Stderr = log, log
	// A group of its own, so that Ctrl-C in a terminal leaves the order of the
	// shutdown to Stop.
	p.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.command.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	go func() {
		defer close(p.exited)
		_ = p.command.Wait() // how it ended is in its ProcessState
	}()
	e.onStop(p.stop)
	return p, nil
}

// waitReady polls until ready says so. It fails when the process ends before, or
// after readyTimeout, with the end of the process's output.
func (p *process) waitReady(ctx context.Context, ready func(context.Context) (bool, error)) error {
	err := wait.PollUntilContextTimeout(ctx, pollInterval, readyTimeout, true, func(ctx context.Context) (bool, error) {
		select {
		case <-p.exited:
			return false, fmt.Errorf("it ended: %s", p.command.ProcessState)
		default:
			return ready(ctx)
		}
	})
	if err != nil {
		return fmt.Errorf("waiting for %s: %w\n%s", p.name, err, p.tail())
	}
	return nil
}

func (p *process) tail() []byte {
	output, err := os.ReadFile(p.logPath)
	if err != nil {
		return []byte(err.Error())
	}
	return output[max(0, len(output)-logTail):]
}

// stop asks the process to end, and kills it when it does not.
func (p *process) stop() error {
	select {
	case <-p.exited:
		return fmt.Errorf("%s had ended before it was stopped: %s\n%s", p.name, p.command.ProcessState, p.tail())
	default:
	}
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stopping %s: %w", p.name, err)
	}
	select {
	case <-p.exited:
		return nil
	case <-time.After(stopTimeout):
	}
	if err := p.command.Process.Kill(); err != nil {
		return fmt.Errorf("killing %s: %w", p.name, err)
	}
	<-p.exited
	return fmt.Errorf("%s did not stop within %s and was killed", p.name, stopTimeout)
}

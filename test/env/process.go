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

// Process is a running program. Its methods may be called from several goroutines,
// except Stop.
type Process struct {
	name    string
	command *exec.Cmd
	logPath string
	exited  chan struct{}
	stopped bool
}

// StartProcess starts a program, which the caller must Stop. Its output goes into the file
// log, of which errors show the end.
func StartProcess(command *exec.Cmd, log string) (*Process, error) {
	p := &Process{name: filepath.Base(command.Path), command: command, logPath: log, exited: make(chan struct{})}
	output, err := os.Create(log)
	if err != nil {
		return nil, fmt.Errorf("making the log of %s: %w", p.name, err)
	}
	defer output.Close()

	command.Stdout, command.Stderr = output, output
	// A group of its own, so that Ctrl-C in a terminal leaves the order of the
	// shutdown to Stop.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", p.name, err)
	}
	go func() {
		defer close(p.exited)
		_ = command.Wait() // how it ended is in its ProcessState
	}()
	return p, nil
}

// startProcess starts a binary of the control plane; Stop stops it.
func (e *Environment) startProcess(name string, args ...string) (*Process, error) {
	p, err := StartProcess(exec.Command(e.Binary(name), args...), filepath.Join(e.dir, name+".log"))
	if err != nil {
		return nil, err
	}
	e.onStop(p.Stop)
	return p, nil
}

// WaitReady polls until ready says so. It fails when the process ends before, or
// after readyTimeout, with the end of the process's output.
func (p *Process) WaitReady(ctx context.Context, ready func(context.Context) (bool, error)) error {
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

func (p *Process) tail() []byte {
	output, err := os.ReadFile(p.logPath)
	if err != nil {
		return []byte(err.Error())
	}
	return output[max(0, len(output)-logTail):]
}

// Stop asks the process to end, and kills it when it does not. That it had ended by itself
// is an error. Stop may be called again, and then does nothing.
func (p *Process) Stop() error {
	if p.stopped {
		return nil
	}
	p.stopped = true
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

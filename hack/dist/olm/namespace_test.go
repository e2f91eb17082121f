// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build olm

package olm_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// workVariable is set in the environment of the process that runs the suite, to the
// directory of what was built for it.
const workVariable = "MESHINGRESS_OLM_WORK"

// TestMain builds what the suite runs and starts the test again, in namespaces of Linux
// of its own, where the suite then runs: OLM's programs listen on fixed ports of all
// addresses, and the manager finds its credentials where a pod has them.
func TestMain(m *testing.M) {
	if os.Getenv(workVariable) != "" {
		if err := furnish(); err != nil {
			fmt.Fprintln(os.Stderr, "test-olm:", err)
			os.Exit(1)
		}
		os.Exit(m.Run())
	}
	code, err := runInside()
	if err != nil {
		fmt.Fprintln(os.Stderr, "test-olm:", err)
	}
	os.Exit(code)
}

// runInside is how the suite ended, or 1 and why it could not be run.
func runInside() (code int, err error) {
	dir, err := os.MkdirTemp("", "meshingress-olm-")
	if err != nil {
		return 1, fmt.Errorf("making a directory: %w", err)
	}
	defer os.RemoveAll(dir)
	if err := build(dir); err != nil {
		return 1, err
	}
	// The end of the thread that starts it would be taken for the end of this process.
	runtime.LockOSThread()
	// Ctrl-C goes to both; this one ends when the other has stopped what it runs.
	signal.Ignore(os.Interrupt)
	suite := exec.Command("/proc/self/exe", os.Args[1:]...)
	suite.Stdout, suite.Stderr = os.Stdout, os.Stderr
	suite.Env = append(os.Environ(), workVariable+"="+dir)
	suite.SysProcAttr = ownNamespaces()
	err = suite.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return exit.ExitCode(), nil
	case err != nil:
		return 1, fmt.Errorf("entering a network and a mount namespace of our own, "+
			"which root may do, and others where the kernel lets them have user namespaces: %w", err)
	}
	return 0, nil
}

// ownNamespaces is a network and a mount namespace, and for whoever is not root a user
// namespace where they are.
func ownNamespaces() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS,
		// Ginkgo stops what it has started when it is asked to.
		Pdeathsig: syscall.SIGTERM,
	}
	if os.Geteuid() != 0 {
		attr.Cloneflags |= syscall.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	return attr
}

// furnish gives the new namespaces what the suite needs there: a loopback interface that
// is up, and an empty directory for credentials.
func furnish() error {
	if err := raiseLoopback(); err != nil {
		return fmt.Errorf("bringing up the loopback interface: %w", err)
	}
	// Else the next mount would be seen by everybody.
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("making mounts private: %w", err)
	}
	run, err := filepath.EvalSymlinks("/var/run")
	if err != nil {
		return fmt.Errorf("finding /var/run: %w", err)
	}
	if err := unix.Mount("tmpfs", run, "tmpfs", 0, "mode=0755"); err != nil {
		return fmt.Errorf("mounting a directory for credentials on %s: %w", run, err)
	}
	return nil
}

func raiseLoopback() error {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	defer unix.Close(socket)
	loopback, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	loopback.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, loopback)
}

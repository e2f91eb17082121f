// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// reportEvery is how often a running build says that it still runs: a cold
// build of kube-apiserver is silent for minutes.
const reportEvery = 15 * time.Second

// A builder compiles the binaries of the modules below source into output.
type builder struct {
	source string
	output string
}

// buildAll builds, one after the other, what is missing or out of date.
func (b builder) buildAll(ctx context.Context, want []binary) error {
	if err := os.MkdirAll(b.output, 0o755); err != nil {
		return err
	}
	unlock, err := lock(filepath.Join(b.output, ".lock"))
	if err != nil {
		return err
	}
	defer unlock()

	for _, bin := range want {
		if err := b.ensure(ctx, bin); err != nil {
			return fmt.Errorf("building %s: %w", bin.name, err)
		}
	}
	return nil
}

// ensure builds one binary unless its stamp says that it is up to date.
func (b builder) ensure(ctx context.Context, bin binary) error {
	path := filepath.Join(b.output, bin.name)
	stampPath := filepath.Join(b.output, "."+bin.name+".stamp")
	stamp, err := b.stamp(bin)
	if err != nil {
		return err
	}
	if upToDate(path, stampPath, stamp) {
		return nil
	}
	if err := b.build(ctx, bin, path); err != nil {
		return err
	}
	return os.WriteFile(stampPath, []byte(stamp), 0o644)
}

func upToDate(path, stampPath, stamp string) bool {
	if _, err := os.Stat(path); err != nil {
		return false
	}
	have, err := os.ReadFile(stampPath)
	return err == nil && string(have) == stamp
}

// stamp is the hash of everything a binary is built from. Its version is part
// of go.mod.
func (b builder) stamp(bin binary) (string, error) {
	hash := sha256.New()
	fmt.Fprintln(hash, bin.pkg, runtime.Version(), versionFlags("version"))
	for _, name := range []string{"go.mod", "go.sum"} {
		content, err := os.ReadFile(filepath.Join(b.source, bin.module, name))
		if err != nil {
			return "", err
		}
		hash.Write(content)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// build compiles to a temporary name first, so that an interrupted build never
// leaves half a binary under the real one.
func (b builder) build(ctx context.Context, bin binary, path string) error {
	temp, err := os.MkdirTemp(b.output, ".build-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)

	module := filepath.Join(b.source, bin.module)
	flags := "-s -w"
	if bin.module == "kubernetes" {
		version, err := goTool(ctx, module, "list", "-m", "-f", "{{.Version}}", "k8s.io/kubernetes")
		if err != nil {
			return err
		}
		flags += " " + versionFlags(version)
	}
	compiled := filepath.Join(temp, bin.name)
	done := report(bin.name)
	_, err = goTool(ctx, module, "build", "-trimpath", "-buildvcs=false", "-ldflags", flags, "-o", compiled, bin.pkg)
	done(compiled)
	if err != nil {
		return err
	}
	return os.Rename(compiled, path)
}

// versionFlags are the linker flags that tell a Kubernetes binary its version.
// A build from modules would report v0.0.0, which clients refuse to work with.
func versionFlags(version string) string {
	parts := append(strings.Split(strings.TrimPrefix(version, "v"), "."), "", "")
	values := []string{
		"gitVersion=" + version,
		"gitMajor=" + parts[0],
		"gitMinor=" + parts[1],
		"gitCommit=unknown",
		"gitTreeState=clean",
		"buildDate=1970-01-01T00:00:00Z",
	}
	var flags []string
	for _, pkg := range []string{"k8s.io/component-base/version", "k8s.io/client-go/pkg/version"} {
		for _, value := range values {
			flags = append(flags, "-X "+pkg+"."+value)
		}
	}
	return strings.Join(flags, " ")
}

// goTool runs the go command in a module directory and returns what it printed.
// cgo is off, so that no C compiler is needed and the result is static.
func goTool(ctx context.Context, module string, args ...string) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = module
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("go %s: %w\n%s", args[0], err, stderr.String())
	}
	return strings.TrimSpace(stdout.String()), nil
}

// report says that a build began and, now and then, that it still runs. The
// function it returns ends that, and tells the time and the size if there is a
// result.
func report(name string) (done func(path string)) {
	start := time.Now()
	progress("building %s (once; minutes when the build cache is cold)", name)
	ticker := time.NewTicker(reportEvery)
	stop := make(chan struct{})
	go func() {
		for {
			select {
			case <-ticker.C:
				progress("building %s, %.0f s", name, time.Since(start).Seconds())
			case <-stop:
				return
			}
		}
	}()
	return func(path string) {
		ticker.Stop()
		close(stop)
		if info, err := os.Stat(path); err == nil {
			progress("built %s in %.0f s, %d MB", name, time.Since(start).Seconds(), info.Size()>>20)
		}
	}
}

// lock waits until no other process builds into the same directory.
func lock(path string) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		progress("waiting for another build in %s", filepath.Dir(path))
		if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
			file.Close()
			return nil, fmt.Errorf("locking %s: %w", path, err)
		}
	}
	return func() { file.Close() }, nil
}

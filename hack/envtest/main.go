// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

// A binary is one program to build: where it is pinned and which package it is.
type binary struct {
	name   string
	module string // the directory of its module, beside this file
	pkg    string
	demo   bool // only for what runs pods
}

var binaries = []binary{
	{name: "etcd", module: "etcd", pkg: "go.etcd.io/etcd/server/v3"},
	{name: "kube-apiserver", module: "kubernetes", pkg: "k8s.io/kubernetes/cmd/kube-apiserver"},
	{name: "kubectl", module: "kubernetes", pkg: "k8s.io/kubernetes/cmd/kubectl"},
	{name: "kube-controller-manager", module: "kubernetes", pkg: "k8s.io/kubernetes/cmd/kube-controller-manager", demo: true},
	{name: "kwok", module: "kwok", pkg: "sigs.k8s.io/kwok/cmd/kwok", demo: true},
}

func main() {
	demo := flag.Bool("demo", false, "also build what runs pods: kube-controller-manager and kwok")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	dir, err := assets(ctx, wanted(*demo))
	if err != nil {
		progress("%v", err)
		os.Exit(1)
	}
	fmt.Println(dir)
}

// wanted returns the binaries of a bare control plane and, if demo is set, those
// that run pods.
func wanted(demo bool) []binary {
	var want []binary
	for _, b := range binaries {
		if demo || !b.demo {
			want = append(want, b)
		}
	}
	return want
}

// assets returns the directory that holds the control plane, after building what
// is missing.
func assets(ctx context.Context, want []binary) (string, error) {
	root, err := moduleRoot(ctx)
	if err != nil {
		return "", err
	}
	b := builder{
		source: filepath.Join(root, "hack", "envtest"),
		output: filepath.Join(root, "bin", "k8s"),
	}
	given := os.Getenv("KUBEBUILDER_ASSETS")
	if given == "" {
		return b.output, b.buildAll(ctx, want)
	}
	missing := lacking(given, want)
	if err := onlyDemo(given, missing); err != nil {
		return "", err
	}
	return given, b.buildAll(ctx, missing)
}

// lacking returns those of the wanted binaries that are not in dir.
func lacking(dir string, want []binary) []binary {
	var missing []binary
	for _, b := range want {
		if _, err := exec.LookPath(filepath.Join(dir, b.name)); err != nil {
			missing = append(missing, b)
		}
	}
	return missing
}

// onlyDemo refuses a directory that lacks a part of the control plane itself.
func onlyDemo(dir string, missing []binary) error {
	var names []string
	for _, b := range missing {
		if !b.demo {
			names = append(names, b.name)
		}
	}
	if len(names) > 0 {
		return fmt.Errorf("KUBEBUILDER_ASSETS=%s has no %s; unset it to have them built", dir, strings.Join(names, ", "))
	}
	return nil
}

// moduleRoot returns the directory of the go.mod in force.
func moduleRoot(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("asking go for the module root: %w", err)
	}
	gomod := strings.TrimSpace(string(out))
	if gomod == "" || gomod == os.DevNull {
		return "", errors.New("not inside the meshingress module")
	}
	return filepath.Dir(gomod), nil
}

func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "envtest: "+format+"\n", args...)
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/meshingress/meshingress/test/env"
)

func main() {
	// What the libraries of this process log is no part of the story.
	log.SetOutput(io.Discard)
	ctrllog.SetLogger(zap.New(zap.WriteTo(io.Discard)))

	// Signals are caught to the end, so that a second Ctrl-C does not leave
	// processes behind.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	d := &demo{printer: newPrinter(os.Stdout), keep: os.Getenv("KEEP") != ""}
	if err := d.tell(ctx); err != nil {
		stop()
		os.Exit(1)
	}
}

// demo is the state that the steps share.
type demo struct {
	*printer
	keep bool

	// env is the cluster, dir holds the credentials of the operator's process. Set
	// by startCluster.
	env *env.Environment
	dir string

	// operator is the manager's process. Set by startOperator.
	operator *operator

	// before is the cluster before the samples. Set by startOperator.
	before env.Snapshot

	took []timing
}

// timing is how long a step took.
type timing struct {
	step string
	time time.Duration
}

// step is one chapter of the story.
type step struct {
	title string
	run   func(context.Context) error
}

// tell runs the story, stops everything whatever happens, and prints how it ended.
// After Ctrl-C what fails is only what was under way.
func (d *demo) tell(ctx context.Context) error {
	defer func() { _ = d.stop() }() // once more, for a panic
	err := d.run(ctx)
	interrupted := ctx.Err() != nil
	if err != nil && !interrupted {
		d.failed(err)
	}
	stopping := d.stop()
	switch {
	case stopping != nil && err != nil:
		d.block(stopping.Error())
	case stopping != nil:
		d.failed(stopping)
		return stopping
	case err != nil && interrupted:
		d.heading("Interrupted")
		d.say("Nothing is left running.")
	case err == nil && !d.keep:
		d.summarize()
	}
	return err
}

// run runs the steps, up to the first that fails.
func (d *demo) run(ctx context.Context) error {
	d.introduce()
	steps := []step{
		{"A cluster with Linkerd and three ingress controllers", d.startCluster},
		{"The operator", d.startOperator},
		{"The samples", d.applySamples},
		{"What the operator generated", d.showGenerated},
		{"What it set on the ingress controllers' pods", d.showTemplates},
	}
	if d.keep {
		steps = append(steps, step{"Yours", d.keepRunning})
	} else {
		steps = append(steps,
			step{"Nothing to do, nothing sent", d.showIdle},
			step{"Somebody takes away what is needed", d.repairDrift},
			step{"Somebody else wants another value", d.respectStranger},
			step{"Deletion puts everything back", d.deleteSamples},
			step{"Everything stops", d.end})
	}
	for i, s := range steps {
		start := time.Now()
		d.heading(fmt.Sprintf("%d. %s", i+1, s.title))
		if err := s.run(ctx); err != nil {
			return err
		}
		d.took = append(d.took, timing{s.title, time.Since(start)})
	}
	return nil
}

func (d *demo) introduce() {
	d.heading("MeshIngress")
	d.say("The operator runs against a real kube-apiserver, with its own ServiceAccount.",
		"This stands in for something real:")
	d.list(
		"pods: kwok reports them as running, no container is started",
		"Linkerd's proxy injector: ours adds a container linkerd-proxy, and nothing else",
		"ingress controllers: the objects that their charts install; their programs do",
		"  not run, so no request is sent through them",
	)
}

// stop ends what still runs, the operator first.
func (d *demo) stop() error {
	var errs []error
	if d.operator != nil {
		_, err := d.operator.stop()
		errs = append(errs, err)
	}
	if d.env != nil {
		errs = append(errs, d.during("stopping the cluster", "the cluster has stopped", d.env.Stop))
		d.env = nil
	}
	if d.dir != "" {
		errs = append(errs, os.RemoveAll(d.dir))
		d.dir = ""
	}
	return errors.Join(errs...)
}

// failed says what went wrong, with the end of the operator's log.
func (d *demo) failed(err error) {
	d.heading("The demo failed")
	d.block(err.Error())
	if d.operator != nil {
		d.say("", "The end of the operator's log, "+d.operator.logPath+":", "")
		d.block(d.operator.tail())
	}
	d.say("")
}

func (d *demo) summarize() {
	d.heading("Summary")
	var total time.Duration
	for _, t := range d.took {
		d.done(t.step, t.time)
		total += t.time
	}
	d.done("in all, without compiling", total)
	d.say("", "The operator's log is in "+d.operator.logPath+".",
		"make demo KEEP=1 leaves the cluster running, for you to try more.")
}

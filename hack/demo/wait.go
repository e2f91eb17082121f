// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

const (
	pollInterval = 100 * time.Millisecond

	// lookTimeout is for one look.
	lookTimeout = 30 * time.Second

	// progressEvery is how long the screen stays as it is while something lasts.
	progressEvery = time.Second
)

// waiting is something that is waited for.
type waiting struct {
	// text says what, in words that hold once it is there: "7 workloads run".
	text string

	timeout time.Duration

	// look reports whether it is there, and what is to be said of it meanwhile.
	look func(context.Context) (state string, there bool, err error)
}

// wait polls until it is there, and prints how far it is whenever that has changed.
// The error after the timeout tells the last state.
func (d *demo) wait(ctx context.Context, w waiting) error {
	start := time.Now()
	printed, said, state := start, "", ""
	err := wait.PollUntilContextTimeout(ctx, pollInterval, w.timeout, true, func(context.Context) (bool, error) {
		// Not within the timeout of the whole: its end would look like a failure.
		looking, cancel := context.WithTimeout(ctx, lookTimeout)
		defer cancel()
		now, there, err := w.look(looking)
		if err != nil {
			return false, err
		}
		state = now
		if !there && state != said && time.Since(printed) >= progressEvery {
			d.progress(state)
			printed, said = time.Now(), state
		}
		return there, nil
	})
	switch {
	case wait.Interrupted(err) && ctx.Err() == nil:
		return fmt.Errorf("after %s it does not hold that %s: %s", w.timeout, w.text, state)
	case err != nil:
		return fmt.Errorf("waiting until %s: %w", w.text, err)
	}
	d.done(w.text, time.Since(start))
	return nil
}

// during does something, and prints that it is under way when it lasts: doing and
// done are the words for it.
func (d *demo) during(doing, done string, do func() error) error {
	start := time.Now()
	ticker := time.NewTicker(progressEvery)
	finished, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		select {
		case <-ticker.C:
			d.progress(doing)
		case <-finished:
		}
	}()
	err := do()
	ticker.Stop()
	close(finished)
	<-stopped
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	d.done(done, time.Since(start))
	return nil
}

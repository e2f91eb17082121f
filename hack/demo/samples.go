// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
)

const (
	samples = "config/samples"

	// readyTimeout is for all samples to be Ready, their rollouts included.
	readyTimeout = 2 * time.Minute
)

// applySamples applies the samples as a user would.
func (d *demo) applySamples(ctx context.Context) error {
	d.say("A MeshIngressClass is the platform team's: it names an ingress controller. A",
		"MeshIngress is an application team's: it says which Service a host and path go to.")
	if err := d.show(ctx, "apply", "--server-side", "-k", samples); err != nil {
		return err
	}
	d.say("")
	if err := d.waitUntilReady(ctx, "all are Ready: routes in place, and pods replaced by ones with a proxy"); err != nil {
		return err
	}
	if err := d.show(ctx, "get", "meshingressclasses", "-o", "wide"); err != nil {
		return err
	}
	return d.show(ctx, "get", "meshingresses", "-A", "-o", "wide")
}

// waitUntilReady waits for all samples; after the timeout the error tells which are
// not Ready, and why.
func (d *demo) waitUntilReady(ctx context.Context, text string) error {
	var pending []string
	err := d.wait(ctx, waiting{text: text, timeout: readyTimeout, look: func(ctx context.Context) (string, bool, error) {
		all, missing, err := d.notReady(ctx)
		if err != nil {
			return "", false, err
		}
		pending = missing
		return fmt.Sprintf("waiting for %d objects: %d Ready", all, all-len(missing)), len(missing) == 0, nil
	}})
	if err != nil && len(pending) > 0 {
		err = fmt.Errorf("%w\nnot Ready:\n- %s", err, strings.Join(pending, "\n- "))
	}
	return errors.Join(err, d.operator.alive())
}

// notReady counts the samples, and says of each that is not Ready why.
func (d *demo) notReady(ctx context.Context) (all int, pending []string, err error) {
	var classes v1alpha1.MeshIngressClassList
	var ingresses v1alpha1.MeshIngressList
	err = errors.Join(d.env.Client.List(ctx, &classes), d.env.Client.List(ctx, &ingresses))
	if err != nil {
		return 0, nil, fmt.Errorf("listing the samples: %w", err)
	}
	add := func(kind string, object client.Object, conditions []metav1.Condition) {
		all++
		if why := unready(object.GetGeneration(), conditions); why != "" {
			pending = append(pending, fmt.Sprintf("%s %s: %s", kind, fullName(object), why))
		}
	}
	for i := range classes.Items {
		add("MeshIngressClass", &classes.Items[i], classes.Items[i].Status.Conditions)
	}
	for i := range ingresses.Items {
		add("MeshIngress", &ingresses.Items[i], ingresses.Items[i].Status.Conditions)
	}
	return all, pending, nil
}

func fullName(object client.Object) string {
	if object.GetNamespace() == "" {
		return object.GetName()
	}
	return object.GetNamespace() + "/" + object.GetName()
}

// unready says why an object of a generation is not Ready; nothing when it is.
func unready(generation int64, conditions []metav1.Condition) string {
	ready := meta.FindStatusCondition(conditions, v1alpha1.ConditionReady)
	switch {
	case ready == nil || ready.ObservedGeneration != generation:
		return "the operator has not looked at it yet"
	case ready.Status == metav1.ConditionTrue:
		return ""
	default:
		return ready.Reason + ": " + ready.Message
	}
}

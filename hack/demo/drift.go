// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
)

const (
	// repairTimeout is for a lost annotation to come back.
	repairTimeout = 30 * time.Second

	// conflictTimeout is for a condition to tell of somebody else's value.
	conflictTimeout = 30 * time.Second
)

// removeSkipPorts is a JSON patch that takes the annotation off a pod template.
const removeSkipPorts = `[{"op":"remove","path":"/spec/template/metadata/annotations/config.linkerd.io~1skip-inbound-ports"}]`

// repairDrift takes away an annotation of a generated object and one of a pod
// template.
func (d *demo) repairDrift(ctx context.Context) error {
	const serviceUpstream = "nginx.ingress.kubernetes.io/service-upstream"
	d.say("An annotation of a generated Ingress, without which ingress-nginx would connect to",
		"pods instead of the Service:")
	ingress, err := d.generatedIngress(ctx)
	if err != nil {
		return err
	}
	err = d.repair(ctx, lost{
		object: ingress,
		field:  []string{"metadata", "annotations", serviceUpstream},
		edit:   []string{"annotate", "ingress", "-n", ingress.Namespace, ingress.Name, serviceUpstream + "-"},
	})
	if err != nil {
		return err
	}
	d.say("", "An annotation of a pod template, without which Traefik would not see the addresses",
		"of clients:")
	err = d.repair(ctx, lost{
		object: entry("apps", "Deployment", "traefik", "traefik"),
		field:  []string{"spec", "template", "metadata", "annotations", linkerd.SkipInboundPortsAnnotation},
		edit:   []string{"patch", "deployment", "-n", "traefik", "traefik", "--type=json", "-p", removeSkipPorts},
	})
	if err != nil {
		return err
	}
	if err := d.waitForWorkloads(ctx); err != nil {
		return err
	}
	if err := d.waitUntilReady(ctx, "all are Ready again"); err != nil {
		return err
	}
	metrics, err := d.metrics(ctx)
	if err != nil {
		return err
	}
	corrected := sumBy(metrics, "meshingress_drift_corrections_total", "kind")
	for _, kind := range slices.Sorted(maps.Keys(corrected)) {
		d.say(fmt.Sprintf("  meshingress_drift_corrections_total{kind=%q} %d", kind, corrected[kind]))
	}
	return nil
}

// generatedIngress is what was made for the sample of ingress-nginx, as its status
// names it.
func (d *demo) generatedIngress(ctx context.Context) (v1alpha1.InventoryEntry, error) {
	mi := &v1alpha1.MeshIngress{}
	if err := d.env.Client.Get(ctx, client.ObjectKey{Namespace: "emojivoto", Name: "web-nginx"}, mi); err != nil {
		return v1alpha1.InventoryEntry{}, fmt.Errorf("reading the sample: %w", err)
	}
	for _, e := range mi.Status.Inventory {
		if e.Kind == "Ingress" {
			return e, nil
		}
	}
	return v1alpha1.InventoryEntry{}, errors.New("the sample web-nginx has no Ingress")
}

// lost is a field that an edit takes away.
type lost struct {
	object v1alpha1.InventoryEntry
	field  []string
	edit   []string
}

func entry(group, kind, namespace, name string) v1alpha1.InventoryEntry {
	return v1alpha1.InventoryEntry{Group: group, Version: "v1", Kind: kind, Namespace: namespace, Name: name}
}

// repair makes the edit, and measures the time from the loss to the return.
func (d *demo) repair(ctx context.Context, l lost) error {
	ctx, cancel := context.WithTimeout(ctx, repairTimeout)
	defer cancel()
	events, err := d.watch(ctx, l.object)
	if err != nil {
		return err
	}
	defer events.Stop()
	if err := d.show(ctx, l.edit...); err != nil {
		return err
	}
	value, took, err := l.returned(events)
	if err != nil {
		return fmt.Errorf("waiting for %s of %s %s to come back: %w",
			l.field[len(l.field)-1], l.object.Kind, l.object.Name, cmp.Or(ctx.Err(), err))
	}
	d.say("")
	d.done(fmt.Sprintf("the operator set it again to %q after", value), took)
	return nil
}

// returned follows a watch until the field was gone and is there again, and gives
// its value and how long it was gone, as the watch saw it.
func (l lost) returned(events watch.Interface) (value string, took time.Duration, err error) {
	var gone time.Time
	for event := range events.ResultChan() {
		object, ok := event.Object.(*unstructured.Unstructured)
		if !ok {
			return "", 0, apierrors.FromObject(event.Object)
		}
		value, there, _ := unstructured.NestedString(object.Object, l.field...)
		switch {
		case !there && gone.IsZero():
			gone = time.Now()
		case there && !gone.IsZero():
			return value, time.Since(gone), nil
		}
	}
	return "", 0, errors.New("the watch ended")
}

func (d *demo) watch(ctx context.Context, e v1alpha1.InventoryEntry) (watch.Interface, error) {
	watcher, err := client.NewWithWatch(d.env.Config, client.Options{Scheme: d.env.Scheme()})
	if err != nil {
		return nil, fmt.Errorf("making a client: %w", err)
	}
	list := &unstructured.UnstructuredList{}
	list.SetAPIVersion(e.Group + "/" + e.Version)
	list.SetKind(e.Kind + "List")
	events, err := watcher.Watch(ctx, list, client.InNamespace(e.Namespace), client.MatchingFields{"metadata.name": e.Name})
	if err != nil {
		return nil, fmt.Errorf("watching %s %s/%s: %w", e.Kind, e.Namespace, e.Name, err)
	}
	return events, nil
}

// respectStranger sets a value that the operator wants otherwise, and takes it back.
func (d *demo) respectStranger(ctx context.Context) error {
	d.say("Jane sets the ports on Traefik's Deployment herself, and forgets one:")
	patch := fmt.Sprintf(`{"spec":{"template":{"metadata":{"annotations":{%q:"8000"}}}}}`, linkerd.SkipInboundPortsAnnotation)
	if err := d.show(ctx, "patch", "deployment", "-n", "traefik", "traefik", "--field-manager=jane", "-p", patch); err != nil {
		return err
	}
	d.say("")
	message := ""
	err := d.wait(ctx, waiting{
		text: "class traefik says Conflicted", timeout: conflictTimeout,
		look: func(ctx context.Context) (string, bool, error) {
			var err error
			message, err = d.conflict(ctx, "traefik")
			return "waiting for the condition Conflicted", message != "", err
		},
	})
	if err != nil {
		return err
	}
	d.quote(message)
	d.say("")
	if err := d.waitUntilIdle(ctx, 3*time.Second); err != nil {
		return err
	}
	if err := d.checkSkipPorts(ctx, "8000"); err != nil {
		return err
	}
	d.holds("the value is still Jane's: the operator does not fight over it")
	d.say("", "She takes it back:")
	if err := d.show(ctx, "patch", "deployment", "-n", "traefik", "traefik", "--type=json", "-p", removeSkipPorts); err != nil {
		return err
	}
	d.say("")
	return d.waitUntilReady(ctx, "all are Ready again")
}

// conflict is the message of a class's condition Conflicted; empty while there is
// none.
func (d *demo) conflict(ctx context.Context, name string) (string, error) {
	class := &v1alpha1.MeshIngressClass{}
	if err := d.env.Client.Get(ctx, client.ObjectKey{Name: name}, class); err != nil {
		return "", fmt.Errorf("reading MeshIngressClass %s: %w", name, err)
	}
	c := meta.FindStatusCondition(class.Status.Conditions, v1alpha1.ConditionConflicted)
	if c == nil || c.Status != metav1.ConditionTrue {
		return "", nil
	}
	return c.Message, nil
}

func (d *demo) checkSkipPorts(ctx context.Context, want string) error {
	deployment, err := d.read(ctx, entry("apps", "Deployment", "traefik", "traefik"))
	if err != nil {
		return err
	}
	got, _, _ := unstructured.NestedString(deployment.Object,
		"spec", "template", "metadata", "annotations", linkerd.SkipInboundPortsAnnotation)
	if got != want {
		return fmt.Errorf("%s of Deployment traefik/traefik is %q, not %q", linkerd.SkipInboundPortsAnnotation, got, want)
	}
	return nil
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/internal/linkerd"
)

// showGenerated prints what was made for each MeshIngress.
func (d *demo) showGenerated(ctx context.Context) error {
	var ingresses v1alpha1.MeshIngressList
	if err := d.env.Client.List(ctx, &ingresses); err != nil {
		return fmt.Errorf("listing MeshIngresses: %w", err)
	}
	for _, m := range ingresses.Items {
		d.say("", fmt.Sprintf("For MeshIngress %s/%s, class %s, strategy %s:", m.Namespace, m.Name, m.Status.ClassName, m.Status.Strategy))
		for _, entry := range m.Status.Inventory {
			if err := d.showObject(ctx, entry); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *demo) showObject(ctx context.Context, entry v1alpha1.InventoryEntry) error {
	object, err := d.read(ctx, entry)
	if err != nil {
		return err
	}
	text, err := yaml.Marshal(clean(object).Object)
	if err != nil {
		return fmt.Errorf("printing %s %s: %w", entry.Kind, entry.Name, err)
	}
	d.say("")
	d.block(string(text))
	return nil
}

func (d *demo) read(ctx context.Context, entry v1alpha1.InventoryEntry) (*unstructured.Unstructured, error) {
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(schema.GroupVersionKind{Group: entry.Group, Version: entry.Version, Kind: entry.Kind})
	key := client.ObjectKey{Namespace: entry.Namespace, Name: entry.Name}
	if err := d.env.Client.Get(ctx, key, object); err != nil {
		return nil, fmt.Errorf("reading %s %s: %w", entry.Kind, key, err)
	}
	return object, nil
}

// clean leaves of an object what somebody wrote.
func clean(object *unstructured.Unstructured) *unstructured.Unstructured {
	cleaned := object.DeepCopy()
	unstructured.RemoveNestedField(cleaned.Object, "status")
	for _, field := range []string{"managedFields", "uid", "resourceVersion", "generation", "creationTimestamp"} {
		unstructured.RemoveNestedField(cleaned.Object, "metadata", field)
	}
	owners, _, _ := unstructured.NestedSlice(cleaned.Object, "metadata", "ownerReferences")
	for _, owner := range owners {
		if o, ok := owner.(map[string]any); ok {
			delete(o, "uid")
		}
	}
	if len(owners) > 0 {
		_ = unstructured.SetNestedSlice(cleaned.Object, owners, "metadata", "ownerReferences") // it came from there
	}
	return cleaned
}

// showTemplates prints the annotations of pod templates before and after, and that
// the pods have their proxy.
func (d *demo) showTemplates(ctx context.Context) error {
	all, _, err := d.workloads(ctx)
	if err != nil {
		return err
	}
	for _, w := range all {
		before := d.templateBefore(w)
		if maps.Equal(before, w.Template.Annotations) {
			continue
		}
		mode, err := d.proxies(ctx, w)
		if err != nil {
			return err
		}
		d.say("", w.String())
		d.block(aligned(changes(before, w.Template.Annotations)))
		d.block(mode)
	}
	return nil
}

// templateBefore is what the template's annotations were before the samples.
func (d *demo) templateBefore(w injection.Workload) map[string]string {
	object := d.before[fmt.Sprintf("%s.apps %s/%s", w.Kind, w.Namespace, w.Name)]
	if object == nil {
		return nil
	}
	before, _, _ := unstructured.NestedStringMap(object.Object, "spec", "template", "metadata", "annotations")
	return before
}

// proxies says what proxies the pods of a workload have.
func (d *demo) proxies(ctx context.Context, w injection.Workload) (string, error) {
	var list corev1.PodList
	err := d.env.Client.List(ctx, &list, client.InNamespace(w.Namespace), client.MatchingLabelsSelector{Selector: w.PodSelector()})
	if err != nil {
		return "", fmt.Errorf("listing the pods of %s: %w", w, err)
	}
	pods := make([]*corev1.Pod, len(list.Items))
	for i := range list.Items {
		pods[i] = &list.Items[i]
	}
	mode, text := linkerd.InjectEnabled, "normal mode"
	if w.Template.Annotations[linkerd.InjectAnnotation] == linkerd.InjectIngress {
		mode, text = linkerd.InjectIngress, "ingress mode"
	}
	seen := w.Observe(pods, mode)
	return fmt.Sprintf("%d of %d pods ready, with a proxy in %s", seen.Meshed, seen.Pods, text), nil
}

// change is one annotation before and after; empty where it is not set.
type change struct{ key, before, after string }

func changes(before, after map[string]string) []change {
	keys := maps.Clone(after)
	if keys == nil {
		keys = map[string]string{}
	}
	maps.Copy(keys, before)
	var all []change
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		all = append(all, change{key, before[key], after[key]})
	}
	return all
}

// aligned prints changes in columns.
func aligned(all []change) string {
	key, before := 0, 0
	for _, c := range all {
		key, before = max(key, len(c.key)), max(before, len(orNotSet(c.before)))
	}
	var lines []string
	for _, c := range all {
		if c.before == c.after {
			lines = append(lines, fmt.Sprintf("%-*s  %s", key, c.key, c.before))
			continue
		}
		lines = append(lines, fmt.Sprintf("%-*s  %-*s → %s", key, c.key, before, orNotSet(c.before), orNotSet(c.after)))
	}
	return strings.Join(lines, "\n")
}

func orNotSet(value string) string {
	if value == "" {
		return "(not set)"
	}
	return value
}

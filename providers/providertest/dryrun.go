// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package providertest

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/render"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/test/builders"
)

// DryRun asks a real API server, on which the vendor's CRDs are installed, about
// everything that is planned for the golden cases in a directory and for what
// Conformance asks: a server-side apply with strict field validation that writes
// nothing. Fields of others' objects, but for workloads, are applied to the target as
// the case has it, or to a Service that it needs. DryRun creates those targets, and
// the Namespaces that the objects are in, and leaves them. It returns one error for
// each object that the server refuses; finding no object at all is an error too.
func DryRun(ctx context.Context, cfg *rest.Config, p providers.Provider, dir string) []error {
	c, err := client.New(cfg, client.Options{})
	if err != nil {
		return []error{fmt.Errorf("making a client: %w", err)}
	}
	h, err := newHarness(p)
	if err != nil {
		return []error{err}
	}
	inputs, err := listCases(dir, false)
	if err != nil {
		return []error{err}
	}
	run := dryRun{client: c}
	for _, in := range inputs {
		run.file(ctx, h, in)
	}
	run.probes(ctx, p, dir)
	if run.objects == 0 {
		run.errs = append(run.errs, fmt.Errorf("no case in %s plans an object", dir))
	}
	return run.errs
}

type dryRun struct {
	client  client.Client
	objects int
	errs    []error
}

// file runs a golden case.
func (r *dryRun) file(ctx context.Context, h *harness, path string) {
	c, err := readCase(path)
	if err != nil {
		r.errs = append(r.errs, err)
		return
	}
	out, _, err := h.render(c)
	if err != nil {
		r.errs = append(r.errs, err)
		return
	}
	var there []*unstructured.Unstructured
	for _, doc := range c.copyDocuments() {
		there = append(there, doc.Object)
	}
	r.output(ctx, path, out, there)
}

// probes runs what Conformance asks.
func (r *dryRun) probes(ctx context.Context, p providers.Provider, dir string) {
	c, err := newConformance(p, dir)
	if err != nil {
		r.errs = append(r.errs, err)
		return
	}
	for _, way := range c.ways {
		for _, probe := range probes(way) {
			if result := c.translate(way, probe); result.OK() {
				r.output(ctx, way.Name+", "+probe.name, outputOf(result), way.cluster)
			}
		}
	}
}

func (r *dryRun) output(ctx context.Context, what string, out render.Output, there []*unstructured.Unstructured) {
	var plans []render.Plan
	for _, m := range out.MeshIngresses {
		plans = append(plans, m.Plan)
	}
	for _, class := range out.Classes {
		plans = append(plans, class.Plan)
	}
	for _, p := range plans {
		for _, content := range p.Objects {
			r.objects++
			r.apply(ctx, what, &unstructured.Unstructured{Object: content})
		}
		for _, patch := range p.Patches {
			r.patch(ctx, what, patch, there)
		}
	}
}

// patch applies fields to a target, which it makes where it is not there yet.
func (r *dryRun) patch(ctx context.Context, what string, p render.Patch, there []*unstructured.Unstructured) {
	if p.Target.APIVersion == "apps/v1" {
		return
	}
	fields := patchObject(p)
	target := targetOf(fields, there)
	if target != nil {
		if err := r.create(ctx, target); err != nil {
			r.errs = append(r.errs, fmt.Errorf("%s: making the target %s: %w", what, identity(fields), err))
			return
		}
	}
	r.apply(ctx, what, fields)
}

func patchObject(p render.Patch) *unstructured.Unstructured {
	obj := &unstructured.Unstructured{Object: p.Fields}
	obj = obj.DeepCopy()
	obj.SetAPIVersion(p.Target.APIVersion)
	obj.SetKind(p.Target.Kind)
	obj.SetNamespace(p.Target.Namespace)
	obj.SetName(p.Target.Name)
	return obj
}

// targetOf is the object that fields are for: a Service, without an address that
// another case may have, or what the case holds. Nil where neither is: the fields must
// then make an object by themselves.
func targetOf(fields *unstructured.Unstructured, there []*unstructured.Unstructured) client.Object {
	if fields.GroupVersionKind() == providers.KindService.GroupVersionKind {
		return builders.Service(fields.GetNamespace(), fields.GetName(), builders.ServicePort("", 80))
	}
	for _, obj := range there {
		if identity(obj) == identity(fields) {
			return obj.DeepCopy()
		}
	}
	return nil
}

// create makes an object and its Namespace, unless they are there.
func (r *dryRun) create(ctx context.Context, obj client.Object) error {
	if err := r.ensureNamespace(ctx, obj.GetNamespace()); err != nil {
		return err
	}
	return client.IgnoreAlreadyExists(r.client.Create(ctx, obj))
}

func (r *dryRun) ensureNamespace(ctx context.Context, name string) error {
	if name == "" {
		return nil
	}
	if err := client.IgnoreAlreadyExists(r.client.Create(ctx, builders.Namespace(name))); err != nil {
		return fmt.Errorf("creating the namespace %s: %w", name, err)
	}
	return nil
}

func (r *dryRun) apply(ctx context.Context, what string, obj *unstructured.Unstructured) {
	if err := r.tryApply(ctx, obj); err != nil {
		r.errs = append(r.errs, fmt.Errorf("%s: %s: %w", what, identity(obj), err))
	}
}

func (r *dryRun) tryApply(ctx context.Context, obj *unstructured.Unstructured) error {
	if err := r.ensureNamespace(ctx, obj.GetNamespace()); err != nil {
		return err
	}
	body, err := obj.MarshalJSON()
	if err != nil {
		return err
	}
	// A Patch, because the client's Apply cannot ask for strict validation.
	return r.client.Patch(ctx, obj.DeepCopy(), client.RawPatch(types.ApplyPatchType, body), client.DryRunAll,
		client.ForceOwnership, client.FieldOwner(v1alpha1.FieldManager), client.FieldValidation(metav1.FieldValidationStrict))
}

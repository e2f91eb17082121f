// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package providertest

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/render"
	"github.com/meshingress/meshingress/providers"
)

// DryRun asks a real API server, on which the vendor's CRDs are installed, about
// every object that is planned for the cases in a directory: a server-side apply
// with strict field validation that writes nothing. It creates the Namespaces
// that the objects are in, and leaves them. It returns one error for each object
// that the server refuses; finding no object at all is an error too.
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
	run := dryRun{client: c, harness: h}
	for _, in := range inputs {
		run.file(ctx, in)
	}
	if run.objects == 0 {
		run.errs = append(run.errs, fmt.Errorf("no case in %s plans an object", dir))
	}
	return run.errs
}

type dryRun struct {
	client  client.Client
	harness *harness
	objects int
	errs    []error
}

func (r *dryRun) file(ctx context.Context, path string) {
	c, err := readCase(path)
	if err != nil {
		r.errs = append(r.errs, err)
		return
	}
	out, _, err := r.harness.render(c)
	if err != nil {
		r.errs = append(r.errs, err)
		return
	}
	for _, m := range out.MeshIngresses {
		r.plan(ctx, path, m.Plan)
	}
	for _, class := range out.Classes {
		r.plan(ctx, path, class.Plan)
	}
}

func (r *dryRun) plan(ctx context.Context, path string, p render.Plan) {
	for _, content := range p.Objects {
		r.objects++
		obj := &unstructured.Unstructured{Object: content}
		if err := r.apply(ctx, obj); err != nil {
			r.errs = append(r.errs, fmt.Errorf("%s: %s: %w", path, identity(obj), err))
		}
	}
}

func (r *dryRun) apply(ctx context.Context, obj *unstructured.Unstructured) error {
	if name := obj.GetNamespace(); name != "" {
		ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
		if err := client.IgnoreAlreadyExists(r.client.Create(ctx, ns)); err != nil {
			return fmt.Errorf("creating its namespace: %w", err)
		}
	}
	body, err := obj.MarshalJSON()
	if err != nil {
		return err
	}
	// A Patch, because the client's Apply cannot ask for strict validation.
	return r.client.Patch(ctx, obj, client.RawPatch(types.ApplyPatchType, body), client.DryRunAll, client.ForceOwnership,
		client.FieldOwner(v1alpha1.FieldManager), client.FieldValidation(metav1.FieldValidationStrict))
}

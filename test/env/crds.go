// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package env

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/test/crds"
)

// InstallCRDs creates the CRDs of vendors of test/crds that are not there yet, without
// the descriptions of fields, and returns once the API server serves all of them.
func (e *Environment) InstallCRDs(ctx context.Context, vendors ...string) error {
	all, err := loadCRDs(vendors)
	if err != nil {
		return err
	}
	for _, crd := range all {
		if err := client.IgnoreAlreadyExists(e.Client.Create(ctx, crd)); err != nil {
			return fmt.Errorf("creating CRD %s: %w", crd.Name, err)
		}
	}
	return e.waitServed(ctx, all, true)
}

// RemoveCRDs deletes the CRDs of vendors of test/crds, and with them every object
// of their kinds, and returns once the API server serves none of them. An object
// with a finalizer that nobody takes off makes it fail after a minute.
func (e *Environment) RemoveCRDs(ctx context.Context, vendors ...string) error {
	all, err := loadCRDs(vendors)
	if err != nil {
		return err
	}
	return e.DeleteCRDs(ctx, all...)
}

// KeepCRDs deletes, as RemoveCRDs does, the CRDs of a vendor but for those of one API
// group, as a former release of the vendor has them. InstallCRDs brings them back.
func (e *Environment) KeepCRDs(ctx context.Context, vendor, group string) error {
	all, err := loadCRDs([]string{vendor})
	if err != nil {
		return err
	}
	return e.DeleteCRDs(ctx, slices.DeleteFunc(all, func(crd *apiextensionsv1.CustomResourceDefinition) bool {
		return crd.Spec.Group == group
	})...)
}

// DeleteCRDs deletes CRDs as RemoveCRDs does, whoever has made them.
func (e *Environment) DeleteCRDs(ctx context.Context, all ...*apiextensionsv1.CustomResourceDefinition) error {
	if err := e.WarmUp(ctx, all...); err != nil {
		return err
	}
	for _, crd := range all {
		if err := client.IgnoreNotFound(e.Client.Delete(ctx, crd)); err != nil {
			return fmt.Errorf("deleting CRD %s: %w", crd.Name, err)
		}
	}
	if err := e.waitGone(ctx, all); err != nil {
		return err
	}
	return e.waitServed(ctx, all, false)
}

func loadCRDs(vendors []string) ([]*apiextensionsv1.CustomResourceDefinition, error) {
	var all []*apiextensionsv1.CustomResourceDefinition
	for _, vendor := range vendors {
		loaded, err := crds.Load(vendor)
		if err != nil {
			return nil, err
		}
		all = append(all, loaded...)
	}
	for _, crd := range all {
		for _, version := range crd.Spec.Versions {
			if version.Schema != nil {
				stripDescriptions(version.Schema.OpenAPIV3Schema)
			}
		}
	}
	return all, nil
}

// stripDescriptions takes out what is most of a schema, and decides nothing. The API
// server decodes whole schemas again and again.
func stripDescriptions(schema *apiextensionsv1.JSONSchemaProps) {
	if schema == nil {
		return
	}
	schema.Description = ""
	for name, property := range schema.Properties {
		stripDescriptions(&property)
		schema.Properties[name] = property
	}
	if schema.Items != nil {
		stripDescriptions(schema.Items.Schema)
	}
	if schema.AdditionalProperties != nil {
		stripDescriptions(schema.AdditionalProperties.Schema)
	}
}

// DefinitionChanges is a number that differs after a client of Config has changed a
// CustomResourceDefinition. The API server's own changes of its status do not count.
func (e *Environment) DefinitionChanges() int64 { return e.definitionChanges.Load() }

func (e *Environment) countDefinitionChanges() {
	e.Config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.Method != http.MethodGet && strings.HasPrefix(r.URL.Path, "/apis/"+apiextensionsv1.GroupName+"/") {
				e.definitionChanges.Add(1)
				defer e.definitionChanges.Add(1) // whoever has read meanwhile may have read the old
			}
			return next.RoundTrip(r)
		})
	})
}

// waitServed waits until discovery lists every served version of the CRDs (want),
// or none (not want).
func (e *Environment) waitServed(ctx context.Context, all []*apiextensionsv1.CustomResourceDefinition, want bool) error {
	client, err := discovery.NewDiscoveryClientForConfig(e.Config)
	if err != nil {
		return fmt.Errorf("making a discovery client: %w", err)
	}
	var left []string
	err = wait.PollUntilContextTimeout(ctx, pollInterval, readyTimeout, true, func(ctx context.Context) (bool, error) {
		left = nil
		for _, crd := range all {
			served, err := serves(ctx, client, crd)
			if err != nil {
				return false, err
			}
			if slices.Contains(served, !want) {
				left = append(left, crd.Name)
			}
		}
		return len(left) == 0, nil
	})
	if err != nil {
		return fmt.Errorf("waiting until served is %t for %s: %w", want, strings.Join(left, ", "), err)
	}
	return nil
}

// serves says for each served version of a CRD whether discovery lists it.
func serves(
	ctx context.Context, d *discovery.DiscoveryClient, crd *apiextensionsv1.CustomResourceDefinition,
) ([]bool, error) {
	var result []bool
	for _, version := range crd.Spec.Versions {
		if !version.Served {
			continue
		}
		list, err := d.ServerResourcesForGroupVersionWithContext(ctx, crd.Spec.Group+"/"+version.Name)
		if client.IgnoreNotFound(err) != nil {
			return nil, fmt.Errorf("discovering %s: %w", crd.Name, err)
		}
		result = append(result, err == nil && slices.ContainsFunc(list.APIResources,
			func(r metav1.APIResource) bool { return r.Name == crd.Spec.Names.Plural }))
	}
	return result, nil
}

// WarmUp lists the objects of the CRDs that are served, until the API server can.
// It sets up the storage of a kind when that is first used. Where that is the
// deletion of the CRD, the deletion fails ("storage is (re)initializing"), and
// sometimes is not tried again for minutes (kubernetes/apiextensions-apiserver
// pkg/controller/finalizer/crd_finalizer.go@v0.36.3: a conflict of its second
// try is not queued again). DeleteCRDs does it by itself; it is for who has others delete.
func (e *Environment) WarmUp(ctx context.Context, all ...*apiextensionsv1.CustomResourceDefinition) error {
	objects, err := dynamic.NewForConfig(e.Config)
	if err != nil {
		return fmt.Errorf("making a dynamic client: %w", err)
	}
	// Each waits for a second, so they had better wait together.
	var group sync.WaitGroup
	errs := make([]error, len(all))
	for i, crd := range all {
		group.Go(func() { errs[i] = listServed(ctx, objects, crd) })
	}
	group.Wait()
	return errors.Join(errs...)
}

func listServed(ctx context.Context, objects dynamic.Interface, crd *apiextensionsv1.CustomResourceDefinition) error {
	resource := schema.GroupVersionResource{Group: crd.Spec.Group, Resource: crd.Spec.Names.Plural}
	for _, version := range crd.Spec.Versions {
		if !version.Served {
			continue
		}
		resource.Version = version.Name
		err := wait.PollUntilContextTimeout(ctx, pollInterval, readyTimeout, true, func(ctx context.Context) (bool, error) {
			_, err := objects.Resource(resource).List(ctx, metav1.ListOptions{})
			return err == nil || apierrors.IsNotFound(err), ignoreBusy(err)
		})
		if err != nil {
			return fmt.Errorf("listing %s: %w", resource, err)
		}
	}
	return nil
}

func ignoreBusy(err error) error {
	if apierrors.IsNotFound(err) || apierrors.IsTooManyRequests(err) {
		return nil
	}
	return err
}

// waitGone waits until the CRDs themselves are deleted. A CRD is no longer listed
// by discovery while its objects are still being deleted, and cannot be created
// anew before that is done.
func (e *Environment) waitGone(ctx context.Context, all []*apiextensionsv1.CustomResourceDefinition) error {
	for _, crd := range all {
		err := wait.PollUntilContextTimeout(ctx, pollInterval, readyTimeout, true, func(ctx context.Context) (bool, error) {
			err := e.Client.Get(ctx, client.ObjectKeyFromObject(crd), &apiextensionsv1.CustomResourceDefinition{})
			return apierrors.IsNotFound(err), client.IgnoreNotFound(err)
		})
		if err != nil {
			return fmt.Errorf("waiting until CRD %s is gone: %w", crd.Name, err)
		}
	}
	return nil
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package env

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
)

// Snapshot is every object of a cluster, for tests that everything is put back.
// The keys are "<Kind>.<group> <namespace>/<name>", without what is empty.
//
// An object is whole, its UID and its managed fields included, except for what
// tells only that time went by: metadata.resourceVersion, metadata.generation,
// metadata.managedFields[*].time, and every observedGeneration and timestamp in
// status. Managed fields are sorted, because the API server sorts them by time.
//
// Of a CustomResourceDefinition there is the metadata alone: its managed fields tell of
// a change, and the schemas of all vendors are megabytes.
//
// Left out are Events, Leases, Endpoints and EndpointSlices, which controllers
// write on their own; and objects that nobody but the API server has written,
// because it makes and changes those (APIServices, bootstrap roles) when it likes.
type Snapshot map[string]*unstructured.Unstructured

// serverManager is the field manager of kube-apiserver's own writes.
const serverManager = "kube-apiserver"

// Snapshot reads every object of every kind that can be listed, and leaves out
// those for which one of ignore is true.
func (e *Environment) Snapshot(ctx context.Context, ignore ...func(*unstructured.Unstructured) bool) (Snapshot, error) {
	snapshot, err := e.ExactSnapshot(ctx, ignore...)
	for _, object := range snapshot {
		normalize(object)
	}
	return snapshot, err
}

// ExactSnapshot is a Snapshot with what tells that time went by: an object that was
// written in the meantime differs, whatever was written.
func (e *Environment) ExactSnapshot(
	ctx context.Context, ignore ...func(*unstructured.Unstructured) bool,
) (Snapshot, error) {
	resources, err := e.listable(ctx)
	if err != nil {
		return nil, err
	}
	lists, err := e.listAll(ctx, resources)
	if err != nil {
		return nil, err
	}
	ignore = append(ignore, serversOwn)
	snapshot := Snapshot{}
	for _, list := range lists {
		for i := range list.Items {
			snapshot.add(&list.Items[i], ignore)
		}
	}
	return snapshot, nil
}

// listAll lists all resources at once: the first list of a CRD's takes the API server a
// second.
func (e *Environment) listAll(
	ctx context.Context, resources []schema.GroupVersionResource,
) ([]*unstructured.UnstructuredList, error) {
	config := rest.CopyConfig(e.Config)
	config.WarningHandler = rest.NoWarnings{} // of kinds that are deprecated
	objects, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making a dynamic client: %w", err)
	}
	heads, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making a client for metadata: %w", err)
	}
	var group sync.WaitGroup
	lists, errs := make([]*unstructured.UnstructuredList, len(resources)), make([]error, len(resources))
	for i, resource := range resources {
		group.Go(func() {
			if lists[i], errs[i] = list(ctx, objects, heads, resource); errs[i] != nil {
				errs[i] = fmt.Errorf("listing %s: %w", resource, errs[i])
			}
		})
	}
	group.Wait()
	return lists, errors.Join(errs...)
}

func list(
	ctx context.Context, objects dynamic.Interface, heads metadata.Interface, resource schema.GroupVersionResource,
) (*unstructured.UnstructuredList, error) {
	if resource.Resource != "customresourcedefinitions" {
		return objects.Resource(resource).List(ctx, metav1.ListOptions{})
	}
	found, err := heads.Resource(resource).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	result := &unstructured.UnstructuredList{}
	for i := range found.Items {
		found.Items[i].SetGroupVersionKind(resource.GroupVersion().WithKind("CustomResourceDefinition"))
		content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&found.Items[i])
		if err != nil {
			return nil, err
		}
		result.Items = append(result.Items, unstructured.Unstructured{Object: content})
	}
	return result, nil
}

// Diff describes what changed from before to after, empty when nothing did: a "-"
// marks what was only before, a "+" what is only after.
func Diff(before, after Snapshot) string {
	if reflect.DeepEqual(before, after) { // far cheaper than to look for differences
		return ""
	}
	return gocmp.Diff(before, after)
}

func (s Snapshot) add(object *unstructured.Unstructured, ignore []func(*unstructured.Unstructured) bool) {
	for _, ignored := range ignore {
		if ignored(object) {
			return
		}
	}
	s[key(object)] = object
}

func key(object *unstructured.Unstructured) string {
	name := object.GetName()
	if namespace := object.GetNamespace(); namespace != "" {
		name = namespace + "/" + name
	}
	return object.GroupVersionKind().GroupKind().String() + " " + name
}

// listable returns the preferred version of every resource that can be listed.
func (e *Environment) listable(ctx context.Context) ([]schema.GroupVersionResource, error) {
	client, err := discovery.NewDiscoveryClientForConfig(e.Config)
	if err != nil {
		return nil, fmt.Errorf("making a discovery client: %w", err)
	}
	lists, err := client.ServerPreferredResourcesWithContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("discovering what can be listed: %w", err)
	}
	noise := []string{"events", "leases", "endpoints", "endpointslices", "componentstatuses"}
	var resources []schema.GroupVersionResource
	for _, list := range lists {
		groupVersion, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			return nil, fmt.Errorf("discovering what can be listed: %w", err)
		}
		for _, resource := range list.APIResources {
			if slices.Contains(resource.Verbs, "list") && !slices.Contains(noise, resource.Name) {
				resources = append(resources, groupVersion.WithResource(resource.Name))
			}
		}
	}
	return resources, nil
}

func serversOwn(object *unstructured.Unstructured) bool {
	managers := object.GetManagedFields()
	return len(managers) > 0 && !slices.ContainsFunc(managers, func(f metav1.ManagedFieldsEntry) bool {
		return f.Manager != serverManager
	})
}

func normalize(object *unstructured.Unstructured) {
	object.SetResourceVersion("")
	object.SetGeneration(0)
	fields := object.GetManagedFields()
	for i := range fields {
		fields[i].Time = nil
	}
	slices.SortFunc(fields, func(a, b metav1.ManagedFieldsEntry) int {
		return cmp.Or(cmp.Compare(a.Manager, b.Manager), cmp.Compare(a.Operation, b.Operation),
			cmp.Compare(a.Subresource, b.Subresource), cmp.Compare(a.APIVersion, b.APIVersion))
	})
	object.SetManagedFields(fields)
	if status, ok := object.Object["status"]; ok {
		object.Object["status"] = timeless(status)
	}
}

// timeless blanks every string that is a timestamp and drops every
// observedGeneration, at any depth.
func timeless(value any) any {
	switch v := value.(type) {
	case map[string]any:
		delete(v, "observedGeneration")
		for key, item := range v {
			v[key] = timeless(item)
		}
	case []any:
		for i, item := range v {
			v[i] = timeless(item)
		}
	case string:
		if _, err := time.Parse(time.RFC3339, v); err == nil {
			return ""
		}
	}
	return value
}

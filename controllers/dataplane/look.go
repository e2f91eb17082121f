// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane

import (
	"context"
	"errors"
	"fmt"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/observe"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/internal/translate"
	"github.com/meshingress/meshingress/providers"
)

// view is one class as it stands.
type view struct {
	class     *v1alpha1.MeshIngressClass
	provider  providers.Provider // nil where there is none
	result    translate.ClassResult
	discovery injection.Discovery
	failed    error // why discovery failed
	waiting   bool  // a cache is not filled yet
	claims    []injection.Claim
}

// outside says why no workload of the cluster proxies the class's requests.
func (v *view) outside() string {
	if v.provider == nil {
		return ""
	}
	return v.provider.Describe().DataPlane.Outside
}

// enforces reports whether the class writes into workloads.
func (v *view) enforces() bool {
	in := v.class.Spec.DataPlane.Injection
	return in == "" || in == v1alpha1.InjectionEnforce
}

// look reads the cluster and every class.
func (r *Reconciler) look(ctx context.Context, s *scope, facts linkerd.Facts) error {
	var err error
	if s.cluster, err = r.cluster(ctx, facts); err != nil {
		return err
	}
	var list v1alpha1.MeshIngressClassList
	if err := r.Client.List(ctx, &list); err != nil {
		return fmt.Errorf("listing MeshIngressClasses: %w", err)
	}
	if s.served, err = observe.Served(ctx, r.Client, r.kindsOf(list.Items)); err != nil {
		return err
	}
	s.views, s.peers = map[string]*view{}, others(list.Items, s.class)
	for _, other := range s.peers {
		if other.DeletionTimestamp.IsZero() {
			// Where what it wants cannot be told, what it has stays.
			s.views[other.Name], _ = r.view(ctx, s, other)
		}
	}
	if !s.class.DeletionTimestamp.IsZero() {
		return nil
	}
	v, err := r.view(ctx, s, s.class)
	s.views[s.class.Name], s.waiting = v, v.waiting
	return err
}

// kindsOf lists what has to be known of the API server for the vendors of classes.
func (r *Reconciler) kindsOf(classes []v1alpha1.MeshIngressClass) []providers.Kind {
	var kinds []providers.Kind
	seen := map[v1alpha1.Vendor]bool{}
	for i := range classes {
		vendor := classes[i].Spec.Vendor
		if p, ok := r.Registry.Get(vendor); ok && !seen[vendor] {
			kinds = append(kinds, p.Describe().Served()...)
		}
		seen[vendor] = true
	}
	return kinds
}

// others are the classes beside one.
func others(all []v1alpha1.MeshIngressClass, one *v1alpha1.MeshIngressClass) []*v1alpha1.MeshIngressClass {
	var found []*v1alpha1.MeshIngressClass
	for i := range all {
		if all[i].Name != one.Name {
			found = append(found, &all[i])
		}
	}
	return found
}

func (r *Reconciler) view(ctx context.Context, s *scope, class *v1alpha1.MeshIngressClass) (*view, error) {
	v := &view{class: class}
	v.result = translate.Class(r.Registry, class, translate.ClassSnapshot{
		Served: s.served, ClusterDomain: s.cluster.Linkerd.ClusterDomain,
		Read: func(read providers.Read) []*unstructured.Unstructured {
			objects, synced, err := r.List(ctx, read)
			v.failed = errors.Join(v.failed, err)
			v.waiting = v.waiting || err == nil && !synced
			return objects
		},
	})
	var ok bool
	if v.provider, ok = r.Registry.Get(class.Spec.Vendor); !ok || v.failed != nil {
		return v, v.failed
	}
	if v.waiting {
		v.failed = errWaiting
		return v, nil
	}
	c := s.cluster
	c.Find, c.GatewayController = translate.Finder(v.provider, v.result), translate.GatewayController(v.result)
	c.PodSpec = translate.PodSpec(v.provider, v.result, c.Linkerd.TokenProjection)
	if v.discovery, v.failed = injection.Discover(class, v.provider.Describe().DataPlane, c); v.failed != nil {
		return v, nil
	}
	if v.result.Rejected == nil {
		v.claims = injection.Plan(class, v.result.Strategy, v.discovery, c)
	}
	return v, nil
}

// errWaiting means that a cache does not hold yet what a class depends on.
var errWaiting = errors.New("waiting for the first look at what the class depends on")

// cluster reads what discovery looks through. The lists are not changed, so they
// are not copied.
func (r *Reconciler) cluster(ctx context.Context, facts linkerd.Facts) (injection.Cluster, error) {
	c := injection.Cluster{Linkerd: facts, Watched: r.Namespaces, Namespaces: map[string]*corev1.Namespace{}}
	var services corev1.ServiceList
	var namespaces corev1.NamespaceList
	for _, list := range []client.ObjectList{&services, &namespaces} {
		if err := r.Client.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
			return c, fmt.Errorf("listing %T: %w", list, err)
		}
	}
	for i := range services.Items {
		c.Services = append(c.Services, &services.Items[i])
	}
	for i := range namespaces.Items {
		c.Namespaces[namespaces.Items[i].Name] = &namespaces.Items[i]
	}
	var err error
	if c.Workloads, err = r.allWorkloads(ctx); err != nil {
		return c, err
	}
	if c.IngressClasses, err = r.ingressClasses(ctx); err != nil {
		return c, err
	}
	c.Webhooks, err = r.webhooks(ctx)
	return c, err
}

// ingressClasses are the controller strings of the IngressClasses, by name.
func (r *Reconciler) ingressClasses(ctx context.Context) (map[string]string, error) {
	var list networkingv1.IngressClassList
	if err := r.Client.List(ctx, &list, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing IngressClasses: %w", err)
	}
	controllers := make(map[string]string, len(list.Items))
	for i := range list.Items {
		controllers[list.Items[i].Name] = list.Items[i].Spec.Controller
	}
	return controllers, nil
}

// webhooks are the Services that the API server calls for admission.
func (r *Reconciler) webhooks(ctx context.Context) ([]injection.Webhook, error) {
	var validating admissionv1.ValidatingWebhookConfigurationList
	var mutating admissionv1.MutatingWebhookConfigurationList
	for _, list := range []client.ObjectList{&validating, &mutating} {
		if err := r.Client.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
			return nil, fmt.Errorf("listing %T: %w", list, err)
		}
	}
	var all []injection.Webhook
	for i := range validating.Items {
		all = append(all, injection.ValidatingWebhooks(&validating.Items[i])...)
	}
	for i := range mutating.Items {
		all = append(all, injection.MutatingWebhooks(&mutating.Items[i])...)
	}
	return all, nil
}

func (r *Reconciler) allWorkloads(ctx context.Context) ([]injection.Workload, error) {
	var deployments appsv1.DeploymentList
	var daemonSets appsv1.DaemonSetList
	var statefulSets appsv1.StatefulSetList
	for _, list := range []client.ObjectList{&deployments, &daemonSets, &statefulSets} {
		if err := r.Client.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
			return nil, fmt.Errorf("listing %T: %w", list, err)
		}
	}
	var all []injection.Workload
	for i := range deployments.Items {
		all = append(all, injection.FromDeployment(&deployments.Items[i]))
	}
	for i := range daemonSets.Items {
		all = append(all, injection.FromDaemonSet(&daemonSets.Items[i]))
	}
	for i := range statefulSets.Items {
		all = append(all, injection.FromStatefulSet(&statefulSets.Items[i]))
	}
	return all, nil
}

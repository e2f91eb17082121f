// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
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
	claims    []injection.Claim
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
	if s.served, err = observe.Served(ctx, r.Client, r.Registry.Kinds()); err != nil {
		return err
	}
	var list v1alpha1.MeshIngressClassList
	if err := r.Client.List(ctx, &list); err != nil {
		return fmt.Errorf("listing MeshIngressClasses: %w", err)
	}
	s.views = map[string]*view{s.class.Name: r.view(s.class, s.cluster, s.served)}
	for i := range list.Items {
		other := &list.Items[i]
		if other.Name != s.class.Name && other.DeletionTimestamp.IsZero() {
			s.views[other.Name] = r.view(other, s.cluster, s.served)
		}
	}
	return nil
}

func (r *Reconciler) view(class *v1alpha1.MeshIngressClass, c injection.Cluster, served providers.Served) *view {
	v := &view{class: class, result: translate.Class(r.Registry, class, served, c.Linkerd.ClusterDomain)}
	var ok bool
	if v.provider, ok = r.Registry.Get(class.Spec.Vendor); !ok {
		return v
	}
	if v.discovery, v.failed = injection.Discover(class, v.provider.Describe().DataPlane, c); v.failed != nil {
		return v
	}
	if v.result.Rejected == nil {
		v.claims = injection.Plan(class, v.result.Strategy, v.discovery, c)
	}
	return v
}

// cluster reads what discovery looks through. The lists are not changed, so they
// are not copied.
func (r *Reconciler) cluster(ctx context.Context, facts linkerd.Facts) (injection.Cluster, error) {
	c := injection.Cluster{Linkerd: facts, Namespaces: map[string]*corev1.Namespace{}}
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
	c.Workloads, err = r.allWorkloads(ctx)
	return c, err
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

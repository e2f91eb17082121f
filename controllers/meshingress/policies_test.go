// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package meshingress_test

import (
	"context"
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/authorization"
	"github.com/meshingress/meshingress/internal/permissions"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/expect"
)

// runsAs says which ServiceAccount the pods of a class have, and that they are meshed.
func runsAs(ctx context.Context, class *v1alpha1.MeshIngressClass, v vendorCase, name string) {
	GinkgoHelper()
	current := expect.ExpectExists(ctx, user, class)
	current.Status.Workloads = []v1alpha1.WorkloadStatus{{
		WorkloadReference:  v1alpha1.WorkloadReference{Kind: "Deployment", Namespace: "ingress", Name: "controller"},
		ServiceAccountName: name,
	}}
	Expect(user.Status().Update(ctx, current)).To(Succeed())
	isMeshed(ctx, class, v)
}

// hasPods says how many pods a class has, and how many of them are in the mesh.
func hasPods(ctx context.Context, class *v1alpha1.MeshIngressClass, pods, meshed int32) {
	GinkgoHelper()
	current := expect.ExpectExists(ctx, user, class)
	current.Status.Workloads[0].Pods, current.Status.Workloads[0].MeshedPods = pods, meshed
	Expect(user.Status().Update(ctx, current)).To(Succeed())
}

func guardedBy(mode v1alpha1.AuthorizationMode, clients ...v1alpha1.AuthorizedClient) builders.MeshIngressOption {
	return func(mi *v1alpha1.MeshIngress) {
		mi.Spec.Authorization = &v1alpha1.Authorization{Policy: mode, Clients: clients}
	}
}

// policyObjects are those of a kind in the spec's namespace.
func policyObjects(ctx context.Context, k providers.Kind) []unstructured.Unstructured {
	GinkgoHelper()
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(k.GroupVersionKind)
	Expect(user.List(ctx, list, client.InNamespace(namespace))).To(Succeed())
	return list.Items
}

// recordedKinds are those of the inventory, in its order.
func recordedKinds(mi *v1alpha1.MeshIngress) []string {
	var kinds []string
	for _, e := range mi.Status.Inventory {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

// allPolicies are "<kind>/<name>".
func allPolicies(ctx context.Context) []string {
	GinkgoHelper()
	var names []string
	for _, k := range authorization.Kinds() {
		for _, o := range policyObjects(ctx, k) {
			names = append(names, k.Kind+"/"+o.GetName())
		}
	}
	return names
}

func serverAccess(ctx context.Context) []string {
	GinkgoHelper()
	var all []string
	for _, o := range policyObjects(ctx, authorization.KindServer) {
		all = append(all, fmt.Sprint(specOf(&o)["accessPolicy"]))
	}
	return all
}

// identities are "<namespace>/<name>" of every ServiceAccount that is admitted.
func identities(ctx context.Context) []string {
	GinkgoHelper()
	var all []string
	for _, o := range policyObjects(ctx, authorization.KindMeshTLSAuthentication) {
		for _, ref := range specOf(&o)["identityRefs"].([]any) {
			ref := ref.(map[string]any)
			all = append(all, fmt.Sprintf("%s/%s", ref["namespace"], ref["name"]))
		}
	}
	return all
}

// createServer is what a user makes by hand.
func createServer(ctx context.Context, name, port string, labels map[string]any) *unstructured.Unstructured {
	GinkgoHelper()
	server := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{
		"podSelector": map[string]any{"matchLabels": labels}, "port": port,
	}}}
	server.SetGroupVersionKind(authorization.KindServer.GroupVersionKind)
	server.SetNamespace(namespace)
	server.SetName(name)
	Expect(user.Create(ctx, server)).To(Succeed())
	return server
}

// forbidPolicies takes the opt-in role from the operator, and returns what gives it back.
func forbidPolicies(ctx context.Context) (restore func(context.Context)) {
	GinkgoHelper()
	role := expect.ExpectExists(ctx, user, &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: permissions.AuthorizationRole}})
	none := role.DeepCopy()
	none.Rules = nil
	setRoles(ctx, &rbacv1.ClusterRoleList{Items: []rbacv1.ClusterRole{*none}})
	Eventually(mayListPolicies).WithContext(ctx).WithTimeout(propagation).Should(BeFalse())
	restore = func(ctx context.Context) {
		setRoles(ctx, &rbacv1.ClusterRoleList{Items: []rbacv1.ClusterRole{*role}})
		Eventually(mayListPolicies).WithContext(ctx).WithTimeout(propagation).Should(BeTrue())
	}
	DeferCleanup(func(ctx SpecContext) { restore(ctx) })
	return restore
}

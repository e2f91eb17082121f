// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package admission_test

import (
	"context"
	"fmt"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	gomegatypes "github.com/onsi/gomega/types"
	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
)

// right is what RBAC grants: a verb on a resource of a group, in a namespace or in all, on
// one object or on all.
type right struct{ verb, group, resource, namespace, name string }

func (r right) String() string {
	return strings.Join([]string{r.verb, r.group, r.resource, r.namespace, r.name}, " ")
}

// user is a client of a user who may write MeshIngressClasses, and what else is granted.
type user struct {
	client.Client
	name string
}

// newUser grants rights to a user of its own, and returns once they hold.
func newUser(ctx context.Context, rights ...right) *user {
	GinkgoHelper()
	u := &user{name: "user-" + randomName()}
	config := rest.CopyConfig(testEnv.Config)
	config.Impersonate = rest.ImpersonationConfig{UserName: u.name}
	var err error
	u.Client, err = client.New(config, client.Options{Scheme: testEnv.Scheme()})
	Expect(err).NotTo(HaveOccurred())

	rights = append(rights, right{verb: "*", group: v1alpha1.GroupName, resource: "meshingressclasses"})
	for i, r := range rights {
		grant(ctx, fmt.Sprintf("%s-%d", u.name, i), u.name, r)
	}
	for _, r := range rights {
		Eventually(func() bool { return may(ctx, u.name, r) }).Should(BeTrue(), "%s", r)
	}
	return u
}

// workload is one that the user may not patch.
func (*user) workload() v1alpha1.WorkloadReference {
	return v1alpha1.WorkloadReference{Kind: "Deployment", Namespace: "platform", Name: "ingress"}
}

func grant(ctx context.Context, name, to string, r right) {
	GinkgoHelper()
	rule := rbacv1.PolicyRule{Verbs: []string{r.verb}, APIGroups: []string{r.group}, Resources: []string{r.resource}}
	if r.name != "" {
		rule.ResourceNames = []string{r.name}
	}
	meta := metav1.ObjectMeta{Name: name, Namespace: r.namespace}
	subjects := []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: to}}
	var objects []client.Object
	if r.namespace == "" {
		objects = []client.Object{
			&rbacv1.ClusterRole{ObjectMeta: meta, Rules: []rbacv1.PolicyRule{rule}},
			&rbacv1.ClusterRoleBinding{
				ObjectMeta: meta, Subjects: subjects,
				RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name},
			},
		}
	} else {
		objects = []client.Object{
			&rbacv1.Role{ObjectMeta: meta, Rules: []rbacv1.PolicyRule{rule}},
			&rbacv1.RoleBinding{
				ObjectMeta: meta, Subjects: subjects,
				RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name},
			},
		}
	}
	for _, object := range objects {
		Expect(testEnv.Client.Create(ctx, object)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) { Expect(testEnv.Client.Delete(ctx, object)).To(Succeed()) })
	}
}

func may(ctx context.Context, name string, r right) bool {
	GinkgoHelper()
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: name, ResourceAttributes: &authorizationv1.ResourceAttributes{
			Verb: r.verb, Group: r.group, Resource: r.resource, Namespace: r.namespace, Name: r.name,
		},
	}}
	Expect(testEnv.Client.Create(ctx, review)).To(Succeed())
	return review.Status.Allowed
}

// BeRefused expects the policy to refuse a request because of a field.
func BeRefused(field string) gomegatypes.GomegaMatcher {
	return And(
		HaveOccurred(),
		WithTransform(apierrors.IsForbidden, BeTrue()),
		MatchError(ContainSubstring("'"+rightsPolicy+"'")),
		MatchError(ContainSubstring("denied request: "+field+": ")),
	)
}

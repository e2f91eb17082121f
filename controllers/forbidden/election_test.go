// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package forbidden_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/permissions"
	"github.com/meshingress/meshingress/test/fixtures"
)

// retryPeriod is shorter than the default of two seconds. The other periods are the
// defaults: a leader that may not renew its lease ends after ten seconds, and another may
// take it after fifteen. Shorter ones would end the other as well on a machine that stalls.
const retryPeriod = 200 * time.Millisecond

// electionRules are those that no reconcile asks for: what electing a leader needs, and
// events.
func electionRules() []rbacv1.PolicyRule {
	events := slices.DeleteFunc(permissions.Base().All(), func(r rbacv1.PolicyRule) bool {
		return !slices.Contains(r.Resources, "events")
	})
	return slices.Concat(permissions.LeaderElection(), events)
}

var _ = Describe("A replica of the operator", func() {
	BeforeEach(func(ctx SpecContext) {
		s := of("", v1alpha1.VendorContour, fixtures.Contour)
		s.install(ctx)
		DeferCleanup(s.uninstall)
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: leaseNamespace}}
		Expect(client.IgnoreAlreadyExists(admin.Create(ctx, namespace))).To(Succeed())
		lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: leaseNamespace, Name: permissions.LeaseName}}
		Expect(client.IgnoreNotFound(admin.Delete(ctx, lease))).To(Succeed())
	})

	for _, p := range permissions.Split(electionRules()) {
		It("without the permission to "+p.String(), func(ctx SpecContext) {
			happens, known := outcomes()[p.String()]
			Expect(known).To(BeTrue(), "what happens without the permission to %s?", p)
			all := slices.Concat(permissions.LeaderElection(), contour())
			user := "replica without " + p.String()
			grant(ctx, map[string][]rbacv1.PolicyRule{user: without(all, p)})
			_, mi := createPair(ctx, "contour", v1alpha1.VendorContour)
			happens(replica{user: user, missing: p, all: all, mi: mi}, ctx)
		})
	}
})

// replica is an operator that lacks one permission, and a MeshIngress that is there.
type replica struct {
	user    string
	missing permissions.Permission
	all     []rbacv1.PolicyRule
	mi      *v1alpha1.MeshIngress
}

// outcomes are what a replica does without each permission.
func outcomes() map[string]func(replica, context.Context) {
	return map[string]func(replica, context.Context){
		"get leases.coordination.k8s.io":    replica.waits,
		"create leases.coordination.k8s.io": replica.waits,
		"update leases.coordination.k8s.io": replica.endsBeforeAnotherLeads,
		"create events":                     replica.worksAndLogs,
		"create events.events.k8s.io":       replica.worksAndLogs,
		"patch events.events.k8s.io":        replica.worksAndLogs,
	}
}

// waits is what a replica does that cannot become the leader: it stays up, says why, and
// leads once it may.
func (r replica) waits(ctx context.Context) {
	m := startManager(ctx, r.user, elect)
	r.isLogged()
	Expect(m.elected).NotTo(BeClosed())
	Expect(conditionsOf(ctx, r.mi)).To(BeEmpty(), "a replica that does not lead has reconciled")

	allow(ctx, r.user, r.all)
	Eventually(m.elected).WithTimeout(noticeTimeout).Should(BeClosed())
	r.isServed(ctx)
}

// endsBeforeAnotherLeads is what a replica does that cannot renew its lease: it ends, or
// two would work at once. What is started anew leads once it may.
func (r replica) endsBeforeAnotherLeads(ctx context.Context) {
	m := startManager(ctx, r.user, elect)
	Eventually(m.elected).WithTimeout(noticeTimeout).Should(BeClosed())
	other := r.user + ", the other"
	grant(ctx, map[string][]rbacv1.PolicyRule{other: r.all})
	next := startManager(ctx, other, elect)
	Eventually(next.elected).WithTimeout(noticeTimeout).Should(BeClosed())
	Expect(m.ended).To(Receive(MatchError("leader election lost")), "two replicas lead")
	m.isOver = true
	r.isLogged()
	r.isServed(ctx)
	next.stop()

	again := startManager(ctx, r.user, elect)
	allow(ctx, r.user, r.all)
	Eventually(again.elected).WithTimeout(noticeTimeout).Should(BeClosed())
}

// worksAndLogs is what a replica does that cannot tell of what it does: it does it.
func (r replica) worksAndLogs(ctx context.Context) {
	m := startManager(ctx, r.user, elect)
	r.isServed(ctx)
	for range 2 { // the second is a patch of the first
		m.events.Eventf(r.mi, nil, corev1.EventTypeNormal, "Tested", "Test", "twice")
	}
	r.isLogged()
	Expect(m.ready()).To(Equal(http.StatusOK))
}

func (r replica) isServed(ctx context.Context) {
	GinkgoHelper()
	Eventually(func() []string { return conditionsOf(ctx, r.mi) }).WithTimeout(noticeTimeout).
		Should(ContainElement("Programmed=True"))
}

// isLogged waits until the log names the permission that is missing.
func (r replica) isLogged() {
	GinkgoHelper()
	text := fmt.Sprintf("User %q %s", r.user, refusal(r.missing))
	Eventually(func() bool {
		return strings.Contains(strings.ReplaceAll(string(operatorLog.Contents()), `\"`, `"`), text)
	}).WithTimeout(noticeTimeout).Should(BeTrue(), "the log does not say: %s", text)
}

// elect makes a manager one of several replicas, as cmd/manager does.
func elect(o *ctrl.Options) {
	o.LeaderElection, o.LeaderElectionReleaseOnCancel = true, true
	o.LeaderElectionID, o.LeaderElectionNamespace = permissions.LeaseName, leaseNamespace
	o.RetryPeriod = ptr.To(retryPeriod)
}

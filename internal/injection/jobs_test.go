// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package injection_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/test/builders"
)

const (
	injectKey     = "linkerd.io/inject"
	nativeSidecar = "config.linkerd.io/proxy-enable-native-sidecar"
)

// annotatedNamespace is a cluster with one Namespace.
func annotatedNamespace(a annotations) injection.Cluster {
	c := cluster(nil)
	ns := builders.Namespace("infra")
	ns.Annotations = a
	c.Namespaces["infra"] = ns
	return c
}

// onNamespace claims the Namespace of a workload, as a class with that target does.
func onNamespace(a annotations) injection.Claim {
	return injection.Claim{
		Workload: proxy("infra", "edge"), Annotations: a,
		Target: injection.Target{InventoryEntry: v1alpha1.InventoryEntry{Version: "v1", Kind: "Namespace", Name: "infra"}},
	}
}

// onTemplate claims the pod template of a workload.
func onTemplate(a annotations) injection.Claim {
	return injection.Claim{
		Workload: proxy("infra", "edge"), Annotations: a,
		Target: injection.Target{InventoryEntry: v1alpha1.InventoryEntry{Group: "apps", Version: "v1", Kind: "Deployment"}},
	}
}

func TestWhereJobsWouldHang(t *testing.T) {
	enabled := annotations{injectKey: "enabled"}
	for name, tc := range map[string]struct {
		claim     injection.Claim
		namespace annotations
		native    bool
		want      []string
	}{
		"nobody annotates the Namespace":        {claim: onTemplate(enabled)},
		"we shall annotate it":                  {claim: onNamespace(enabled), want: []string{"infra"}},
		"the user has, for us":                  {claim: onTemplate(enabled), namespace: enabled, want: []string{"infra"}},
		"the user has, for ingress mode":        {claim: onTemplate(nil), namespace: annotations{injectKey: "ingress"}, want: []string{"infra"}},
		"the user keeps the injector away":      {claim: onTemplate(enabled), namespace: annotations{injectKey: "disabled"}},
		"a value that the injector knows not":   {claim: onTemplate(enabled), namespace: annotations{injectKey: "true"}},
		"something is in the way of ours":       {claim: onNamespace(nil)},
		"proxies are native sidecars":           {claim: onNamespace(enabled), native: true},
		"they are in this Namespace":            {claim: onNamespace(enabled), namespace: annotations{nativeSidecar: "true"}},
		"they are, but not in this Namespace":   {claim: onNamespace(enabled), namespace: annotations{nativeSidecar: "false"}, native: true, want: []string{"infra"}},
		"the pods' own sidecars say nothing":    {claim: onTemplate(annotations{nativeSidecar: "true"}), namespace: enabled, want: []string{"infra"}},
		"a Namespace that cannot be seen is no": {claim: onTemplate(enabled)},
	} {
		t.Run(name, func(t *testing.T) {
			c := annotatedNamespace(tc.namespace)
			c.Linkerd.NativeSidecar = tc.native
			if diff := cmp.Diff(tc.want, injection.JobNamespaces([]injection.Claim{tc.claim}, c)); diff != "" {
				t.Errorf("namespaces (-want +got):\n%s", diff)
			}
		})
	}
}

func job(namespace, name string, changes ...func(*batchv1.Job)) *batchv1.Job {
	j := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	for _, change := range changes {
		change(j)
	}
	return j
}

func template(change func(*corev1.PodTemplateSpec)) func(*batchv1.Job) {
	return func(j *batchv1.Job) { change(&j.Spec.Template) }
}

func TestJobsHang(t *testing.T) {
	hangs := []string{"Job infra/certgen", "linkerd.io/inject: disabled", "proxy.nativeSidecar: true"}
	annotated := func(key, value string) func(*batchv1.Job) {
		return template(func(pod *corev1.PodTemplateSpec) { pod.Annotations = annotations{key: value} })
	}
	condition := func(kind batchv1.JobConditionType, status corev1.ConditionStatus) func(*batchv1.Job) {
		return func(j *batchv1.Job) {
			j.Status.Conditions = append(j.Status.Conditions, batchv1.JobCondition{Type: kind, Status: status})
		}
	}
	for name, tc := range map[string]struct {
		job  *batchv1.Job
		want []string
	}{
		"a Job":                           {job: job("infra", "certgen"), want: hangs},
		"one of another namespace":        {job: job("elsewhere", "certgen")},
		"one that is left alone":          {job: job("infra", "certgen", annotated(injectKey, "disabled"))},
		"one that asks for a proxy":       {job: job("infra", "certgen", annotated(injectKey, "enabled")), want: hangs},
		"one that asks for nonsense":      {job: job("infra", "certgen", annotated(injectKey, "no"))},
		"one with a native sidecar":       {job: job("infra", "certgen", annotated(nativeSidecar, "true"))},
		"one that ends its proxy":         {job: job("infra", "certgen", annotated(linkerd.AdminShutdownAnnotation, "enabled"))},
		"one that does not end its proxy": {job: job("infra", "certgen", annotated(linkerd.AdminShutdownAnnotation, "disabled")), want: hangs},
		"one that is complete":            {job: job("infra", "certgen", condition(batchv1.JobComplete, corev1.ConditionTrue))},
		"one that has failed":             {job: job("infra", "certgen", condition(batchv1.JobFailed, corev1.ConditionTrue))},
		"one that has not failed":         {job: job("infra", "certgen", condition(batchv1.JobFailed, corev1.ConditionFalse)), want: hangs},
		"one that is to end":              {job: job("infra", "certgen", condition(batchv1.JobSuccessCriteriaMet, corev1.ConditionTrue)), want: hangs},
		"one that is suspended":           {job: job("infra", "certgen", func(j *batchv1.Job) { j.Spec.Suspend = ptr.To(true) })},
		"one of a CronJob, which is named itself": {job: job("infra", "certgen", func(j *batchv1.Job) {
			j.OwnerReferences = []metav1.OwnerReference{{Kind: "CronJob", Name: "certgen", Controller: ptr.To(true)}}
		})},
		"one of anybody else": {job: job("infra", "certgen", func(j *batchv1.Job) {
			j.OwnerReferences = []metav1.OwnerReference{{Kind: "ContourDeployment", Name: "contour", Controller: ptr.To(true)}}
		}), want: hangs},
		"one that the injector passes over": {job: job("infra", "certgen", template(func(pod *corev1.PodTemplateSpec) {
			pod.Spec.HostNetwork = true
		}))},
	} {
		t.Run(name, func(t *testing.T) {
			claims := []injection.Claim{onNamespace(annotations{injectKey: "enabled"})}
			jobs := []injection.Job{injection.FromJob(tc.job)}
			got := injection.JobsHang(claims, jobs, injection.Discovery{}, annotatedNamespace(nil))
			expectNames(t, theOnly(t, got, v1alpha1.ReasonJobsHang), tc.want)
		})
	}
}

func TestNoJobHangsWhereTheInjectorDoesNotLook(t *testing.T) {
	injector, err := linkerd.ReadInjector(&admissionv1.MutatingWebhookConfiguration{Webhooks: []admissionv1.MutatingWebhook{{
		NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"mesh": "yes"}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	c := annotatedNamespace(annotations{injectKey: "enabled"})
	c.Linkerd.Injector = injector
	jobs := []injection.Job{injection.FromJob(job("infra", "certgen"))}
	if got := injection.JobsHang([]injection.Claim{onTemplate(nil)}, jobs, injection.Discovery{}, c); len(got) > 0 {
		t.Errorf("got %v, want nothing", got)
	}
}

func TestJobsAreNamedInOrderUpToFiveOfAKind(t *testing.T) {
	var jobs []injection.Job
	for _, i := range []int{6, 2, 4, 1, 5, 3, 0} {
		jobs = append(jobs, injection.FromJob(job("infra", fmt.Sprintf("job-%d", i))))
	}
	cron := &batchv1.CronJob{ObjectMeta: metav1.ObjectMeta{Namespace: "infra", Name: "backup"}}
	suspended := cron.DeepCopy()
	suspended.Name, suspended.Spec.Suspend = "suspended", ptr.To(true)
	spared := cron.DeepCopy()
	spared.Name, spared.Spec.JobTemplate.Spec.Template.Annotations = "spared", annotations{injectKey: "disabled"}
	for _, c := range []*batchv1.CronJob{suspended, spared, cron} {
		jobs = append(jobs, injection.FromCronJob(c))
	}
	claims := []injection.Claim{onNamespace(annotations{injectKey: "enabled"})}
	got := theOnly(t, injection.JobsHang(claims, jobs, injection.Discovery{}, annotatedNamespace(nil)), v1alpha1.ReasonJobsHang)
	expectNames(t, got, []string{
		"CronJob infra/backup, Job infra/job-0, infra/job-1, infra/job-2, infra/job-3, infra/job-4 and 2 more;",
	})
}

func TestAnotherTargetIsTheRemedyWhereTheVendorHasOne(t *testing.T) {
	const namespace, gateway = v1alpha1.InjectionTargetNamespace, v1alpha1.InjectionTargetGateway
	for name, tc := range map[string]struct {
		targets []v1alpha1.InjectionTarget
		want    string
	}{
		"none":          {want: "take the annotation off the Namespace"},
		"not Namespace": {targets: []v1alpha1.InjectionTarget{gateway}, want: "take the annotation off the Namespace"},
		"both":          {targets: []v1alpha1.InjectionTarget{namespace, gateway}, want: "set spec.dataPlane.injectionTarget to Gateway"},
	} {
		t.Run(name, func(t *testing.T) {
			claims := []injection.Claim{onNamespace(annotations{injectKey: "enabled"})}
			jobs := []injection.Job{injection.FromJob(job("infra", "certgen"))}
			got := injection.JobsHang(claims, jobs, injection.Discovery{Targets: tc.targets}, annotatedNamespace(nil))
			expectNames(t, theOnly(t, got, v1alpha1.ReasonJobsHang), []string{tc.want})
		})
	}
}

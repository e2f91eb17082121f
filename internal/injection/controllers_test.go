// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package injection_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/test/builders"
)

// started gives the main container arguments.
func started(args ...string) func(*injection.Workload) {
	return func(w *injection.Workload) { w.Template.Spec.Containers[0].Args = args }
}

// listed finds workloads as found does, and tells of a notice.
func listed(t *testing.T, class *v1alpha1.MeshIngressClass, w providers.DataPlane, c injection.Cluster) []string {
	t.Helper()
	out := found(t, class, w, c)
	if d, err := injection.Discover(class, w, c); err == nil && d.Mismatch != "" {
		out = append(out, "but "+d.Notices(class)[0].Reason)
	}
	return out
}

const mismatch = v1alpha1.ReasonControllerMismatch

func TestControllerStrings(t *testing.T) {
	ours := where()
	ours.Controllers = []string{"example.com/proxy", "example.com/gateway"}
	ours.Workloads[0].ClassFlags = []providers.ClassFlag{{Arg: "controller", Controller: "*"}}
	nobodys := where()
	ofGateway := where()
	ofGateway.Controllers = ours.Controllers
	ofGateway.Workloads[0].GatewayName = "part"
	gateway := func(class *v1alpha1.MeshIngressClass) {
		class.Spec.GatewayRef = &v1alpha1.GatewayReference{ObjectKey: v1alpha1.ObjectKey{Namespace: "infra", Name: "edge"}}
	}
	named := builders.WithWorkload("Deployment", "infra", "edge")
	const edge = "Deployment infra/edge"
	for name, tc := range map[string]struct {
		where      providers.DataPlane
		opt        builders.ClassOption
		args       string
		controller string // of the IngressClass "public" and of the GatewayClass
		none       bool   // no workload
		want       []string
	}{
		"of the vendor":                 {where: ours, controller: "example.com/proxy", want: []string{edge}},
		"of its gateways":               {where: ours, controller: "example.com/gateway", want: []string{edge}},
		"of the vendor, and more":       {where: ours, controller: "example.com/proxy/internal", want: []string{edge}},
		"none":                          {where: ours, want: []string{edge}},
		"of another vendor":             {where: ours, controller: "k8s.io/ingress-nginx", want: []string{mismatch}},
		"of another, by its beginning":  {where: ours, controller: "example.com/proxy2", want: []string{mismatch}},
		"of another, before not found":  {where: ours, controller: "example.com/other", none: true, want: []string{mismatch}},
		"of another, which is not ours": {where: ours, opt: builders.WithIngressClassName("edge"), controller: "a/b", want: []string{edge}},
		"of another, but named": {
			where: ours, opt: named, controller: "example.com/other", want: []string{edge, "but " + mismatch},
		},
		"of the vendor, and named": {where: ours, opt: named, controller: "example.com/proxy", want: []string{edge}},
		"of another, which the workload has, too": {
			where: ours, args: "--controller=example.com/other", controller: "example.com/other", want: []string{edge},
		},
		"of another than the workload has": {
			where: ours, args: "--controller=example.com/proxy", controller: "example.com/other", want: []string{mismatch},
		},
		"of a vendor that cannot be told by it": {where: nobodys, controller: "a/b", want: []string{edge}},
		"of another vendor's Gateway":           {where: ours, opt: gateway, controller: "a/b", want: []string{mismatch}},
		"of a Gateway that made the workload":   {where: ofGateway, opt: gateway, controller: "a/b", want: []string{edge}},
		"of a Gateway that made none":           {where: ofGateway, opt: gateway, controller: "a/b", none: true, want: []string{mismatch}},
	} {
		t.Run(name, func(t *testing.T) {
			c := cluster(nil)
			if !tc.none {
				c.Workloads = []injection.Workload{proxy("infra", "edge", started(tc.args))}
			}
			if tc.controller != "" {
				c.IngressClasses, c.GatewayController = map[string]string{"public": tc.controller}, tc.controller
			}
			class := builders.Class("public", v1alpha1.VendorTraefik)
			if tc.opt != nil {
				tc.opt(class)
			}
			if diff := cmp.Diff(tc.want, listed(t, class, tc.where, c)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSeveralWorkloadsAreToldApart(t *testing.T) {
	byName := []providers.ClassFlag{{Arg: "crd.class"}, {Arg: "class", Env: "CLASS"}}
	byController := []providers.ClassFlag{{Arg: "controller", Controller: "example.com/proxy/*"}, {Arg: "class"}}
	env := func(value string) func(*injection.Workload) {
		return func(w *injection.Workload) {
			beside := corev1.Container{Name: "controller", Env: []corev1.EnvVar{{Name: "CLASS", Value: value}}}
			w.Template.Spec.Containers = append(w.Template.Spec.Containers, beside)
		}
	}
	const a, b, ambiguous, missing = "Deployment infra/a", "Deployment infra/b", v1alpha1.ReasonAmbiguousWorkload, v1alpha1.ReasonWorkloadNotFound
	for name, tc := range map[string]struct {
		flags      []providers.ClassFlag
		a, b       func(*injection.Workload)
		controller string
		want       string
	}{
		"nothing is said":         {byName, started(), started(), "", ambiguous},
		"one says ours":           {byName, started(), started("--class=public"), "", b},
		"one says another":        {byName, started(), started("--class=other"), "", a},
		"each says its own":       {byName, started("--class=other"), started("--class=public"), "", b},
		"both say ours":           {byName, started("--class=public"), started("--class=public"), "", ambiguous},
		"both say another":        {byName, started("--class=x"), started("--class=y"), "", missing},
		"with one dash":           {byName, started("-class=public"), started(), "", a},
		"in two":                  {byName, started("--class", "public"), started("--class", "other"), "", a},
		"at the end":              {byName, started("--class"), started("--class", "public"), "", b},
		"without dashes":          {byName, started("class=public"), started(), "", ambiguous},
		"in another case":         {byName, started("--Class=public"), started(), "", a},
		"in the environment":      {byName, env("other"), env("public"), "", b},
		"not known":               {byName, started("--class=$(CLASS)"), started("--class=other"), "", a},
		"the first flag wins":     {byName, started("--class=public", "--crd.class=other"), started(), "", b},
		"by controller":           {byController, started("--controller=x"), started("--controller=y"), "example.com/proxy/y", b},
		"by controller, a slash":  {byController, started("--controller=/x"), started("--controller=y"), "example.com/proxy/x", a},
		"name beside controller":  {byController, started("--class=public"), started("--controller=y"), "example.com/proxy/y", b},
		"name in place of it":     {byController, started("--class=public"), started("--controller=y"), "", a},
		"controller, not by name": {byController, started("--class=public"), started("--class=other"), "example.com/proxy", ambiguous},
	} {
		t.Run(name, func(t *testing.T) {
			w := where()
			w.Controllers, w.Workloads[0].ClassFlags = []string{"example.com/proxy"}, tc.flags
			c := cluster(nil, proxy("infra", "b", tc.b), proxy("infra", "a", tc.a))
			if tc.controller != "" {
				c.IngressClasses = map[string]string{"public": tc.controller}
			}
			if diff := cmp.Diff([]string{tc.want}, listed(t, builders.Class("public", v1alpha1.VendorTraefik), w, c)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

type always []string

func (a always) ClassValues(v1alpha1.MeshIngressClassSpec) []string { return a }

func TestFlagsMayHaveValuesOfTheirOwn(t *testing.T) {
	w := where()
	w.Workloads[0].ClassFlags = []providers.ClassFlag{{Arg: "id", Values: always{"one", "two"}}}
	c := cluster(nil, proxy("infra", "a", started("--id=public")), proxy("infra", "b", started("--id=two")))
	if diff := cmp.Diff([]string{"Deployment infra/b"}, listed(t, builders.Class("public", v1alpha1.VendorTraefik), w, c)); diff != "" {
		t.Error(diff)
	}
}

// A single workload has nothing to be told from: the class may be right for reasons that
// nobody here knows.
func TestTheOnlyWorkloadOfAnotherClassIsANotice(t *testing.T) {
	w := where()
	w.Workloads[0].ClassFlags = []providers.ClassFlag{{Arg: "class"}}
	const edge = "Deployment infra/edge"
	for args, want := range map[string][]string{
		"--class=other": {edge, "but " + mismatch}, "--class=public": {edge}, "": {edge},
	} {
		c := cluster(nil, proxy("infra", "edge", started(args)))
		if diff := cmp.Diff([]string{edge}, listed(t, builders.Class("public", v1alpha1.VendorTraefik), w, c)); diff != "" {
			t.Errorf("%q, without an IngressClass: %s", args, diff)
		}
		c.IngressClasses = map[string]string{"public": "example.com/proxy"}
		if diff := cmp.Diff(want, listed(t, builders.Class("public", v1alpha1.VendorTraefik), w, c)); diff != "" {
			t.Errorf("%q: %s", args, diff)
		}
	}
}

// What a user has to write stands in the message.
func TestMessagesHaveTheRemedy(t *testing.T) {
	w := where()
	w.Controllers = []string{"example.com/proxy"}
	const one = "spec: {dataPlane: {workloads: [{kind: Deployment, namespace: infra, name: edge}]"
	const two = "spec: {dataPlane: {workloads: [{kind: Deployment, namespace: infra, name: edge}, " +
		"{kind: Deployment, namespace: other, name: edge}]"
	for reason, tc := range map[string]struct {
		workloads []injection.Workload
		says      []string
	}{
		v1alpha1.ReasonWorkloadNotFound: {
			says: []string{"app=proxy", "spec: {dataPlane: {workloads: [{kind: Deployment, namespace: <namespace>, name: <name>}]"},
		},
		v1alpha1.ReasonAmbiguousWorkload: {
			workloads: []injection.Workload{proxy("other", "edge"), proxy("infra", "edge")}, says: []string{two},
		},
		mismatch: {
			workloads: []injection.Workload{proxy("infra", "edge")},
			says: []string{
				"IngressClass public", "example.com/other", "example.com/proxy", "spec.ingressClassName or spec.vendor", one,
			},
		},
	} {
		c := cluster(nil, tc.workloads...)
		if reason == mismatch {
			c.IngressClasses = map[string]string{"public": "example.com/other"}
		}
		_, err := injection.Discover(builders.Class("public", v1alpha1.VendorTraefik), w, c)
		var failed *injection.DiscoveryError
		if !errors.As(err, &failed) || failed.Reason != reason {
			t.Errorf("got %v, want the reason %s", err, reason)
			continue
		}
		if lacks := slices.DeleteFunc(tc.says, func(s string) bool { return strings.Contains(failed.Message, s) }); len(lacks) > 0 {
			t.Errorf("%s: %q lacks %q", reason, failed.Message, lacks)
		}
	}
}

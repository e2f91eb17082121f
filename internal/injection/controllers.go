// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package injection

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
)

// classOwner is what the cluster says of whose a class is.
type classOwner struct {
	class *v1alpha1.MeshIngressClass

	// ingressClass is the name that routes carry.
	ingressClass string

	// controller string of the IngressClass, or with a gatewayRef of the GatewayClass;
	// empty where there is none.
	controller string
}

func ownerOfClass(class *v1alpha1.MeshIngressClass, c Cluster) classOwner {
	o := classOwner{class: class, ingressClass: cmp.Or(class.Spec.IngressClassName, class.Name)}
	if class.Spec.GatewayRef != nil {
		o.controller = c.GatewayController
	} else {
		o.controller = c.IngressClasses[o.ingressClass]
	}
	return o
}

// mismatch says that the class is another controller's, with the remedy; empty where that
// is not known.
func (o classOwner) mismatch(where providers.DataPlane) string {
	ours := func(own string) bool { return o.controller == own || strings.HasPrefix(o.controller, own+"/") }
	if o.controller == "" || len(where.Controllers) == 0 || slices.ContainsFunc(where.Controllers, ours) {
		return ""
	}
	object, field := "IngressClass "+o.ingressClass, "spec.ingressClassName"
	if o.class.Spec.GatewayRef != nil {
		object, field = "the GatewayClass of the Gateway "+o.class.Spec.GatewayRef.Name, "spec.gatewayRef"
	}
	return fmt.Sprintf("%s is of the controller %s, and that of %s is %s: correct %s or spec.vendor",
		object, o.controller, o.class.Spec.Vendor, strings.Join(where.Controllers, " or "), field)
}

// candidate is a workload that looks like the vendor's.
type candidate struct {
	Workload
	selector providers.WorkloadSelector

	// flag with which it is told a class, as it is written; empty where it is told none.
	flag string

	// isOurs and isProven report whether the flag tells of the class, and whether it is
	// sure that the class is the vendor's, whatever its controller string.
	isOurs, proven bool
}

func (c candidate) isProven() bool { return c.proven }

// mismatch says that the only candidate is told of another class than the one that is there.
func (c candidate) mismatch(o classOwner) string {
	if c.flag == "" || c.isOurs || o.controller == "" {
		return ""
	}
	return fmt.Sprintf("%s is started with %s and so may pass over what is generated for this class, whose ingressClassName "+
		"is %s: correct the one or the other, or name the workload in spec.dataPlane.workloads", c.Workload, c.flag, o.ingressClass)
}

func findCandidates(
	class *v1alpha1.MeshIngressClass, where providers.DataPlane, all []Workload, o classOwner,
) []candidate {
	var found []candidate
	for _, w := range all {
		i := slices.IndexFunc(where.Workloads, func(s providers.WorkloadSelector) bool {
			return selects(s, class.Spec.GatewayRef, w)
		})
		if i < 0 {
			continue
		}
		each := candidate{Workload: w, selector: where.Workloads[i]}
		o.ask(&each)
		found = append(found, each)
	}
	slices.SortFunc(found, func(a, b candidate) int { return compareWorkloads(a.Workload, b.Workload) })
	return found
}

// ask finds out what a candidate is told of its class.
func (o classOwner) ask(c *candidate) {
	hasIngressClass := o.controller != "" && o.class.Spec.GatewayRef == nil
	c.proven = c.selector.GatewayName != ""
	for _, f := range c.selector.ClassFlags {
		ofController := f.Controller != ""
		if ofController && !hasIngressClass {
			continue
		}
		value, written := readFlag(f, c.Template.Spec.Containers)
		if value != "" {
			c.flag, c.isOurs = written, o.isMeant(f, value)
			c.proven = c.proven || ofController && c.isOurs
		}
		if value != "" || ofController {
			return
		}
	}
}

func (o classOwner) isMeant(f providers.ClassFlag, value string) bool {
	switch {
	case f.Controller != "":
		value = strings.TrimPrefix(value, "/") // as haproxy-ingress does, and no controller string has one
		return strings.Replace(f.Controller, providers.ControllerValue, value, 1) == o.controller
	case f.Values != nil:
		return slices.Contains(f.Values.ClassValues(o.class.Spec), value)
	default:
		return value == o.ingressClass
	}
}

// told leaves of several candidates those that are told of the class or, where none is,
// those that are told of none.
func (o classOwner) told(all []candidate) []candidate {
	if len(all) < 2 {
		return all
	}
	others := slices.DeleteFunc(slices.Clone(all), func(c candidate) bool { return c.flag != "" && !c.isOurs })
	if ours := slices.DeleteFunc(slices.Clone(others), func(c candidate) bool { return !c.isOurs }); len(ours) > 0 {
		return ours
	}
	return others
}

// readFlag finds the value of a flag in the containers of a pod, and how it is written
// there; empty where it is not set, or only known to a kubelet.
func readFlag(f providers.ClassFlag, containers []corev1.Container) (value, written string) {
	for _, c := range containers {
		if value, written = argument(f.Arg, slices.Concat(c.Command, c.Args)); value == "" {
			value, written = variable(f.Env, c.Env)
		}
		if value != "" && !strings.Contains(value, "$(") {
			return value, written
		}
	}
	return "", ""
}

// argument reads -name=value, --name=value and the same in two.
func argument(name string, args []string) (value, written string) {
	for i, arg := range args {
		flag, value, joined := strings.Cut(arg, "=")
		dashless := strings.TrimPrefix(strings.TrimPrefix(flag, "-"), "-")
		if name == "" || dashless == flag || !strings.EqualFold(dashless, name) {
			continue
		}
		if !joined && i+1 < len(args) {
			value = args[i+1]
		}
		return value, flag + "=" + value
	}
	return "", ""
}

func variable(name string, env []corev1.EnvVar) (value, written string) {
	for _, e := range env {
		if name != "" && e.Name == name {
			return e.Value, e.Name + "=" + e.Value
		}
	}
	return "", ""
}

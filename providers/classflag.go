// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package providers

import "github.com/meshingress/meshingress/api/v1alpha1"

// ClassFlag is one way in which a controller is told whose routes it serves.
type ClassFlag struct {
	// Arg is the name of the command line flag, without dashes. Case does not matter:
	// to Traefik it does not, and no other vendor has two flags that differ in it.
	Arg string

	// Env is the environment variable that does the same; empty where there is none.
	Env string

	// Controller is what a value means as the spec.controller of an IngressClass, with
	// ControllerValue in its place: "haproxy.org/ingress-controller/*". Empty: the value
	// is the name of the class, unless Values says otherwise.
	Controller string

	// Values are those that tell of a class, where that is not its name.
	Values ClassValues
}

// ControllerValue stands for the value of the flag in ClassFlag.Controller.
const ControllerValue = "*"

// ClassValues are the values of a flag that tell of a class.
type ClassValues interface {
	// ClassValues lists them; any one will do.
	ClassValues(spec v1alpha1.MeshIngressClassSpec) []string
}

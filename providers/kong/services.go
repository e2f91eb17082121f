// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package kong

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/objects"
)

// protocolAnnotation of a Service says what Kong speaks to its pods, on all ports (KIC
// internal/dataplane/kongstate/service.go, overrideProtocol).
const protocolAnnotation = "konghq.com/protocol"

// clearProtocols are those values of protocolAnnotation with which Linkerd sees requests.
// The others (KIC internal/util/protocol.go, ValidateProtocol) are TLS, which Linkerd
// carries as bytes, and tcp, with which Kong sets no header; anything else makes KIC drop
// the Service (kongstate/service.go, override).
func clearProtocols() []string { return []string{"", "http", "grpc", "ws"} }

// checkProtocols refuses the backends to which Kong does not speak HTTP in the clear.
func checkProtocols(in providers.Input) field.ErrorList {
	var errs field.ErrorList
	for _, b := range in.AllBackends() {
		svc := objects.Find(in.Objects, providers.KindService, b.Namespace, b.Service)
		if svc == nil {
			continue
		}
		if protocol := svc.GetAnnotations()[protocolAnnotation]; !slices.Contains(clearProtocols(), protocol) {
			errs = append(errs, field.Invalid(b.Field.Child("name"), b.Service, fmt.Sprintf(
				"the Service's annotation %s: %.20q has Kong speak no HTTP that Linkerd can read, and Linkerd encrypts by itself: "+
					"remove it there, and have the port serve HTTP", protocolAnnotation, protocol)))
		}
	}
	return errs
}

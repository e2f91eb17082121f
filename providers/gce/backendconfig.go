// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gce

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/names"
	"github.com/meshingress/meshingress/providers/internal/objects"
)

// Annotations of a Service that name its BackendConfigs. Where there are both, the beta
// one is not read (pkg/annotations/service.go, getBackendConfigAnnotation).
const (
	backendConfigKey     = "cloud.google.com/backend-config"
	betaBackendConfigKey = "beta.cloud.google.com/backend-config"
)

// attachment is the value of backendConfigKey: names of BackendConfigs by the number
// of the Service's port (pkg/annotations/service.go, BackendConfigs). Not by "default",
// which is for every other port of the Service: each has a header of its own.
type attachment struct {
	Ports map[string]string `json:"ports"`
}

// backendConfigs makes a BackendConfig for each Service and port, and the annotation of
// each Service. A Service that names one in the beta annotation keeps it and gets none.
func backendConfigs(in providers.Input, services map[string]service) providers.Plan {
	var plan providers.Plan
	var order []string
	attached := map[string]attachment{}
	for _, b := range destinations(in) {
		if services[b.Service].beta {
			continue
		}
		name, port := names.Of(in, b.Service, strconv.Itoa(int(b.Port))), strconv.Itoa(int(b.Port))
		config := objects.New(kindBackendConfig, in.Namespace, name, nil, nil)
		config.Object["spec"] = map[string]any{"customRequestHeaders": map[string]any{
			"headers": []any{requestHeader(in, b)},
		}}
		plan.Objects = append(plan.Objects, config)
		if !slices.Contains(order, b.Service) {
			order = append(order, b.Service)
			attached[b.Service] = attachment{map[string]string{}}
		}
		attached[b.Service].Ports[port] = name
	}
	for _, name := range order {
		plan.Fields = append(plan.Fields, attach(in.Namespace, name, attached[name]))
	}
	return plan
}

// requestHeader is "<name>:<value>", as a backend service of Google Cloud has it
// (pkg/backends/features/customrequestheaders.go hands it on as it is). "{" would begin
// one of its variables; a destination has none.
func requestHeader(in providers.Input, b providers.Backend) string {
	return linkerd.OverrideHeader + ":" + b.Destination(in.ClusterDomain)
}

func attach(namespace, service string, a attachment) providers.FieldSet {
	value, err := json.Marshal(a)
	if err != nil {
		panic(fmt.Sprintf("encoding names of BackendConfigs: %v", err)) // strings can always be encoded
	}
	return objects.Annotate(providers.KindService, namespace, service, backendConfigKey, string(value))
}

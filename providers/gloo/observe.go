// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gloo

import (
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/objects"
)

// statuses is the status of a VirtualService: one for each namespace with a Gloo that
// watches it.
type statuses struct {
	Status struct {
		Statuses map[string]status `json:"statuses"`
	} `json:"status"`
}

// status is a verdict of Gloo (solo-io/solo-kit api/v1/status.proto v0.41.0).
type status struct {
	// State is a number today, and was a name (pkg/api/v1/clients/kube/crd/crd.go
	// there).
	State  any    `json:"state"`
	Reason string `json:"reason"`
	// SubresourceStatuses are the verdicts on what the VirtualService is part of, the
	// configuration of a whole proxy above all.
	SubresourceStatuses map[string]status `json:"subresourceStatuses"`
}

// state is one of solo-kit's states by name; empty where Gloo has not decided yet.
func (s status) state() string {
	switch v := s.State.(type) {
	case string:
		return v
	case int64:
		return map[int64]string{1: "Accepted", 2: "Rejected", 3: "Warning"}[v]
	default:
		return ""
	}
}

// Observe reads status.statuses of a VirtualService. It is rejected where one Gloo
// says so. A warning counts as that: for what is generated here, Gloo warns of a
// Service or a Secret that it does not find, and does not serve what needs it. A
// warning about the whole proxy may be about routes of others, and does not count.
//
// Gloo does not say which generation a status is about, so for a moment after a change
// it is that of the older one.
func (Provider) Observe(obj *unstructured.Unstructured) providers.Verdict {
	found, ok := objects.Decode[statuses](obj)
	if !ok || len(found.Status.Statuses) == 0 {
		return providers.Verdict{}
	}
	var complaints []string
	accepted := true
	for _, namespace := range slices.Sorted(maps.Keys(found.Status.Statuses)) {
		s := found.Status.Statuses[namespace]
		complaints = append(complaints, s.complaints()...)
		accepted = accepted && s.state() == "Accepted"
	}
	switch {
	case len(complaints) > 0:
		return providers.Verdict{State: providers.VerdictRejected, Message: strings.Join(complaints, "; ")}
	case accepted:
		return providers.Verdict{State: providers.VerdictAccepted}
	default:
		return providers.Verdict{}
	}
}

func (s status) complaints() []string {
	var all []string
	if state := s.state(); state == "Rejected" || state == "Warning" {
		all = append(all, state+": "+oneLine(s.Reason))
	}
	for _, name := range slices.Sorted(maps.Keys(s.SubresourceStatuses)) {
		if sub := s.SubresourceStatuses[name]; sub.state() == "Rejected" {
			all = append(all, name+": Rejected: "+oneLine(sub.Reason))
		}
	}
	return all
}

// oneLine takes the line breaks and tabs out of Gloo's lists of reasons.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

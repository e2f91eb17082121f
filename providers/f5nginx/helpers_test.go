// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package f5nginx_test

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/f5nginx"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

// virtualServer is what a VirtualServer of ours may hold: the fields of nginx/
// kubernetes-ingress pkg/apis/configuration/v1/types.go v5.5.4 that are used, and no
// other.
type virtualServer struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		IngressClassName string     `json:"ingressClassName"`
		Host             string     `json:"host"`
		TLS              *tls       `json:"tls"`
		Upstreams        []upstream `json:"upstreams"`
		Routes           []route    `json:"routes"`
	} `json:"spec"`
}

type tls struct {
	Secret string `json:"secret"`
}

type upstream struct {
	Name         string `json:"name"`
	Service      string `json:"service"`
	Port         int64  `json:"port"`
	Type         string `json:"type"`
	UseClusterIP bool   `json:"use-cluster-ip"`
}

type route struct {
	Path   string  `json:"path"`
	Action *action `json:"action"`
	Splits []split `json:"splits"`
}

type split struct {
	Weight int64   `json:"weight"`
	Action *action `json:"action"`
}

type action struct {
	Pass  string `json:"pass"`
	Proxy *proxy `json:"proxy"`
}

type proxy struct {
	Upstream       string `json:"upstream"`
	RequestHeaders struct {
		Set []header `json:"set"`
	} `json:"requestHeaders"`
}

type header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// to is an action that sets the header.
func to(upstream, destination string) *action {
	p := &proxy{Upstream: upstream}
	p.RequestHeaders.Set = []header{{"l5d-dst-override", destination}}
	return &action{Proxy: p}
}

const (
	formVirtualServer = "VirtualServer"
	formIngress       = "Ingress"
)

var class = providers.Class{Name: "public", IngressClassName: "nginx-public"}

// input is the MeshIngress default/web of the class, by one of the ways.
func input(form string, strategy v1alpha1.Strategy, routes ...providers.Route) providers.Input {
	return story.Input(class, story.Way(f5nginx.New(), strategy, form), routes...)
}

func clusterIP(routes ...providers.Route) providers.Input {
	return input(formVirtualServer, v1alpha1.StrategyClusterIP, routes...)
}

func backend(service string) providers.Backend { return story.Backend(service, 80) }

// plan translates an input that has no errors.
func plan(t *testing.T, in providers.Input) providers.Plan {
	t.Helper()
	return story.Translate(t, f5nginx.New(), in)
}

// virtualServersOf translates an input, and returns its VirtualServers by host.
func virtualServersOf(t *testing.T, in providers.Input) map[string]*virtualServer {
	t.Helper()
	all := map[string]*virtualServer{}
	for _, obj := range plan(t, in).Objects {
		vs := story.Typed[virtualServer](t, obj)
		all[vs.Spec.Host] = vs
	}
	return all
}

func failures(t *testing.T, in providers.Input) []story.Failure {
	t.Helper()
	return story.Failures(t, f5nginx.New(), in)
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package providertest

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/translate"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/test/builders"
)

// probe is a MeshIngress that every way is asked for.
type probe struct {
	// name of the subtest.
	name string

	// feature that the MeshIngress uses, the only one; empty where it uses none.
	feature providers.Feature

	// at is the field that asks for the feature.
	at string

	mi *v1alpha1.MeshIngress

	// h2c says that the Services speak HTTP/2.
	h2c bool

	// mayFail says that a way may refuse it with an error that names a rule, though it
	// has all of its features: not every vendor can have them together.
	mayFail bool
}

// The hosts, paths and Services of the probes occur nowhere by chance. The hosts lie
// below one that golden cases have, in whose Gateways a listener may be for that
// alone.
const (
	hostOne  = "one.example.com"
	hostTwo  = "two.example.com"
	hostWild = "*.example.com"
	pathOne  = "/red/green"
	pathTwo  = "/blue"
	askPath  = "/verify/me"
	secret   = "secret-one"
	abroad   = "abroad"
	portName = "main"
)

// ports are the Services of the probes, each with its only port.
func ports() map[string]int { return map[string]int{"one-svc": 7101, "two-svc": 7202, "ask-svc": 7303} }

func portOf(service string) int { return ports()[service] }

// probes are the MeshIngresses that a way is asked for: what every vendor has to be
// able to do, and one of each feature.
func probes(way Way) []probe {
	is := func(name string, opts ...builders.MeshIngressOption) probe {
		return probe{name: name, mi: probing(way.Namespace, opts...)}
	}
	plain := byPrefix(hostOne, pathOne, "one-svc")
	together := is("two paths to two Services", plain, byPrefix(hostOne, pathTwo, "two-svc"))
	together.mayFail = true
	order := is("an Exact path and the same Prefix", byExact(pathOne, "two-svc"), plain)
	order.feature, order.at, order.mayFail = providers.FeatureExactPath, "spec.rules[0].paths[0].pathType", true
	all := []probe{
		is("one route", plain),
		is("the root of a host", byPrefix(hostOne, "/", "one-svc")),
		is("two paths to one Service", plain, byPrefix(hostOne, pathTwo, "one-svc")),
		is("two hosts", plain, byPrefix(hostTwo, pathOne, "two-svc")),
		is("a port by its name",
			builders.WithPath(hostOne, pathOne, v1alpha1.PathTypePrefix, builders.Backend("one-svc", portName))),
		together, order,
	}
	for _, f := range providers.Features() {
		all = append(all, featureProbe(f, way))
	}
	return all
}

// featureProbe is the probe of one feature. A feature without one fails every way.
func featureProbe(f providers.Feature, way Way) probe {
	const path = "spec.rules[0].paths[0]"
	plain := byPrefix(hostOne, pathOne, "one-svc")
	is := func(at string, opts ...builders.MeshIngressOption) probe {
		return probe{name: string(f), feature: f, at: at, mi: probing(way.Namespace, opts...)}
	}
	switch f {
	case providers.FeatureAnyHost:
		return is("spec.rules[0].host", byPrefix("", pathOne, "one-svc"))
	case providers.FeatureWildcardHost:
		return is("spec.rules[0].host", byPrefix(hostWild, pathOne, "one-svc"))
	case providers.FeatureExactPath:
		return is(path+".pathType", byExact(pathOne, "one-svc"))
	case providers.FeatureDefaultBackend:
		return is("spec.defaultBackend", plain, builders.WithDefaultBackend("two-svc", portOf("two-svc")))
	case providers.FeatureWeights:
		return is(path+".backends", builders.WithPath(hostOne, pathOne, v1alpha1.PathTypePrefix,
			builders.WeightedBackend("one-svc", portOf("one-svc"), 30),
			builders.WeightedBackend("two-svc", portOf("two-svc"), 10)))
	case providers.FeatureTLS:
		return is("spec.tls", plain, builders.WithTLS(secret, hostOne))
	case providers.FeatureExternalAuth:
		return is("spec.externalAuth", plain, builders.WithExternalAuth(way.Namespace, "ask-svc", portOf("ask-svc"), askPath))
	case providers.FeatureCrossNamespace:
		there := builders.Backend("one-svc", portOf("one-svc"))
		there.Service.Namespace = abroad
		return is(path+".backends[0].service.namespace",
			builders.WithPath(hostOne, pathOne, v1alpha1.PathTypePrefix, there))
	case providers.FeatureH2C:
		p := is(path+".backends[0].service.port", plain)
		p.h2c = true
		if way.Supports(providers.FeatureTLS) { // without which a vendor may take no HTTP/2 from clients
			builders.WithTLS(secret, hostOne)(p.mi)
		}
		return p
	}
	return is("a probe of " + string(f))
}

func probing(namespace string, opts ...builders.MeshIngressOption) *v1alpha1.MeshIngress {
	return builders.MeshIngress("probe", namespace, opts...)
}

func byPrefix(host, path, service string) builders.MeshIngressOption {
	return builders.WithPath(host, path, v1alpha1.PathTypePrefix, builders.Backend(service, portOf(service)))
}

func byExact(path, service string) builders.MeshIngressOption {
	return builders.WithPath(hostOne, path, v1alpha1.PathTypeExact, builders.Backend(service, portOf(service)))
}

// services are those that the MeshIngress names, in the order of their names.
func (p probe) services() []*corev1.Service {
	var all []*corev1.Service
	for _, key := range translate.Services(p.mi) {
		port := builders.ServicePort(portName, int32(portOf(key.Name)))
		if p.h2c {
			h2c := "kubernetes.io/h2c"
			port.AppProtocol = &h2c
		}
		all = append(all, builders.Service(key.Namespace, key.Name, port))
	}
	return all
}

// texts are all that a plan has to show of the MeshIngress, but for ports and shares.
func (p probe) texts() []string {
	var all []string
	for _, svc := range p.services() {
		all = append(all, svc.Name)
		if svc.Namespace != p.mi.Namespace {
			all = append(all, svc.Namespace)
		}
	}
	for _, rule := range p.mi.Spec.Rules {
		all = append(all, rule.Host)
		for _, path := range rule.Paths {
			all = append(all, path.Path)
		}
	}
	for _, tls := range p.mi.Spec.TLS {
		all = append(all, tls.SecretName)
	}
	if auth := p.mi.Spec.ExternalAuth; auth != nil {
		all = append(all, auth.Path)
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(s string) bool { return s == "" })
}

// numbers are the ports of the Services.
func (p probe) numbers() []int {
	numbers := map[int]bool{}
	for _, svc := range p.services() {
		numbers[portOf(svc.Name)] = true
	}
	return slices.Sorted(maps.Keys(numbers))
}

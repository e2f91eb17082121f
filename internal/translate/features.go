// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
)

// checkFeatures refuses what the vendor's way of routing does not declare.
func checkFeatures(
	d providers.Description, s providers.StrategySupport, mi *v1alpha1.MeshIngress, in providers.Input,
) field.ErrorList {
	var errs field.ErrorList
	for _, use := range append(usedFeatures(mi), resolvedFeatures(in)...) {
		if !s.Supports(use.feature) {
			errs = append(errs, field.Forbidden(use.at, fmt.Sprintf("%s with %s routing does not support this (%s): %s",
				d.Title, s.Strategy, use.feature, use.remedy+otherWay(d, s, use.feature))))
		}
	}
	return errs
}

// otherWay names the routing by which the vendor supports a feature, if one does.
func otherWay(d providers.Description, s providers.StrategySupport, f providers.Feature) string {
	for _, other := range d.Strategies {
		if other.Strategy != s.Strategy && other.Form == s.Form && other.Supports(f) {
			return fmt.Sprintf(", or use a class with routing: %s", other.Strategy)
		}
	}
	return ""
}

type use struct {
	feature providers.Feature
	at      *field.Path
	remedy  string
}

// usedFeatures are those that the spec shows.
func usedFeatures(mi *v1alpha1.MeshIngress) []use {
	spec, at := mi.Spec, field.NewPath("spec")
	var uses []use
	for i, rule := range spec.Rules {
		uses = append(uses, hostFeatures(rule.Host, at.Child("rules").Index(i).Child("host"))...)
		for j, p := range rule.Paths {
			uses = append(uses, pathFeatures(mi.Namespace, p, at.Child("rules").Index(i).Child("paths").Index(j))...)
		}
	}
	if d := spec.DefaultBackend; d != nil {
		uses = append(uses, use{providers.FeatureDefaultBackend, at.Child("defaultBackend"), "add a rule for each host instead"})
		uses = append(uses, serviceFeatures(mi.Namespace, d.Service, at.Child("defaultBackend", "service"))...)
	}
	if len(spec.TLS) > 0 {
		uses = append(uses, use{providers.FeatureTLS, at.Child("tls"), "terminate TLS elsewhere"})
	}
	if spec.ExternalAuth != nil {
		uses = append(uses, use{providers.FeatureExternalAuth, at.Child("externalAuth"), "configure it in the vendor"})
	}
	return uses
}

func hostFeatures(host string, at *field.Path) []use {
	switch {
	case host == "":
		return []use{{providers.FeatureAnyHost, at, "name a host"}}
	case strings.HasPrefix(host, "*."):
		return []use{{providers.FeatureWildcardHost, at, "name each host"}}
	default:
		return nil
	}
}

func pathFeatures(namespace string, p v1alpha1.Path, at *field.Path) []use {
	var uses []use
	if p.PathType == v1alpha1.PathTypeExact {
		uses = append(uses, use{providers.FeatureExactPath, at.Child("pathType"), "use Prefix"})
	}
	live := 0
	for k, b := range p.Backends {
		if weight(b) > 0 {
			live++
		}
		uses = append(uses, serviceFeatures(namespace, b.Service, at.Child("backends").Index(k).Child("service"))...)
	}
	if live > 1 {
		uses = append(uses, use{providers.FeatureWeights, at.Child("backends"), "keep one backend with a weight above 0"})
	}
	return uses
}

func serviceFeatures(namespace string, ref v1alpha1.ServiceBackend, at *field.Path) []use {
	if orDefault(ref.Namespace, namespace) == namespace {
		return nil
	}
	return []use{{
		providers.FeatureCrossNamespace, at.Child("namespace"),
		"leave it out, and put the MeshIngress in the Service's namespace",
	}}
}

// resolvedFeatures are those that only the Services show.
func resolvedFeatures(in providers.Input) []use {
	var backends []providers.Backend
	for _, r := range in.Routes {
		backends = append(backends, r.Backends...)
	}
	if in.Default != nil {
		backends = append(backends, *in.Default)
	}
	var uses []use
	for _, b := range backends {
		if b.H2C {
			uses = append(uses, use{
				providers.FeatureH2C, b.Field.Child("port"), "name a port whose appProtocol is not HTTP/2",
			})
		}
	}
	return uses
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/providers"
)

// The grammars of the CRD, checked again here: an object can be older than the
// rule, or never have met an API server.
var (
	hostGrammar = regexp.MustCompile(`^([*][.])?[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)
	pathGrammar = regexp.MustCompile(`^/([A-Za-z0-9/._~!$&()*+,;=:@-]|%[0-9A-Fa-f]{2})*$`)
	nameGrammar = regexp.MustCompile(`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`)
	authGrammar = regexp.MustCompile(`^/([A-Za-z0-9/._~-])*$`)
)

// checkNamespace asks whether the class allows the MeshIngress's Namespace.
func checkNamespace(
	mi *v1alpha1.MeshIngress, class *v1alpha1.MeshIngressClass, namespaces map[string]*corev1.Namespace,
) *Rejection {
	if Allows(class, mi.Namespace, namespaces[mi.Namespace]) {
		return nil
	}
	return &Rejection{v1alpha1.ReasonNamespaceNotAllowed, field.ErrorList{
		field.Forbidden(field.NewPath("spec", "className"), fmt.Sprintf(
			"MeshIngressClass %s does not allow the namespace %s: label the Namespace as its spec.allowedNamespaces asks",
			class.Name, mi.Namespace)),
	}}
}

// Allows reports whether MeshIngresses of a Namespace may use a class. A Namespace
// that is not known has no labels but its name.
func Allows(class *v1alpha1.MeshIngressClass, name string, ns *corev1.Namespace) bool {
	allowed := class.Spec.AllowedNamespaces
	if allowed.From != v1alpha1.NamespacesFromSelector {
		return true
	}
	selector, err := metav1.LabelSelectorAsSelector(allowed.Selector)
	if err != nil {
		return false
	}
	set := labels.Set{corev1.LabelMetadataName: name}
	if ns != nil {
		set = ns.Labels
	}
	return selector.Matches(set)
}

// checkSpec checks what the CRD checks, and what it cannot.
func checkSpec(spec *v1alpha1.MeshIngressSpec) field.ErrorList {
	var errs field.ErrorList
	at := field.NewPath("spec")
	if len(spec.Rules) == 0 && spec.DefaultBackend == nil {
		errs = append(errs, field.Required(at.Child("rules"), "set at least one of rules and defaultBackend"))
	}
	errs = append(errs, checkRules(spec.Rules, at.Child("rules"))...)
	errs = append(errs, checkTLS(spec.TLS, at.Child("tls"))...)
	if a := spec.ExternalAuth; a != nil && a.Path != "" && !authGrammar.MatchString(a.Path) {
		errs = append(errs, field.Invalid(at.Child("externalAuth", "path"), a.Path,
			"must begin with '/' and hold only letters, digits and '/._~-'"))
	}
	return append(errs, checkTemplate(spec.Template, at.Child("template"))...)
}

func checkRules(rules []v1alpha1.Rule, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	seen := map[string]bool{}
	for i, rule := range rules {
		if rule.Host != "" && !isHost(rule.Host) {
			errs = append(errs, field.Invalid(at.Index(i).Child("host"), rule.Host,
				"must be a DNS name in lower case, optionally with the prefix '*.'"))
		}
		for j, p := range rule.Paths {
			path := at.Index(i).Child("paths").Index(j)
			if !pathGrammar.MatchString(p.Path) {
				errs = append(errs, field.Invalid(path.Child("path"), p.Path,
					"must begin with '/' and hold only the characters of a URL path"))
			}
			if !slices.ContainsFunc(p.Backends, func(b v1alpha1.Backend) bool { return weight(b) > 0 }) {
				errs = append(errs, field.Required(path.Child("backends"), "at least one backend needs a weight above 0"))
			}
			key := routeKey(rule.Host, p)
			if seen[key] {
				errs = append(errs, field.Duplicate(path.Child("path"), key))
			}
			seen[key] = true
		}
	}
	return errs
}

// isHost refuses addresses, which the grammar of names lets through and an Ingress
// does not (kubernetes/kubernetes pkg/apis/networking/validation).
func isHost(host string) bool {
	_, err := netip.ParseAddr(host)
	return err != nil && hostGrammar.MatchString(host)
}

func checkTLS(entries []v1alpha1.TLS, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i, tls := range entries {
		for j, host := range tls.Hosts {
			if !isHost(host) {
				errs = append(errs, field.Invalid(at.Index(i).Child("hosts").Index(j), host, "must be a DNS name in lower case"))
			}
		}
		if !nameGrammar.MatchString(tls.SecretName) {
			errs = append(errs, field.Invalid(at.Index(i).Child("secretName"), tls.SecretName, "must be the name of a Secret"))
		}
	}
	return errs
}

// checkTemplate refuses keys by which a user could undo what the operator does, or
// reach further than the API lets them.
func checkTemplate(t *v1alpha1.Template, at *field.Path) field.ErrorList {
	if t == nil {
		return nil
	}
	var errs field.ErrorList
	for _, key := range sortedKeys(t.Labels) {
		if reservedKey(key) {
			errs = append(errs, field.Forbidden(at.Child("labels").Key(key), "is the operator's own: remove it"))
		}
	}
	for _, key := range sortedKeys(t.Annotations) {
		switch {
		case reservedKey(key):
			errs = append(errs, field.Forbidden(at.Child("annotations").Key(key), "is the operator's or Linkerd's own: remove it"))
		case strings.HasSuffix(key, "-snippet"):
			errs = append(errs, field.Forbidden(at.Child("annotations").Key(key),
				"snippets of configuration reach further than a route: remove it"))
		}
	}
	return errs
}

func reservedKey(key string) bool {
	domain, _, _ := strings.Cut(key, "/")
	return domain == v1alpha1.GroupName || key == v1alpha1.ManagedByLabel ||
		domain == linkerd.AnnotationDomain || strings.HasSuffix(domain, "."+linkerd.AnnotationDomain)
}

// checkFeatures refuses what the vendor's way of routing does not declare.
func checkFeatures(d providers.Description, s providers.StrategySupport, spec *v1alpha1.MeshIngressSpec) field.ErrorList {
	var errs field.ErrorList
	for _, use := range usedFeatures(spec) {
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
		if other.Strategy != s.Strategy && other.Supports(f) {
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

func usedFeatures(spec *v1alpha1.MeshIngressSpec) []use {
	at := field.NewPath("spec")
	var uses []use
	for i, rule := range spec.Rules {
		uses = append(uses, hostFeatures(rule.Host, at.Child("rules").Index(i).Child("host"))...)
		for j, p := range rule.Paths {
			uses = append(uses, pathFeatures(p, at.Child("rules").Index(i).Child("paths").Index(j))...)
		}
	}
	if d := spec.DefaultBackend; d != nil {
		uses = append(uses, use{providers.FeatureDefaultBackend, at.Child("defaultBackend"), "add a rule for each host instead"})
		uses = append(uses, serviceFeatures(d.Service, at.Child("defaultBackend", "service"))...)
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

func pathFeatures(p v1alpha1.Path, at *field.Path) []use {
	var uses []use
	if p.PathType == v1alpha1.PathTypeExact {
		uses = append(uses, use{providers.FeatureExactPath, at.Child("pathType"), "use Prefix"})
	}
	live := 0
	for k, b := range p.Backends {
		if weight(b) > 0 {
			live++
		}
		uses = append(uses, serviceFeatures(b.Service, at.Child("backends").Index(k).Child("service"))...)
	}
	if live > 1 {
		uses = append(uses, use{providers.FeatureWeights, at.Child("backends"), "keep one backend with a weight above 0"})
	}
	return uses
}

func serviceFeatures(ref v1alpha1.ServiceBackend, at *field.Path) []use {
	if ref.Namespace == "" {
		return nil
	}
	return []use{{
		providers.FeatureCrossNamespace, at.Child("namespace"),
		"leave it out, and put the MeshIngress in the Service's namespace",
	}}
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"fmt"
	"regexp"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	netutils "k8s.io/utils/net"

	"github.com/meshingress/meshingress/api/v1alpha1"
)

// The grammars of the CRD, checked again here: an object can be older than the
// rule, or never have met an API server.
var (
	hostGrammar = regexp.MustCompile(`^([*][.])?[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)
	pathGrammar = regexp.MustCompile(`^/([A-Za-z0-9/._~!$&()*+,;=:@-]|%[0-9A-Fa-f]{2})*$`)
	authGrammar = regexp.MustCompile(`^/([A-Za-z0-9/._~-])*$`)
)

// escapedControl are escapes that the grammar of the CRD lets through: decoded,
// they are a newline or a NUL, which belongs in no vendor's configuration.
var escapedControl = regexp.MustCompile(`%([01][0-9A-Fa-f]|7[Ff])`)

// maxPath is the length of the longest path, in the CRD and here: providers count
// on it.
const maxPath = 512

// checkNamespace asks whether the class allows the MeshIngress's Namespace.
func checkNamespace(
	mi *v1alpha1.MeshIngress, class *v1alpha1.MeshIngressClass, namespaces map[string]*corev1.Namespace,
) *Rejection {
	if Allows(class, mi.Namespace, namespaces[mi.Namespace]) {
		return nil
	}
	remedy := "label the Namespace as its spec.allowedNamespaces asks"
	if errs := checkSelector(class); len(errs) > 0 {
		remedy = "correct spec.allowedNamespaces.selector of the class, which cannot be read"
	}
	return &Rejection{v1alpha1.ReasonNamespaceNotAllowed, field.ErrorList{
		field.Forbidden(field.NewPath("spec", "className"), fmt.Sprintf(
			"MeshIngressClass %s does not allow the namespace %s: %s", class.Name, mi.Namespace, remedy)),
	}}
}

// Allows reports whether MeshIngresses of a Namespace may use a class. A Namespace
// that is not known has no labels but its name. A selector that cannot be read
// allows none.
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

// checkSelector checks what the schema of a CRD leaves open in a label selector.
func checkSelector(class *v1alpha1.MeshIngressClass) field.ErrorList {
	selector := class.Spec.AllowedNamespaces.Selector
	if _, err := metav1.LabelSelectorAsSelector(selector); err != nil {
		return field.ErrorList{field.Invalid(
			field.NewPath("spec", "allowedNamespaces", "selector"), metav1.FormatLabelSelector(selector), err.Error())}
	}
	return nil
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
	if d := spec.DefaultBackend; d != nil {
		errs = append(errs, checkService(d.Service, at.Child("defaultBackend", "service"))...)
	}
	errs = append(errs, checkAuth(spec.ExternalAuth, at.Child("externalAuth"))...)
	errs = append(errs, checkAuthorization(spec.Authorization, at.Child("authorization"))...)
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
		if len(rule.Paths) == 0 {
			errs = append(errs, field.Required(at.Index(i).Child("paths"), "at least one path"))
		}
		for j, p := range rule.Paths {
			path := at.Index(i).Child("paths").Index(j)
			errs = append(errs, checkPath(p, path)...)
			key := routeKey(rule.Host, p)
			if seen[key] {
				errs = append(errs, field.Duplicate(path.Child("path"), key))
			}
			seen[key] = true
		}
	}
	return errs
}

func checkPath(p v1alpha1.Path, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	if len(p.Path) > maxPath || !pathGrammar.MatchString(p.Path) || escapedControl.MatchString(p.Path) {
		errs = append(errs, field.Invalid(at.Child("path"), p.Path, fmt.Sprintf(
			"must begin with '/', hold only the characters of a URL path, escape no control character, "+
				"and be at most %d characters long", maxPath)))
	}
	if !slices.Contains([]v1alpha1.PathType{"", v1alpha1.PathTypePrefix, v1alpha1.PathTypeExact}, p.PathType) {
		errs = append(errs, field.NotSupported(at.Child("pathType"), p.PathType,
			[]v1alpha1.PathType{v1alpha1.PathTypePrefix, v1alpha1.PathTypeExact}))
	}
	if !slices.ContainsFunc(p.Backends, func(b v1alpha1.Backend) bool { return weight(b) > 0 }) {
		errs = append(errs, field.Required(at.Child("backends"), "at least one backend needs a weight above 0"))
	}
	for k, b := range p.Backends {
		errs = append(errs, checkService(b.Service, at.Child("backends").Index(k).Child("service"))...)
	}
	return errs
}

// checkService checks the parts of a destination, which without a cluster nothing
// else would look at before they are in a header.
func checkService(ref v1alpha1.ServiceBackend, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	if len(validation.IsDNS1035Label(ref.Name)) > 0 {
		errs = append(errs, field.Invalid(at.Child("name"), ref.Name,
			"must be the name of a Service: lower case letters, digits and '-', starting with a letter"))
	}
	if ref.Namespace != "" && len(validation.IsDNS1123Label(ref.Namespace)) > 0 {
		errs = append(errs, field.Invalid(at.Child("namespace"), ref.Namespace, "must be the name of a Namespace"))
	}
	byNumber := ref.Port.Name == "" && len(validation.IsValidPortNum(int(ref.Port.Number))) == 0
	byName := ref.Port.Name != "" && ref.Port.Number == 0
	if !byNumber && !byName {
		errs = append(errs, field.Invalid(at.Child("port"), portText(ref.Port),
			"must have either a name or a number from 1 to 65535"))
	}
	return errs
}

// isHost refuses addresses, which the grammar of names lets through and an Ingress
// does not, those with leading zeros included (kubernetes/kubernetes
// pkg/apis/networking/validation/validation.go v1.36.3, validateIngressRules).
func isHost(host string) bool {
	return len(host) <= validation.DNS1123SubdomainMaxLength && hostGrammar.MatchString(host) &&
		netutils.ParseIPSloppy(host) == nil
}

func checkAuth(a *v1alpha1.ExternalAuth, at *field.Path) field.ErrorList {
	if a == nil {
		return nil
	}
	errs := checkService(a.Service, at.Child("service"))
	if a.Path != "" && (len(a.Path) > maxPath || !authGrammar.MatchString(a.Path)) {
		errs = append(errs, field.Invalid(at.Child("path"), a.Path, fmt.Sprintf(
			"must begin with '/', hold only letters, digits and '/._~-', and be at most %d characters long", maxPath)))
	}
	return errs
}

func checkTLS(entries []v1alpha1.TLS, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i, tls := range entries {
		for j, host := range tls.Hosts {
			if !isHost(host) {
				errs = append(errs, field.Invalid(at.Index(i).Child("hosts").Index(j), host, "must be a DNS name in lower case"))
			}
		}
		if len(validation.IsDNS1123Subdomain(tls.SecretName)) > 0 {
			errs = append(errs, field.Invalid(at.Index(i).Child("secretName"), tls.SecretName, "must be the name of a Secret"))
		}
	}
	return errs
}

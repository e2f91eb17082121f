// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package emissary

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers/internal/certificates"
	"github.com/meshingress/meshingress/providers/internal/notices"
	"github.com/meshingress/meshingress/providers/internal/routes"
)

// ReasonNoHost is the Reason of the notice that there are Hosts and none for a host of a
// rule, so that Emissary does not serve it.
const ReasonNoHost = "NoHost"

// translateTLS makes a Host for each host with a certificate. Emissary then redirects
// HTTP to HTTPS (ir/irhost.py, setup: insecure_action).
func (t *translation) translateTLS(certs *certificates.Certificates) field.ErrorList {
	others := theirs(t.in, kindHost)
	var errs field.ErrorList
	var withSecret, unserved []string
	for _, host := range routes.Hosts(t.in.Routes) {
		switch secret, ok := certs.SecretFor(host); {
		case ok:
			withSecret = append(withSecret, host)
			errs = append(errs, t.checkHost(host, others)...)
			t.objects = append(t.objects, t.host(host, secret))
		case !t.served(host, others):
			unserved = append(unserved, hostname(host))
		}
	}
	if len(withSecret) > 0 && len(others) == 0 {
		errs = append(errs, field.Forbidden(field.NewPath("spec", "tls"), noDefaultHost))
	}
	t.notices = append(t.notices, noHostNotices(unserved)...)
	return errs
}

// noDefaultHost says why the first Host is not made here: it would end the default one
// that Emissary has where there is none (ir/irhost.py, HostFactory.finalize).
const noDefaultHost = "needs a Host, and Emissary has none yet: with the first one it stops to serve all hosts " +
	"without a Host, those of others too. Create a Host for them, with the hostname '*', first"

// served reports whether Emissary serves a host: where there is no Host it serves all.
func (t *translation) served(host string, hosts []*unstructured.Unstructured) bool {
	return len(hosts) == 0 || slices.ContainsFunc(hosts, func(h *unstructured.Unstructured) bool {
		return takes(h, hostname(host), t.in.Labels)
	})
}

// host writes one Host. The Secret's namespace is named so that a dot in its name is
// not taken for one (ir/irtlscontext.py, resolve_secret).
func (t *translation) host(host, secret string) *unstructured.Unstructured {
	spec := map[string]any{
		"hostname":  host,
		"tlsSecret": map[string]any{"name": secret, "namespace": t.in.Namespace},
	}
	return t.object(kindHost, spec, append(hostParts(host), "tls")...)
}

// checkHost refuses a certificate for a host that a Host of others has: Emissary keeps
// one of the two (envoy/v3/v3listener.py, add_httphost).
func (t *translation) checkHost(host string, others []*unstructured.Unstructured) field.ErrorList {
	i := slices.IndexFunc(others, func(h *unstructured.Unstructured) bool { return text(h, "hostname") == host })
	if i < 0 {
		return nil
	}
	return field.ErrorList{routes.Duplicate(routes.OfHost(t.in.Routes, host)[0].Field, host, fmt.Sprintf(
		"Host %s/%s has this host already, and Emissary keeps one of two: remove the host from spec.tls and put the "+
			"certificate into that Host, or remove the Host", others[i].GetNamespace(), others[i].GetName()))}
}

// takes reports whether a Host takes Mappings with a hostname and labels
// (ir/irhost.py, matches_httpgroup; ir/irutils.py, hostglob_matches).
func takes(host *unstructured.Unstructured, glob string, labels map[string]string) bool {
	for _, selector := range []string{"mappingSelector", "selector"} {
		want, _, _ := unstructured.NestedStringMap(host.Object, "spec", selector, "matchLabels")
		for key, value := range want {
			if labels[key] != value {
				return false
			}
		}
	}
	own := text(host, "hostname")
	stem, open := strings.CutSuffix(own, "*")
	return own == "" || own == glob || covers(own, glob) || covers(glob, own) || (open && strings.HasPrefix(glob, stem))
}

func noHostNotices(hosts []string) []v1alpha1.Notice {
	if len(hosts) == 0 {
		return nil
	}
	return []v1alpha1.Notice{{
		Reason: ReasonNoHost,
		Message: fmt.Sprintf("No Host takes the routes of the host %s, so Emissary does not serve them: create a "+
			"Host with this hostname, or give the routes the labels that a Host's mappingSelector asks for, with "+
			"spec.template.labels.", notices.AndMore(hosts)),
	}}
}

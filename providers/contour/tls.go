// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package contour

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
)

// ReasonUnusedTLSHost is the Reason of the notice on hosts of spec.tls that no rule
// has.
const ReasonUnusedTLSHost = "UnusedTLSHost"

// certificates knows which Secret a host of spec.tls has.
type certificates struct {
	secrets map[string]string
	hosts   []string // keys of secrets in the order of the spec
	used    map[string]bool
}

// newCertificates indexes spec.tls. Without hosts an entry would mean the vendor's
// default certificate; an HTTPProxy has none: its certificate belongs to its fqdn
// (apis/projectcontour/v1/httpproxy.go, VirtualHost.TLS).
func newCertificates(entries []v1alpha1.TLS) (*certificates, field.ErrorList) {
	var errs field.ErrorList
	c := &certificates{secrets: map[string]string{}, used: map[string]bool{}}
	for i, entry := range entries {
		at := field.NewPath("spec", "tls").Index(i).Child("hosts")
		if len(entry.Hosts) == 0 {
			errs = append(errs, field.Required(at, "Contour has no default certificate for an HTTPProxy: list the hosts"))
		}
		for j, host := range entry.Hosts {
			if _, ok := c.secrets[host]; ok {
				errs = append(errs, duplicate(at.Index(j), host, "a host has one certificate: remove it from one of the entries"))
				continue
			}
			c.secrets[host] = entry.SecretName
			c.hosts = append(c.hosts, host)
		}
	}
	return c, errs
}

// secretFor returns the Secret for the host of a rule: that of the same host in
// spec.tls, else that of the wildcard one label above it. It marks it as used.
func (c *certificates) secretFor(host string) (string, bool) {
	_, parent, _ := strings.Cut(host, ".")
	for _, name := range []string{host, "*." + parent} {
		if secret, ok := c.secrets[name]; ok {
			c.used[name] = true
			return secret, true
		}
	}
	return "", false
}

// notices tells about hosts of spec.tls that no rule has.
func (c *certificates) notices() []v1alpha1.Notice {
	var unused []string
	for _, host := range c.hosts {
		if !c.used[host] {
			unused = append(unused, host)
		}
	}
	if len(unused) == 0 {
		return nil
	}
	more := ""
	if n := len(unused) - 1; n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	return []v1alpha1.Notice{{
		Reason: ReasonUnusedTLSHost,
		Message: fmt.Sprintf("No rule needs the certificate of the host %s%s in spec.tls, so Contour does not serve it: "+
			"add a rule for the host, or remove it from spec.tls.", unused[0], more),
	}}
}

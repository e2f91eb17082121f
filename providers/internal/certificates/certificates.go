// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package certificates

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/notices"
	"github.com/meshingress/meshingress/providers/internal/routes"
)

// ReasonUnusedTLSHost is the Reason of the notice on hosts of spec.tls that no rule
// has.
const ReasonUnusedTLSHost = "UnusedTLSHost"

// Certificates knows which Secret a host of spec.tls has.
type Certificates struct {
	title   string
	secrets map[string]string
	hosts   []string // keys of secrets in the order of the spec
	used    map[string]bool
}

// New indexes spec.tls. An entry without hosts would mean the vendor's default
// certificate, which the title's routes do not have: it is an error, and so is a host
// in two entries.
func New(title string, entries []v1alpha1.TLS) (*Certificates, field.ErrorList) {
	var errs field.ErrorList
	c := &Certificates{title: title, secrets: map[string]string{}, used: map[string]bool{}}
	for i, entry := range entries {
		at := providers.TLSField(i).Child("hosts")
		if len(entry.Hosts) == 0 {
			errs = append(errs, field.Required(at, title+" has no default certificate for a route: list the hosts"))
		}
		for j, host := range entry.Hosts {
			if _, ok := c.secrets[host]; ok {
				errs = append(errs, routes.Duplicate(at.Index(j), host, "a host has one certificate: remove it from one of the entries"))
				continue
			}
			c.secrets[host] = entry.SecretName
			c.hosts = append(c.hosts, host)
		}
	}
	return c, errs
}

// SecretFor returns the Secret for the host of a rule: that of the same host in
// spec.tls, else that of the wildcard one label above it. It marks it as used.
func (c *Certificates) SecretFor(host string) (string, bool) {
	_, parent, _ := strings.Cut(host, ".")
	for _, name := range []string{host, "*." + parent} {
		if secret, ok := c.secrets[name]; ok {
			c.used[name] = true
			return secret, true
		}
	}
	return "", false
}

// Notices tells about hosts of spec.tls that no rule has.
func (c *Certificates) Notices() []v1alpha1.Notice {
	var unused []string
	for _, host := range c.hosts {
		if !c.used[host] {
			unused = append(unused, host)
		}
	}
	if len(unused) == 0 {
		return nil
	}
	return []v1alpha1.Notice{{
		Reason: ReasonUnusedTLSHost,
		Message: fmt.Sprintf("No rule needs the certificate of the host %s in spec.tls, so %s does not serve it: "+
			"add a rule for the host, or remove it from spec.tls.", notices.AndMore(unused), c.title),
	}}
}

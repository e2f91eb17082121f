// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gloo

import (
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/annotations"
	"github.com/meshingress/meshingress/providers/internal/certificates"
	"github.com/meshingress/meshingress/providers/internal/names"
	"github.com/meshingress/meshingress/providers/internal/notices"
	"github.com/meshingress/meshingress/providers/internal/objects"
	"github.com/meshingress/meshingress/providers/internal/routes"
)

// site is the host of one VirtualService.
type site struct {
	host   string // empty for every host that has none of its own
	secret string // of the certificate; empty without one
	field  *field.Path
}

// domain is how a VirtualService has the host.
func (s site) domain() string {
	if s.host == "" {
		return "*"
	}
	return s.host
}

// Translate makes one VirtualService per host, because Gloo serves one with a
// certificate on its port for HTTPS alone, and one without on that for HTTP
// (projects/gateway/pkg/translator/virtual_service_translator.go,
// HttpGatewayContainsVirtualService).
//
// Errors: Forbidden for an annotation that names a class, for what the Settings do not
// let Gloo see, and for a Service to which Gloo would not speak HTTP/2; Duplicate for a
// host of another VirtualService and for two paths or two TLS entries that are the same;
// Invalid for a path that Gloo refuses and for a cluster domain that cannot be in the
// header; Required for TLS without hosts.
func (Provider) Translate(in providers.Input) (providers.Plan, field.ErrorList) {
	certs, errs := certificates.New("Gloo", in.TLS)
	errs = append(errs, annotations.Check(in, annotations.ClassRefusal())...)
	errs = append(errs, checkHeader(in)...)
	errs = append(errs, checkSettings(in)...)
	errs = append(errs, checkHTTP2(in)...)
	sites := sitesOf(in, certs)
	errs = append(errs, checkDomains(in, sites)...)

	var plan providers.Plan
	for _, s := range sites {
		ofHost := routes.OfHost(in.Routes, s.host)
		errs = append(errs, checkPaths(ofHost)...)
		plan.Objects = append(plan.Objects, objects.FromTyped(kindVirtualService, newVirtualService(in, s, ofHost)))
	}
	plan.Notices = append(certs.Notices(), httpsOnly(sites)...)
	return plan, errs
}

// newVirtualService is the VirtualService of a host. Without sniDomains its certificate
// would be that of every host.
func newVirtualService(in providers.Input, s site, ofHost []providers.Route) *virtualService {
	vs := &virtualService{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: in.Namespace, Name: names.Of(in, s.nameParts()...),
			Labels: in.Labels, Annotations: in.Annotations,
		},
		Spec: virtualServiceSpec{
			VirtualHost: &virtualHost{Domains: []string{s.domain()}, Routes: routesOf(in, s, ofHost)},
		},
	}
	if s.secret != "" {
		vs.Spec.SSLConfig = &sslConfig{
			SecretRef:  &resourceRef{Namespace: in.Namespace, Name: s.secret},
			SNIDomains: []string{s.host},
		}
	}
	return vs
}

// sitesOf lists the hosts in order of appearance; every host is added for a default
// backend.
func sitesOf(in providers.Input, certs *certificates.Certificates) []site {
	var sites []site
	for _, host := range routes.Hosts(in.Routes) {
		secret, _ := certs.SecretFor(host)
		sites = append(sites, site{host: host, secret: secret, field: routes.OfHost(in.Routes, host)[0].Field})
	}
	every := slices.ContainsFunc(sites, func(s site) bool { return s.host == "" })
	if in.Default != nil && !every {
		sites = append(sites, site{field: field.NewPath("spec", "defaultBackend")})
	}
	return sites
}

// nameParts depend on the host alone, never on how many hosts there are. Gloo serves
// neither of two VirtualServices with one domain, so a host that moved to an object of
// another name would be down until the old one is pruned.
func (s site) nameParts() []string {
	if s.host == "" {
		return []string{"every", "host"}
	}
	return names.HostParts(s.host)
}

// httpsOnly tells about the hosts that the port for HTTP does not serve.
func httpsOnly(sites []site) []v1alpha1.Notice {
	var secured []string
	for _, s := range sites {
		if s.secret != "" {
			secured = append(secured, s.host)
		}
	}
	if len(secured) == 0 {
		return nil
	}
	return []v1alpha1.Notice{{
		Reason: ReasonHTTPSOnly,
		Message: fmt.Sprintf("Gloo serves the host %s over HTTPS alone, because it has a certificate: to redirect HTTP, "+
			"add a VirtualService for the host with a redirectAction and no sslConfig.", notices.AndMore(secured)),
	}}
}

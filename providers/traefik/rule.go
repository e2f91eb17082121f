// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package traefik

import (
	"fmt"
	"path"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
)

// everything matches each request.
const everything = "PathPrefix(`/`)"

// quote makes a literal of a rule. It refuses what could end the literal, what
// Traefik 2 reads as a variable ("{" and "}", containous/mux regexp.go), and what
// is not printable ASCII or is a space, which no host and no path holds.
func quote(s string) (string, bool) {
	for _, c := range s {
		if c <= ' ' || c > '~' || c == '`' || c == '{' || c == '}' {
			return "", false
		}
	}
	return "`" + s + "`", s != ""
}

// match is the rule of a route.
func match(r providers.Route) (string, *field.Error) {
	rule, ok := pathMatch(r)
	if !ok {
		return "", field.Invalid(r.Field.Child("path"), r.Path,
			"cannot stand in a rule of Traefik, which compares paths decoded and cleaned: begin with '/', use only "+
				"printable ASCII without space, '%', '`', '{' and '}', and leave out '//', '/./' and '/../'")
	}
	if r.Host == "" {
		return rule, nil
	}
	host, ok := hostMatch(r.Host)
	if !ok {
		return "", field.Invalid(r.Field, r.Host,
			"the host cannot stand in a rule of Traefik: use a DNS name, optionally with the prefix '*.'")
	}
	return host + " && " + rule, nil
}

// pathMatch compares by path elements. Traefik's own PathPrefix compares
// characters, so that PathPrefix(`/foo`) takes /foobar too (pkg/muxer/http
// v2.11.14, v3.7.9). A "/" at the end of a prefix says nothing, as in
// networking.k8s.io/v1.
func pathMatch(r providers.Route) (string, bool) {
	literal, ok := quote(comparedPath(r))
	switch {
	case !ok || !canMatch(r.Path):
		return "", false
	case r.PathType == v1alpha1.PathTypeExact:
		return "Path(" + literal + ")", true
	case literal == "`/`":
		return everything, true
	}
	return fmt.Sprintf("(Path(%s) || PathPrefix(%s/`))", literal, literal[:len(literal)-1]), true
}

// canMatch reports whether a request can have the path. Traefik compares with a
// decoded path, and its versions differ in which characters they leave encoded, so
// "%" is refused. Since 2.11.23 and 3.3.6 it also removes "/./", "/../" and
// repeated slashes (sanitizePath, pkg/server/server_entrypoint_tcp.go v3.7.9).
func canMatch(p string) bool {
	clean := path.Clean("/" + p)
	return !strings.Contains(p, "%") && (p == clean || p == clean+"/" && clean != "/")
}

// comparedPath is the path without what says nothing.
func comparedPath(r providers.Route) string {
	if r.PathType == v1alpha1.PathTypeExact {
		return r.Path
	}
	if trimmed := strings.TrimSuffix(r.Path, "/"); trimmed != "" {
		return trimmed
	}
	return r.Path
}

// hostMatch takes one label for "*.". No single expression says that to both
// versions: Traefik 2 reads a template with variables (pkg/muxer/http/mux.go
// v2.11.14), Traefik 3 a regular expression (pkg/muxer/http/matcher.go v3.7.9),
// and nothing that is served tells them apart. Each reads the other's half as
// literal text with "{" or "^", which no host holds. In an exact host "*" is
// refused, because Host(`*`) is every host since 3.7.7.
func hostMatch(host string) (string, bool) {
	domain, wildcard := strings.CutPrefix(host, "*.")
	literal, ok := quote(domain)
	if !ok || strings.Contains(domain, "*") {
		return "", false
	}
	if !wildcard {
		return "Host(" + literal + ")", true
	}
	return fmt.Sprintf("(HostRegexp(`{subdomain:[^.]+}.%s`) || HostRegexp(`^[^.]+\\.%s$`))",
		domain, regexp.QuoteMeta(domain)), true
}

// Priorities of what has no exact host. They lie below all that a rule with an
// exact host can have, and a path is at most 512 characters long.
const (
	wildcardPriority = -10_000
	anyHostPriority  = -20_000
	defaultPriority  = -30_000
)

// priority orders rules as networking.k8s.io/v1 does: an exact host before a
// wildcard before every host, then the longer path, then Exact before Prefix.
// Traefik's default, the length of the rule (GetRulePriority, pkg/muxer/http/mux.go
// v3.7.9), gets that wrong: PathPrefix(`/`) is longer than Path(`/a`).
//
// A rule with an exact host gets the length of the plain rule that a person would
// write, so that it takes its place among the routes of others; the HTTP-01 solver
// of cert-manager, for one, goes on winning from "/". The rest is negative, as
// Traefik's own default backend is (pkg/provider/kubernetes/ingress/kubernetes.go
// v2.11.14). 0 would mean the default, and never comes out.
func priority(r providers.Route) int {
	p := len(comparedPath(r))
	if r.PathType == v1alpha1.PathTypeExact {
		p++
	}
	switch {
	case r.Host == "":
		return anyHostPriority + p
	case strings.HasPrefix(r.Host, "*."):
		return wildcardPriority + p
	}
	return len("Host(``) && PathPrefix(``)") + len(r.Host) + p
}

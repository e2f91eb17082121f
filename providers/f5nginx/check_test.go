// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package f5nginx_test

import (
	"strings"
	"testing"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

var forms = []string{formVirtualServer, formIngress}

func TestPathsThatAreRefused(t *testing.T) {
	both, none := forms, []string{}
	ingressOnly := []string{formIngress}
	for path, refusing := range map[string][]string{
		"/a;b": both, "/a%41": both, "/%0a": both, "/a//b": both, "/a/./b": both, "/a/../b": both, "/..": both,
		"/internal_location_splits_0_split_0": both, "/internal_location_": both,
		"/a(b": ingressOnly, "/a)": ingressOnly, "/a**": ingressOnly, "/a+b": ingressOnly,
		"/etc/passwd": ingressOnly, "/variants": ingressOnly, "/x/root": ingressOnly,
		"/": none, "/api/v1": none, "/a~$&,=:@!-._b": none, "/etcetera": none, "/ROOT": none, "/x/internal_location_": none,
	} {
		for _, form := range forms {
			t.Run(form+path, func(t *testing.T) {
				var want []story.Failure
				if strings.Contains(strings.Join(refusing, " "), form) {
					want = []story.Failure{story.Invalid("spec.rules[0].paths[0].path")}
				}
				story.Diff(t, "failures", want, failures(t, input(form, v1alpha1.StrategyClusterIP, story.Exact("example.com", path))))
			})
		}
	}
}

func TestTheSamePrefixTwiceIsRefused(t *testing.T) {
	for _, form := range forms {
		in := input(form, v1alpha1.StrategyClusterIP, story.Prefix("a.test", "/foo"), story.Prefix("b.test", "/foo/"), story.Prefix("a.test", "/foo/"))
		story.Diff(t, form, []story.Failure{story.Duplicate("spec.rules[0].paths[0].path")}, failures(t, in))
	}
}

// A longer server_name keeps NGINX from loading any configuration.
func TestHostsThatNGINXHasNoRoomFor(t *testing.T) {
	longest := strings.Repeat("a.", 118) + "ab"
	story.Diff(t, "length", 238, len(longest))
	for _, form := range forms {
		story.Diff(t, form+" in time", nil, failures(t, input(form, v1alpha1.StrategyClusterIP, story.Prefix(longest, "/"))))
		story.Diff(t, form+" too long", []story.Failure{story.Invalid("spec.rules[0].paths[0]")},
			failures(t, input(form, v1alpha1.StrategyClusterIP, story.Prefix(longest+"c", "/"), story.Prefix(longest+"c", "/b"))))
	}
}

func TestOnlyALiteralGoesIntoTheHeader(t *testing.T) {
	want := []story.Failure{story.Invalid("spec.rules[0].paths[0].backends[0].service")}
	for _, form := range forms {
		for _, domain := range []string{"${host}", "a b", "a,b", `q"`, `\`, "a;", "{a}", "a\n"} {
			in := input(form, v1alpha1.StrategyHeader, story.Prefix("example.com", "/"))
			in.ClusterDomain = domain
			story.Diff(t, form+" "+domain, want, failures(t, in))
			in = input(form, v1alpha1.StrategyClusterIP, story.Prefix("example.com", "/"))
			in.ClusterDomain = domain
			story.Diff(t, form+" without the header "+domain, nil, failures(t, in))
		}
	}
}

func TestHTTP2NeedsTLSAndANotice(t *testing.T) {
	grpc := backend("voting")
	grpc.H2C = true
	for _, form := range forms {
		in := input(form, v1alpha1.StrategyClusterIP, story.Prefix("a.example.com", "/", grpc), story.Prefix("b.example.org", "/"))
		story.Diff(t, form, []story.Failure{
			story.Invalid("spec.rules[0].paths[0].backends[0].service.port"),
		}, failures(t, in))
		in.TLS = []v1alpha1.TLS{{Hosts: []string{"*.example.com"}, SecretName: "web-tls"}}
		story.Diff(t, form+" with TLS", []string{"NeedsHTTP2"}, story.Reasons(plan(t, in).Notices))
	}
}

func TestTLSNeedsHosts(t *testing.T) {
	for _, form := range forms {
		in := input(form, v1alpha1.StrategyClusterIP, story.Prefix("example.com", "/"))
		in.TLS = []v1alpha1.TLS{{SecretName: "web-tls"}}
		story.Diff(t, form, []story.Failure{story.Required("spec.tls[0].hosts")}, failures(t, in))
		in.TLS[0].Hosts = []string{"example.org"}
		story.Diff(t, form+" of no rule", []string{"UnusedTLSHost"}, story.Reasons(plan(t, in).Notices))
	}
}

func TestAnnotationsThatAreRefused(t *testing.T) {
	ways := map[string]providers.Input{
		"VirtualServer":      clusterIP(story.Prefix("example.com", "/")),
		"Ingress":            input(formIngress, v1alpha1.StrategyClusterIP, story.Prefix("example.com", "/")),
		"Ingress and header": input(formIngress, v1alpha1.StrategyHeader, story.Prefix("example.com", "/")),
	}
	always := "VirtualServer, Ingress, Ingress and header"
	for key, tc := range map[string]struct{ value, refusing string }{
		"kubernetes.io/ingress.class":      {"nginx", always},
		"nsm.nginx.com/internal-route":     {"true", always},
		"nginx.org/use-cluster-ip":         {"true", always},
		"nginx.org/grpc-services":          {"a", always},
		"nginx.org/mergeable-ingress-type": {"minion", always},
		"nginx.org/path-regex":             {"exact", always},
		"nginx.org/lb-method":              {"ip_hash", always},
		"nginx.com/sticky-cookie-services": {"serviceName=a b", always},
		"nginx.org/sticky-cookie-services": {"serviceName=a b", always},
		"nginx.org/ssl-services":           {"a", "VirtualServer, Ingress and header"},
		"nginx.org/policies":               {"a", "VirtualServer, Ingress and header"},
		"nginx.com/policies":               {"a", "VirtualServer, Ingress and header"},
		"nginx.org/proxy-set-headers":      {"X-Team: web", "VirtualServer, Ingress and header"},
		"nginx.org/proxy-read-timeout":     {"20s", "VirtualServer"},
		"cert-manager.io/issuer":           {"letsencrypt", ""},
	} {
		for way, in := range ways {
			t.Run(way+" "+key, func(t *testing.T) {
				in.Annotations = map[string]string{key: tc.value}
				var want []story.Failure
				for refusing := range strings.SplitSeq(tc.refusing, ", ") {
					if refusing == way {
						want = []story.Failure{story.Forbidden("spec.template.annotations[" + key + "]")}
					}
				}
				story.Diff(t, "failures", want, failures(t, in))
			})
		}
	}
}

func TestTheOverrideHeaderIsNotTheUsers(t *testing.T) {
	in := input(formIngress, v1alpha1.StrategyClusterIP, story.Prefix("example.com", "/"))
	in.Annotations = map[string]string{"nginx.org/proxy-set-headers": "X-Team: web, L5D-dst-override: a"}
	story.Diff(t, "failures", []story.Failure{
		story.Forbidden("spec.template.annotations[nginx.org/proxy-set-headers]"),
	}, failures(t, in))
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package crds

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// loaded holds the name of every CRD of every vendor, in the order of Load.
var loaded = map[string][]string{
	Contour: {
		"contourdeployments.projectcontour.io", "httpproxies.projectcontour.io", "tlscertificatedelegations.projectcontour.io",
	},
	Emissary: {
		"mappings.getambassador.io", "hosts.getambassador.io", "modules.getambassador.io",
		"kubernetesendpointresolvers.getambassador.io", "consulresolvers.getambassador.io",
	},
	EnRoute:      {"gatewayhosts.enroute.saaras.io", "globalconfigs.enroute.saaras.io"},
	EnvoyGateway: {"backendtrafficpolicies.gateway.envoyproxy.io", "envoyproxies.gateway.envoyproxy.io"},
	F5Nginx:      {"virtualservers.k8s.nginx.org", "virtualserverroutes.k8s.nginx.org", "transportservers.k8s.nginx.org"},
	GatewayAPI: {
		"gatewayclasses.gateway.networking.k8s.io", "gateways.gateway.networking.k8s.io",
		"grpcroutes.gateway.networking.k8s.io", "httproutes.gateway.networking.k8s.io",
	},
	GCE: {"backendconfigs.cloud.google.com"},
	Gloo: {
		"virtualservices.gateway.solo.io", "routetables.gateway.solo.io", "settings.gloo.solo.io", "upstreams.gloo.solo.io",
	},
	Kong: {
		"kongclusterplugins.configuration.konghq.com", "kongconsumers.configuration.konghq.com",
		"kongplugins.configuration.konghq.com", "kongupstreampolicies.configuration.konghq.com",
		"tcpingresses.configuration.konghq.com",
		"dataplanes.gateway-operator.konghq.com", "gatewayconfigurations.gateway-operator.konghq.com",
	},
	Linkerd: {
		"servers.policy.linkerd.io", "authorizationpolicies.policy.linkerd.io",
		"meshtlsauthentications.policy.linkerd.io", "networkauthentications.policy.linkerd.io",
	},
	Traefik: {
		"ingressroutes.traefik.containo.us", "middlewares.traefik.containo.us",
		"serverstransports.traefik.containo.us", "traefikservices.traefik.containo.us",
		"ingressroutes.traefik.io", "middlewares.traefik.io",
		"serverstransports.traefik.io", "traefikservices.traefik.io",
	},
}

func TestLoad(t *testing.T) {
	for vendor, want := range loaded {
		t.Run(vendor, func(t *testing.T) {
			crds, err := Load(vendor)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, crd := range crds {
				got = append(got, crd.Name)
				if want := crd.Spec.Names.Plural + "." + crd.Spec.Group; crd.Name != want {
					t.Errorf("name %q, want %q", crd.Name, want)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("names (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAllIsWhatIsEmbedded(t *testing.T) {
	var want []string
	for _, name := range embedded(t) {
		want = append(want, path.Dir(name))
	}
	if diff := cmp.Diff(slices.Compact(want), All()); diff != "" {
		t.Errorf("All (-embedded +got):\n%s", diff)
	}
}

func TestLoadRefusesAnUnknownVendor(t *testing.T) {
	if _, err := Load("no-such-vendor"); err == nil {
		t.Error("no error")
	}
}

// source is the first line of a file: a module or repository, a version or commit, and
// the path there, in which braces may stand for several files.
var source = regexp.MustCompile(`^# ([a-z0-9.]+\.[a-z]+/\S+) (v\d+\.\d+\.\d+|[0-9a-f]{12}) ([^/\s]\S*)$`)

// TestFilesNameTheirSource keeps the copies traceable: the first line of each names
// its source, and the table of README.md repeats it, with what the file holds.
func TestFilesNameTheirSource(t *testing.T) {
	table, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range embedded(t) {
		data, err := fs.ReadFile(Files(), name)
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(string(data), "\n")
		parts := source.FindStringSubmatch(first)
		if parts == nil {
			t.Errorf("%s: first line is %q, want '# module version path'", name, first)
			continue
		}
		row := fmt.Sprintf("\n| `%s` | `%s` | %s | `%s` | %s | ", name, parts[1], parts[2], parts[3], kinds(t, name))
		if !strings.Contains(string(table), row) {
			t.Errorf("README.md has no row that begins with%s", row)
		}
	}
}

// embedded lists the files, sorted.
func embedded(t *testing.T) []string {
	t.Helper()
	names, err := fs.Glob(Files(), "*/*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatalf("got files %q and error %v", names, err)
	}
	slices.Sort(names)
	return names
}

// kinds of a file, as README.md has them.
func kinds(t *testing.T, name string) string {
	t.Helper()
	crds, err := decodeFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, crd := range crds {
		names = append(names, crd.Spec.Names.Kind)
		if group := strings.TrimSuffix(path.Base(name), ".yaml"); crd.Spec.Group != group {
			t.Errorf("%s holds %s, of the group %s", name, crd.Name, crd.Spec.Group)
		}
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

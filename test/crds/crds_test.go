package crds

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLoad(t *testing.T) {
	for vendor, want := range map[string][]string{
		Traefik: {
			"ingressroutes.traefik.containo.us", "middlewares.traefik.containo.us",
			"serverstransports.traefik.containo.us", "traefikservices.traefik.containo.us",
			"ingressroutes.traefik.io", "middlewares.traefik.io",
			"serverstransports.traefik.io", "traefikservices.traefik.io",
		},
		Contour: {"httpproxies.projectcontour.io", "tlscertificatedelegations.projectcontour.io"},
	} {
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

func TestLoadRefusesAnUnknownVendor(t *testing.T) {
	if _, err := Load("no-such-vendor"); err == nil {
		t.Error("no error")
	}
}

// TestFilesNameTheirSource keeps the copies traceable: the first line of each
// names module, version and path.
func TestFilesNameTheirSource(t *testing.T) {
	names, err := fs.Glob(Files(), "*/*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatalf("got files %q and error %v", names, err)
	}
	for _, name := range names {
		data, err := fs.ReadFile(Files(), name)
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(string(data), "\n")
		if len(strings.Fields(first)) != 4 || !strings.HasPrefix(first, "# github.com/") {
			t.Errorf("%s: first line is %q, want '# module version path'", name, first)
		}
	}
}

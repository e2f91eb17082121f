// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package providertest

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/meshingress/meshingress/internal/render"
	"github.com/meshingress/meshingress/providers"
)

var update = flag.Bool("update", false, "rewrite the golden files from what the code does now")

// shuffles is how many other orders of the documents are tried for each case.
const shuffles = 4

// RunGolden runs every case in testdata of the package under test: the plan must
// be what the golden file says, must not depend on the order of the documents,
// must leave them as they were, and must keep what the provider's description
// promises. A case without golden file, or a golden file without case, fails.
func RunGolden(t *testing.T, p providers.Provider) {
	t.Helper()
	h, err := newHarness(p)
	if err != nil {
		t.Fatal(err)
	}
	inputs, err := listCases("testdata", *update)
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range inputs {
		t.Run(strings.TrimSuffix(filepath.Base(in), inSuffix), func(t *testing.T) {
			for _, err := range h.check(in, *update) {
				t.Error(err)
			}
		})
	}
}

// harness renders for one provider.
type harness struct {
	description providers.Description
	renderer    *render.Renderer
	watch       *watch
}

func newHarness(p providers.Provider) (*harness, error) {
	w := &watch{}
	registry, err := providers.NewRegistry(w.over(p))
	if err != nil {
		return nil, err
	}
	renderer, err := render.New(registry)
	return &harness{description: p.Describe(), renderer: renderer, watch: w}, err
}

// check runs one case and returns what is wrong.
func (h *harness) check(path string, update bool) []error {
	c, err := readCase(path)
	if err != nil {
		return []error{err}
	}
	before := c.copyDocuments()
	out, got, err := h.render(c)
	if err != nil {
		return []error{err}
	}
	if update {
		if err := os.WriteFile(c.golden, got, 0o644); err != nil {
			return []error{err}
		}
	}
	var errs []error
	if err := compareGolden(c.golden, got); err != nil {
		errs = append(errs, err)
	}
	errs = append(errs, CheckOutput(h.description, out)...)
	errs = append(errs, h.checkShuffled(c, got)...)
	if diff := cmp.Diff(before, c.documents); diff != "" {
		errs = append(errs, fmt.Errorf("rendering changed the input (-before +after):\n%s", diff))
	}
	return append(errs, h.watch.drain()...)
}

// render returns the output, and its golden form.
func (h *harness) render(c goldenCase) (render.Output, []byte, error) {
	out, err := h.renderer.Render(c.documents, render.Options{Served: c.served, Strict: true})
	if err != nil {
		return out, nil, err
	}
	data, err := yaml.Marshal(out)
	return out, data, err
}

// checkShuffled renders the documents in other orders.
func (h *harness) checkShuffled(c goldenCase, want []byte) []error {
	c.documents = slices.Clone(c.documents)
	random := rand.New(rand.NewPCG(1, 2))
	var errs []error
	for range shuffles {
		random.Shuffle(len(c.documents), func(i, j int) {
			c.documents[i], c.documents[j] = c.documents[j], c.documents[i]
		})
		_, got, err := h.render(c)
		if err == nil {
			err = compare("the plan is another one where the documents are in another order", want, got)
		}
		if err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

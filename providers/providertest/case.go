// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package providertest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"

	"github.com/meshingress/meshingress/internal/render"
	"github.com/meshingress/meshingress/providers"
)

const (
	inSuffix  = ".in.yaml"
	outSuffix = ".out.yaml"

	servedPrefix = "# served:"

	// fuzzDir is where "go test" keeps what fuzzing found.
	fuzzDir = "fuzz"
)

// goldenCase is one pair of files.
type goldenCase struct {
	golden    string
	documents []render.Document
	served    []providers.Kind
}

// listCases returns the inputs in a directory, and an error where there are none,
// where one has no golden file (unless those are about to be written), and where
// anything else is there.
func listCases(dir string, update bool) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		if !e.IsDir() || e.Name() != fuzzDir {
			names = append(names, e.Name())
		}
	}
	var inputs []string
	var errs []error
	for _, name := range names {
		if err := checkName(name, names, update); err != nil {
			errs = append(errs, err)
		}
		if strings.HasSuffix(name, inSuffix) {
			inputs = append(inputs, filepath.Join(dir, name))
		}
	}
	if len(names) == 0 {
		errs = append(errs, fmt.Errorf("%s holds no case (*%s)", dir, inSuffix))
	}
	return inputs, errors.Join(errs...)
}

// checkName checks that a file is one of a pair.
func checkName(name string, names []string, update bool) error {
	if base, ok := strings.CutSuffix(name, inSuffix); ok {
		if update || slices.Contains(names, base+outSuffix) {
			return nil
		}
		return fmt.Errorf("%s has no %s%s: run the test with -update", name, base, outSuffix)
	}
	base, ok := strings.CutSuffix(name, outSuffix)
	if !ok {
		return fmt.Errorf("%s is neither *%s nor *%s", name, inSuffix, outSuffix)
	}
	if !slices.Contains(names, base+inSuffix) {
		return fmt.Errorf("%s has no %s%s: remove it", name, base, inSuffix)
	}
	return nil
}

func readCase(path string) (goldenCase, error) {
	c := goldenCase{golden: strings.TrimSuffix(path, inSuffix) + outSuffix}
	data, err := os.ReadFile(path)
	if err != nil {
		return c, err
	}
	if c.served, err = readHeader(string(data)); err != nil {
		return c, fmt.Errorf("%s: %w", path, err)
	}
	c.documents, err = render.Parse(path, bytes.NewReader(data))
	return c, err
}

// readHeader reads the comments at the top of an input.
func readHeader(text string) ([]providers.Kind, error) {
	lines := strings.Split(text, "\n")
	proves, isComment := strings.CutPrefix(lines[0], "#")
	if !isComment || strings.TrimSpace(proves) == "" || strings.HasPrefix(lines[0], servedPrefix) {
		return nil, errors.New("the first line must be a comment that says what the case proves")
	}
	for _, line := range lines[1:] {
		if !strings.HasPrefix(line, "#") {
			return nil, nil
		}
		if list, ok := strings.CutPrefix(line, servedPrefix); ok {
			return render.ParseServed(list)
		}
	}
	return nil, nil
}

func (c goldenCase) copyDocuments() []render.Document {
	docs := make([]render.Document, 0, len(c.documents))
	for _, d := range c.documents {
		d.Object = d.Object.DeepCopy()
		docs = append(docs, d)
	}
	return docs
}

func compareGolden(path string, got []byte) error {
	want, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return compare(path+" is not what is planned now: see what changed, then run the test with -update", want, got)
}

func compare(what string, want, got []byte) error {
	if bytes.Equal(want, got) {
		return nil
	}
	diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n"))
	return fmt.Errorf("%s (-want +got):\n%s", what, diff)
}

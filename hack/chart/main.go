// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

// directory is the chart's, below the root of the repository.
const directory = "charts/meshingress"

func main() {
	version := flag.String("version", "", "version of the chart and of the operator that it installs")
	flag.Parse()
	if err := run(".", *version); err != nil {
		fmt.Fprintln(os.Stderr, "chart:", err)
		os.Exit(1)
	}
}

// run writes the generated files of the chart in the repository at root.
func run(root, version string) error {
	if err := copyFiles(root); err != nil {
		return err
	}
	contents, err := generate(filepath.Join(root, directory), version)
	if err != nil {
		return err
	}
	for name, content := range contents {
		if err := os.WriteFile(filepath.Join(root, directory, name), content, 0o644); err != nil {
			return fmt.Errorf("writing a file of the chart: %w", err)
		}
	}
	return nil
}

// generate returns the files of the chart in dir that are part hand-written, part
// generated, by their names.
func generate(dir, version string) (map[string][]byte, error) {
	inputs := map[string][]byte{}
	for _, name := range []string{"Chart.yaml", "README.md", "values.yaml", "values.schema.json", permissionsFile} {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, fmt.Errorf("reading a file of the chart: %w", err)
		}
		inputs[name] = content
	}
	chartfile, err := setVersion(inputs["Chart.yaml"], version)
	if err != nil {
		return nil, err
	}
	values, err := readValues(inputs["values.yaml"])
	if err != nil {
		return nil, err
	}
	schema, err := completeSchema(inputs["values.schema.json"], values, inputs[permissionsFile])
	if err != nil {
		return nil, err
	}
	readme, err := setTable(inputs["README.md"], values)
	if err != nil {
		return nil, err
	}
	return map[string][]byte{"Chart.yaml": chartfile, "values.schema.json": schema, "README.md": readme}, nil
}

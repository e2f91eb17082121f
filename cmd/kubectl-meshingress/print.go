// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/meshingress/meshingress/internal/render"
)

// Values of --output.
const (
	outputYAML = "yaml"
	outputJSON = "json"
)

func printer(output string) (func(io.Writer, render.Output) error, error) {
	switch output {
	case outputYAML:
		return printYAML, nil
	case outputJSON:
		return printJSON, nil
	default:
		return nil, fmt.Errorf("--output %q: must be %s or %s", output, outputYAML, outputJSON)
	}
}

func printJSON(w io.Writer, out render.Output) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(out)
}

// printYAML writes the objects as documents that kubectl can apply. All else is
// in comments: what is patched is not ours to apply whole.
func printYAML(w io.Writer, out render.Output) error {
	var docs []string
	for _, c := range out.Classes {
		more, err := documents("MeshIngressClass "+c.Name, c.Plan)
		if err != nil {
			return err
		}
		docs = append(docs, more...)
	}
	for _, m := range out.MeshIngresses {
		more, err := documents("MeshIngress "+m.Namespace+"/"+m.Name, m.Plan)
		if err != nil {
			return err
		}
		docs = append(docs, more...)
	}
	_, err := io.WriteString(w, strings.Join(docs, "---\n"))
	return err
}

// documents returns a document of comments and one for each object.
func documents(title string, p render.Plan) ([]string, error) {
	header, err := comments(title, p)
	if err != nil {
		return nil, err
	}
	docs := []string{header}
	for _, obj := range p.Objects {
		data, err := yaml.Marshal(obj)
		if err != nil {
			return nil, err
		}
		docs = append(docs, string(data))
	}
	return docs, nil
}

func comments(title string, p render.Plan) (string, error) {
	lines := []string{title}
	if p.Strategy != "" {
		lines = append(lines, oneLine(fmt.Sprintf("Strategy %s: %s", p.Strategy, p.StrategyReason)))
	}
	for _, n := range p.Notices {
		lines = append(lines, oneLine(fmt.Sprintf("Notice %s: %s", n.Reason, n.Message)))
	}
	for _, e := range p.Errors {
		lines = append(lines, oneLine(fmt.Sprintf("Error %s: %s", e.Field, e.Detail)))
	}
	for _, patch := range p.Patches {
		fields, err := yaml.Marshal(patch.Fields)
		if err != nil {
			return "", err
		}
		t := patch.Target
		lines = append(lines, fmt.Sprintf("Patch of %s %s/%s:", t.Kind, t.Namespace, t.Name))
		for line := range strings.Lines(string(fields)) {
			lines = append(lines, "  "+strings.TrimRight(line, "\n"))
		}
	}
	return "# " + strings.Join(lines, "\n# ") + "\n", nil
}

// oneLine keeps a message that quotes the input from ending its comment.
func oneLine(s string) string {
	return strings.Join(strings.Fields(s), " ")
}

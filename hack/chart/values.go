// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// value is an entry of values.yaml.
type value struct {
	path        []string
	description string
	value       any // the default, decoded
	children    []value
}

func (v value) name() string { return strings.Join(v.path, ".") }

// readValues returns the entries of a values.yaml in their order, each with the comment
// above it.
func readValues(content []byte) ([]value, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(content, &document); err != nil {
		return nil, fmt.Errorf("reading values.yaml: %w", err)
	}
	if len(document.Content) != 1 {
		return nil, fmt.Errorf("reading values.yaml: %d documents", len(document.Content))
	}
	return entries(document.Content[0], nil)
}

// entries are those of a mapping; there are none in anything else.
func entries(node *yaml.Node, parent []string) ([]value, error) {
	if node.Kind != yaml.MappingNode {
		return nil, nil
	}
	var result []value
	for i := 0; i < len(node.Content); i += 2 {
		key, content := node.Content[i], node.Content[i+1]
		v := value{path: append(parent[:len(parent):len(parent)], key.Value), description: comment(key.HeadComment)}
		if err := content.Decode(&v.value); err != nil {
			return nil, fmt.Errorf("reading %s of values.yaml: %w", v.name(), err)
		}
		var err error
		if v.children, err = entries(content, v.path); err != nil {
			return nil, err
		}
		result = append(result, v)
	}
	return result, nil
}

// comment is the text of a comment, in one line.
func comment(lines string) string {
	var text []string
	for line := range strings.Lines(lines) {
		text = append(text, strings.TrimSpace(strings.TrimPrefix(line, "#")))
	}
	return strings.Join(text, " ")
}

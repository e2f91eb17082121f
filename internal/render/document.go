// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// Document is one object of the input.
type Document struct {
	// Source is where it was read, for messages: a file name, say.
	Source string

	// Number of the YAML document in the source, from 1. Documents that hold
	// nothing but comments are not counted; the items of a List share a number.
	Number int

	// Object that was read.
	Object *unstructured.Unstructured
}

// InputError says that the input cannot be used, and where.
type InputError struct {
	Source string
	Number int
	Err    error
}

func (e *InputError) Error() string {
	return fmt.Sprintf("%s: document %d: %v", e.Source, e.Number, e.Err)
}

// Unwrap returns what is wrong with the document.
func (e *InputError) Unwrap() error { return e.Err }

func (d Document) fail(format string, args ...any) error {
	return &InputError{d.Source, d.Number, fmt.Errorf(format, args...)}
}

// Parse reads YAML documents, or JSON, and takes Lists apart. A key that occurs
// twice, and an object without apiVersion, kind or name, are errors of type
// *InputError.
func Parse(source string, r io.Reader) ([]Document, error) {
	reader := utilyaml.NewYAMLReader(bufio.NewReader(r))
	var docs []Document
	for number := 1; ; {
		data, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return docs, nil
		}
		if err != nil {
			return nil, &InputError{source, number, err}
		}
		content, err := parseContent(data)
		if err != nil {
			return nil, &InputError{source, number, err}
		}
		if content == nil {
			continue
		}
		objects, err := flatten(&unstructured.Unstructured{Object: content})
		if err != nil {
			return nil, &InputError{source, number, err}
		}
		for _, obj := range objects {
			docs = append(docs, Document{Source: source, Number: number, Object: obj})
		}
		number++
	}
}

// parseContent goes by way of JSON, so that integers are int64, as in an answer
// of the API server. It returns nil where there are only comments.
func parseContent(data []byte) (map[string]any, error) {
	content, err := yaml.YAMLToJSONStrict(data)
	if err != nil {
		return nil, err
	}
	var value any
	if err := json.Unmarshal(content, &value); err != nil || value == nil {
		return nil, err
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, errors.New("is no object: it needs apiVersion, kind and metadata")
	}
	return object, nil
}

// isKustomization finds the file that says how a directory is built. It is no
// object, and stands beside the objects in many directories.
func isKustomization(obj *unstructured.Unstructured) bool {
	group, _, _ := strings.Cut(obj.GetAPIVersion(), "/")
	return group == "kustomize.config.k8s.io"
}

// flatten takes a List apart, and Lists in it.
func flatten(obj *unstructured.Unstructured) ([]*unstructured.Unstructured, error) {
	if obj.GetAPIVersion() == "" || obj.GetKind() == "" {
		return nil, errors.New("has no apiVersion and kind")
	}
	if isKustomization(obj) {
		return nil, nil
	}
	if !obj.IsList() || !strings.HasSuffix(obj.GetKind(), "List") {
		if obj.GetName() == "" {
			return nil, fmt.Errorf("%s has no metadata.name", obj.GetKind())
		}
		return []*unstructured.Unstructured{obj}, nil
	}
	items, _ := obj.Object["items"].([]any)
	var all []*unstructured.Unstructured
	for i, item := range items {
		content, ok := item.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("items[%d] of the %s is no object", i, obj.GetKind())
		}
		objects, err := flatten(&unstructured.Unstructured{Object: content})
		if err != nil {
			return nil, fmt.Errorf("items[%d] of the %s: %w", i, obj.GetKind(), err)
		}
		all = append(all, objects...)
	}
	return all, nil
}

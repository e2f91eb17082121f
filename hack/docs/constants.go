// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
)

// constant is a string constant of a Go file.
type constant struct {
	// Name without the prefix that was asked for.
	Name string

	// Value of the string.
	Value string

	// Doc is the comment, without the constant's name at its beginning.
	Doc string
}

// readConstants returns the string constants of a Go file whose names begin with
// prefix, in the order of the file.
func readConstants(path, prefix string) ([]constant, error) {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
	if err != nil {
		return nil, fmt.Errorf("reading constants: %w", err)
	}
	var constants []constant
	for _, decl := range file.Decls {
		group, ok := decl.(*ast.GenDecl)
		if !ok || group.Tok != token.CONST {
			continue
		}
		for _, spec := range group.Specs {
			if c, ok := readConstant(spec.(*ast.ValueSpec), prefix); ok {
				constants = append(constants, c)
			}
		}
	}
	if len(constants) == 0 {
		return nil, fmt.Errorf("%s has no constant %s", path, prefix)
	}
	return constants, nil
}

func readConstant(spec *ast.ValueSpec, prefix string) (constant, bool) {
	name := spec.Names[0].Name
	short, ok := strings.CutPrefix(name, prefix)
	if !ok || len(spec.Values) != 1 {
		return constant{}, false
	}
	literal, ok := spec.Values[0].(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return constant{}, false
	}
	value, err := strconv.Unquote(literal.Value)
	if err != nil {
		return constant{}, false
	}
	doc := strings.TrimSpace(strings.TrimPrefix(spec.Doc.Text(), name))
	return constant{Name: short, Value: value, Doc: doc}, true
}

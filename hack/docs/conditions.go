// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// condition is a condition type, as its comment tells of it.
type condition struct {
	Type    string
	Meaning string
	Reasons []reasons
}

// reasons are those of one status of a condition.
type reasons struct {
	Kind   string // empty: both kinds
	Status string
	Names  []string
}

// readConditions reads the constants Condition* of a Go file. The last paragraph
// of a comment lists reasons, "True: A. False: B, C.", where a kind and a comma
// may come before a status and hold until the next kind. A reason that is no
// constant Reason* of the file is an error.
func readConditions(path string) ([]condition, error) {
	types, err := readConstants(path, "Condition")
	if err != nil {
		return nil, err
	}
	declared, err := readConstants(path, "Reason")
	if err != nil {
		return nil, err
	}
	conditions := make([]condition, 0, len(types))
	for _, c := range types {
		paragraphs := strings.Split(c.Doc, "\n\n")
		last := len(paragraphs) - 1
		read := condition{
			Type:    c.Value,
			Meaning: sentence(strings.Join(paragraphs[:last], " ")),
			Reasons: parseReasons(paragraphs[last]),
		}
		if err := checkReasons(read, declared); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		conditions = append(conditions, read)
	}
	return conditions, nil
}

func parseReasons(text string) []reasons {
	clause := regexp.MustCompile(`(?:(\w+), )?(True|False|Unknown): ([\w, ]+)\.`)
	kind := ""
	var all []reasons
	for _, match := range clause.FindAllStringSubmatch(strings.Join(strings.Fields(text), " "), -1) {
		if match[1] != "" {
			kind = match[1]
		}
		all = append(all, reasons{Kind: kind, Status: match[2], Names: strings.Split(match[3], ", ")})
	}
	return all
}

func checkReasons(c condition, declared []constant) error {
	if len(c.Reasons) == 0 {
		return fmt.Errorf("the comment on condition %s ends without reasons", c.Type)
	}
	for _, r := range c.Reasons {
		for _, name := range r.Names {
			if !slices.ContainsFunc(declared, func(d constant) bool { return d.Value == name }) {
				return fmt.Errorf("condition %s names the reason %s, which is not declared", c.Type, name)
			}
		}
	}
	return nil
}

// writeConditions writes a table of conditions and their reasons.
func writeConditions(p *page, conditions []condition) {
	p.heading(2, "Conditions")
	p.paragraph("Each condition carries `observedGeneration` and speaks of what was observed. " +
		"A reason is a word for programs; the message says what to do.")
	for _, c := range conditions {
		p.heading(3, "%s", c.Type)
		p.paragraph("%s", c.Meaning)
		columns, rows := []string{"Status", "Reasons"}, [][]string{}
		for _, r := range c.Reasons {
			row := []string{r.Status, codes(r.Names)}
			if r.Kind != "" {
				row = append(row, code(r.Kind))
			}
			rows = append(rows, row)
		}
		if c.Reasons[0].Kind != "" {
			columns = append(columns, "Kind")
		}
		p.table(columns, rows)
	}
}

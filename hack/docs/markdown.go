// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
)

// page collects Markdown.
type page struct{ strings.Builder }

func (p *page) heading(level int, format string, args ...any) {
	p.WriteString(strings.Repeat("#", level) + " " + fmt.Sprintf(format, args...) + "\n\n")
}

func (p *page) paragraph(format string, args ...any) {
	p.WriteString(fmt.Sprintf(format, args...) + "\n\n")
}

// list writes nothing for no items.
func (p *page) list(items []string) {
	for _, item := range items {
		p.WriteString("- " + item + "\n")
	}
	if len(items) > 0 {
		p.WriteString("\n")
	}
}

// numbers writes the items as a numbered list.
func (p *page) numbers(items []string) {
	for i, item := range items {
		fmt.Fprintf(p, "%d. %s\n", i+1, item)
	}
	p.WriteString("\n")
}

// table writes cells as they are, but for what would end a cell.
func (p *page) table(columns []string, rows [][]string) {
	rule := make([]string, len(columns))
	for i := range rule {
		rule[i] = "---"
	}
	p.row(columns)
	p.row(rule)
	for _, row := range rows {
		p.row(row)
	}
	p.WriteString("\n")
}

func (p *page) row(cells []string) {
	escape := strings.NewReplacer("|", `\|`, "\n", " ")
	p.WriteString("|")
	for _, cell := range cells {
		p.WriteString(strings.TrimRight(" "+escape.Replace(cell), " ") + " |")
	}
	p.WriteString("\n")
}

// String is the page, with one newline at its end.
func (p *page) String() string { return strings.TrimRight(p.Builder.String(), "\n") + "\n" }

func code(s string) string { return "`" + s + "`" }

func codes(values []string) string {
	quoted := make([]string, 0, len(values))
	for _, v := range values {
		quoted = append(quoted, code(v))
	}
	return strings.Join(quoted, ", ")
}

// prose joins the lines of a comment and escapes what Markdown would read as HTML
// or emphasis.
func prose(s string) string {
	escape := strings.NewReplacer("<", `\<`, "*", `\*`)
	return escape.Replace(strings.Join(strings.Fields(s), " "))
}

// sentence is prose that begins with a capital letter.
func sentence(s string) string {
	s = prose(s)
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// width is that of a heading, and of a line with a time at its end.
const width = 80

// Escape sequences of a terminal.
const (
	bold  = "\x1b[1m"
	green = "\x1b[32m"
	faint = "\x1b[2m"
	plain = "\x1b[0m"
)

// printer writes to the screen. It is safe for concurrent use.
type printer struct {
	mu     sync.Mutex
	out    io.Writer
	colors bool
}

// newPrinter uses colors on a terminal, unless NO_COLOR is set (no-color.org) or
// the terminal is dumb.
func newPrinter(out *os.File) *printer {
	info, err := out.Stat()
	terminal := err == nil && info.Mode()&os.ModeCharDevice != 0
	return &printer{out: out, colors: terminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}

func (p *printer) line(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintln(p.out, strings.TrimRight(text, " "))
}

func (p *printer) styled(style, text string) string {
	if !p.colors || text == "" {
		return text
	}
	return style + text + plain
}

// heading begins a chapter.
func (p *printer) heading(text string) {
	rule := strings.Repeat("─", max(0, width-len([]rune(text))-1))
	p.line("\n" + p.styled(bold, text) + " " + p.styled(faint, rule))
}

// say prints sentences, a line each.
func (p *printer) say(lines ...string) {
	for _, l := range lines {
		p.line(l)
	}
}

// list prints items, a line each; one that begins with spaces goes on with the item
// before.
func (p *printer) list(items ...string) {
	for _, item := range items {
		if strings.HasPrefix(item, " ") {
			p.line("  " + item)
		} else {
			p.line("  - " + item)
		}
	}
}

// block prints what another program wrote, indented.
func (p *printer) block(text string) {
	for l := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		p.line("  " + l)
	}
}

// command prints a command line as the user would type it.
func (p *printer) command(words ...string) {
	p.line("\n" + p.styled(bold, "$ "+commandLine(words...)))
}

// quote prints a long sentence of the operator, in lines that fit the screen.
func (p *printer) quote(text string) {
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len(line)+len(word)+3 > width {
			p.line("  " + line)
			line = ""
		}
		line = strings.TrimLeft(line+" "+word, " ")
	}
	p.line("  " + line)
}

// done prints what holds now, and how long it took.
func (p *printer) done(text string, took time.Duration) {
	time := seconds(took)
	gap := strings.Repeat(" ", max(1, width-len([]rune(text))-len([]rune(time))-2))
	p.line(p.styled(green, "✓") + " " + text + gap + p.styled(faint, time))
}

// holds prints what holds, where time is of no interest.
func (p *printer) holds(text string) { p.line(p.styled(green, "✓") + " " + text) }

// progress prints what is being waited for.
func (p *printer) progress(text string) { p.line(p.styled(faint, "  … "+text)) }

// seconds is "1.2 s", or "34 ms" where that is nearly nothing.
func seconds(d time.Duration) string {
	if d < 100*time.Millisecond {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// kubectl runs kubectl as the cluster's administrator and returns what it printed.
func (d *demo) kubectl(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, d.env.Binary("kubectl"), args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+d.env.Kubeconfig(), "KUBERC=off", "KUBECACHEDIR="+d.dir)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("kubectl %s: %w\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return stdout.String(), nil
}

// show prints a command line of kubectl, runs it and prints its answer.
func (d *demo) show(ctx context.Context, args ...string) error {
	d.command(append([]string{"kubectl"}, args...)...)
	answer, err := d.kubectl(ctx, args...)
	if err != nil {
		return err
	}
	if answer == "" {
		answer = "(nothing)"
	}
	d.block(answer)
	return nil
}

// commandLine is what a shell reads as these words, in lines that fit the screen.
func commandLine(words ...string) string {
	var text strings.Builder
	used := 0
	for i, word := range words {
		word = quoted(word)
		switch {
		case i == 0:
		case used+len(word)+3 > width:
			text.WriteString(" \\\n    ")
			used = 4
		default:
			text.WriteString(" ")
			used++
		}
		text.WriteString(word)
		used += len(word)
	}
	return text.String()
}

// quoted is what a shell reads as this word.
func quoted(word string) string {
	if word != "" && !strings.ContainsAny(word, ` {}[]"'*?$~\`) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// idleTimeout is for the operator to have done what it has to do.
const idleTimeout = time.Minute

// showIdle shows that the operator leaves the API server alone.
func (d *demo) showIdle(ctx context.Context) error {
	if err := d.waitUntilIdle(ctx, 5*time.Second); err != nil {
		return err
	}
	counts, err := d.requests(ctx)
	if err != nil {
		return err
	}
	all, _, err := d.notReady(ctx)
	if err != nil {
		return err
	}
	d.say(fmt.Sprintf("  Since its start it has sent %d requests that write, for %d samples and their rollouts:",
		counts.writes(), all))
	d.list(fmt.Sprintf("%d PATCH: finalizers, inventories, generated objects, fields, statuses, events", counts["PATCH"]),
		fmt.Sprintf("%d POST: events", counts["POST"]),
		fmt.Sprintf("%d GET, watches included", counts["GET"]),
		fmt.Sprintf("%d PUT: its lease, which it goes on to renew", counts["PUT"]))
	return nil
}

// waitUntilIdle waits until the operator has written nothing for some time. A write
// that the API server refuses counts.
func (d *demo) waitUntilIdle(ctx context.Context, idle time.Duration) error {
	last, since := -1, time.Now()
	return d.wait(ctx, waiting{
		text: fmt.Sprintf("the operator has written nothing for %.0f s", idle.Seconds()), timeout: idleTimeout,
		look: func(ctx context.Context) (string, bool, error) {
			counts, err := d.requests(ctx)
			if err != nil {
				return "", false, err
			}
			if n := counts.writes(); n != last {
				last, since = n, time.Now()
			}
			quiet := time.Since(since)
			return fmt.Sprintf("no write for %.0f s", quiet.Seconds()), quiet >= idle, nil
		},
	})
}

// requests are the requests that the operator has sent, by HTTP method.
type requests map[string]int

// writes leaves out PUT, with which the operator renews its lease and which RBAC
// allows it for nothing else.
func (r requests) writes() int { return r["POST"] + r["PATCH"] + r["DELETE"] }

// requests reads the operator's metrics.
func (d *demo) requests(ctx context.Context) (requests, error) {
	metrics, err := d.metrics(ctx)
	if err != nil {
		return nil, err
	}
	return sumBy(metrics, "rest_client_requests_total", "method"), nil
}

func (d *demo) metrics(ctx context.Context) (string, error) {
	text, err := get(ctx, "http://"+d.operator.metrics+"/metrics")
	if err != nil {
		return "", fmt.Errorf("reading the operator's metrics: %w", err)
	}
	return string(text), nil
}

// sumBy sums a metric of a page in Prometheus' text format by the value of a label.
func sumBy(page, metric, label string) map[string]int {
	sums := map[string]int{}
	sample := regexp.MustCompile(`^` + metric + `\{(?:.*,)?` + label + `="([^"]*)".*\} (\S+)$`)
	for line := range strings.SplitSeq(page, "\n") {
		if match := sample.FindStringSubmatch(line); match != nil {
			value, err := strconv.ParseFloat(match[2], 64)
			if err == nil {
				sums[match[1]] += int(value)
			}
		}
	}
	return sums
}

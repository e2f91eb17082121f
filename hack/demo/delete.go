// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/test/env"
)

// restTimeout is for everything in the cluster to have settled.
const restTimeout = time.Minute

// deleteSamples deletes everything that was applied, and compares the cluster with
// what it was before.
func (d *demo) deleteSamples(ctx context.Context) error {
	if err := d.show(ctx, "delete", "-k", samples, "--timeout="+readyTimeout.String()); err != nil {
		return err
	}
	d.say("")
	if err := d.waitForWorkloads(ctx); err != nil {
		return err
	}
	if err := d.checkNoProxies(ctx); err != nil {
		return err
	}
	return d.compare(ctx)
}

func (d *demo) checkNoProxies(ctx context.Context) error {
	var pods corev1.PodList
	if err := d.env.Client.List(ctx, &pods); err != nil {
		return fmt.Errorf("listing pods: %w", err)
	}
	for _, pod := range pods.Items {
		proxy := func(c corev1.Container) bool { return c.Name == linkerd.ProxyContainer }
		if pod.DeletionTimestamp == nil && slices.ContainsFunc(pod.Spec.Containers, proxy) {
			return fmt.Errorf("pod %s/%s still has a proxy", pod.Namespace, pod.Name)
		}
	}
	d.holds("no pod has a proxy")
	return nil
}

// compare looks for a difference to the snapshot that was made before the samples.
func (d *demo) compare(ctx context.Context) error {
	diff := ""
	err := d.wait(ctx, waiting{
		text: "nothing is left behind: the cluster is as it was before the samples", timeout: restTimeout,
		look: func(ctx context.Context) (string, bool, error) {
			after, err := d.snapshot(ctx)
			if err != nil {
				return "", false, err
			}
			diff = env.Diff(d.before, after)
			return "comparing with the snapshot", diff == "", nil
		},
	})
	if err != nil && diff != "" {
		return fmt.Errorf("%w\n(- before, + after)\n%s", err, diff)
	}
	if err != nil {
		return err
	}
	d.say(fmt.Sprintf("  %d objects are equal field by field, down to who manages each field. Not", len(d.before)),
		"  compared, because each rollout changes them: Pods, ReplicaSets, ControllerRevisions,",
		"  and the status, generation and revision of workloads. Nor Events, Leases, Endpoints",
		"  and EndpointSlices.")
	return nil
}

// takeSnapshot waits until the cluster has come to rest, and remembers it.
func (d *demo) takeSnapshot(ctx context.Context) error {
	return d.wait(ctx, waiting{
		text: "snapshot of the cluster at rest, to compare with in the end", timeout: restTimeout,
		look: func(ctx context.Context) (string, bool, error) {
			now, err := d.snapshot(ctx)
			if err != nil {
				return "", false, err
			}
			rests := d.before != nil && env.Diff(d.before, now) == ""
			d.before = now
			return "waiting for two snapshots that are the same", rests, nil
		},
	})
}

// snapshot is the cluster without what a rollout changes for good.
func (d *demo) snapshot(ctx context.Context) (env.Snapshot, error) {
	snapshot, err := d.env.Snapshot(ctx)
	return snapshot.WithoutRollouts(), err
}

// end stops everything, and reads what the operator complained about.
func (d *demo) end(context.Context) error {
	took, err := d.operator.stop()
	if err != nil {
		return err
	}
	d.done("the operator has ended by itself after SIGTERM", took)
	log, err := os.ReadFile(d.operator.logPath)
	if err != nil {
		return fmt.Errorf("reading the operator's log: %w", err)
	}
	if found := complaints(string(log)); len(found) > 0 {
		return errors.New("the operator's log has errors:\n" + strings.Join(found, "\n"))
	}
	d.holds(fmt.Sprintf("its log has %d lines, and none is an error or tells of a missing permission",
		strings.Count(string(log), "\n")))
	return d.stop()
}

// endOfLease is what controller-runtime may log as an error when a manager that was
// told to stop gives up its lease (sigs.k8s.io/controller-runtime
// pkg/manager/internal.go@v0.25.2, engageStopProcedure).
const endOfLease = `"error":"leader election lost"`

// complaints are the lines of a log that tell of an error, as zap and klog write
// them, or of a missing permission. A lease that is lost in earnest ends the
// process, and that is noticed.
func complaints(log string) []string {
	bad := regexp.MustCompile(`(?i)"level":"(error|panic|fatal|dpanic)"|\tERROR\t|^[EF]\d{4} |forbidden|^panic:`)
	var found []string
	for line := range strings.SplitSeq(log, "\n") {
		if bad.MatchString(line) && !strings.Contains(line, endOfLease) {
			found = append(found, line)
		}
	}
	return found
}

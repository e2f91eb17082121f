// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os"
	"path/filepath"
	"time"
)

// tokenEvery is how often the operator gets a new token; one lasts an hour.
const tokenEvery = 20 * time.Minute

// keepRunning tells how to use the cluster, and waits for Ctrl-C.
func (d *demo) keepRunning(ctx context.Context) error {
	directory, err := os.Getwd()
	if err != nil {
		return err
	}
	d.say("The cluster and the operator go on. In another terminal:", "")
	d.block("export KUBECONFIG=" + d.env.Kubeconfig())
	d.block("alias kubectl=" + d.env.Binary("kubectl"))
	d.block("cd " + directory)
	d.say("", "For example:", "")
	d.block("kubectl get meshingresses -A -o wide")
	d.block("kubectl describe meshingressclass traefik")
	d.block("kubectl edit meshingresses -n emojivoto web-nginx")
	d.block("kubectl get events -A --field-selector reason=Ready")
	d.block("tail -f " + filepath.Join(directory, d.operator.logPath))
	d.say("", "Its metrics are at http://"+d.operator.metrics+"/metrics.", "", "Ctrl-C stops everything.")
	renew := time.NewTicker(tokenEvery)
	defer renew.Stop()
	for {
		select {
		case <-ctx.Done():
			d.say("")
			return nil
		case <-d.operator.exited:
			return d.operator.alive()
		case <-renew.C:
			if err := d.writeToken(ctx); err != nil {
				return err
			}
		}
	}
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/internal/render"
	"github.com/meshingress/meshingress/providers/all"
)

// renderFlags are the flags of the command.
type renderFlags struct {
	paths         []string
	recursive     bool
	output        string
	clusterDomain string
	served        string
}

func newRender() *cobra.Command {
	var flags renderFlags
	cmd := &cobra.Command{
		Use:   "render -f PATH...",
		Short: "Show what the operator would write, without a cluster",
		Long: `Show what the operator would write for the MeshIngresses and MeshIngressClasses in
manifests, without a cluster.

The manifests may hold more, and the answer is then more exact: Services (for port
names and numbers), Namespaces, the ingress controller's Deployment and Service,
the ConfigMap linkerd-config, the vendor's routes and CustomResourceDefinitions.

Exit code: 0; 1 if a MeshIngress or MeshIngressClass has errors; 2 if the input
cannot be read.`,
		Example: `  kubectl meshingress render -f web.yaml
  kubectl get -A -o yaml mi,mic,svc,ns,deploy,ds | kubectl meshingress render -f - -o json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runRender(cmd, flags) },
	}
	f := cmd.Flags()
	f.StringArrayVarP(&flags.paths, "filename", "f", nil,
		"a file, a directory (its *.yaml, *.yml and *.json), or - for standard input; may be repeated")
	f.BoolVarP(&flags.recursive, "recursive", "R", false, "descend into the directories of --filename")
	f.StringVarP(&flags.output, "output", "o", outputYAML,
		"yaml: the objects, ready for kubectl apply, with comments about the rest; json: everything, for programs")
	f.StringVar(&flags.clusterDomain, "cluster-domain", "",
		"Linkerd's cluster domain (default that of linkerd-config in the input, else "+linkerd.DefaultClusterDomain+")")
	f.StringVar(&flags.served, "served", "",
		"the vendors' kinds that the cluster serves, group/version/Kind,... (default those whose "+
			"CustomResourceDefinitions are in the input; if it holds none, all)")
	_ = cmd.MarkFlagRequired("filename") // fails only for a flag that does not exist
	return cmd
}

func runRender(cmd *cobra.Command, flags renderFlags) error {
	write, err := printer(flags.output)
	if err != nil {
		return err
	}
	opts := render.Options{ClusterDomain: flags.clusterDomain}
	if cmd.Flags().Changed("served") {
		if opts.Served, err = render.ParseServed(flags.served); err != nil {
			return err
		}
	}
	docs, err := load(flags.paths, flags.recursive, cmd.InOrStdin())
	if err != nil {
		return err
	}
	out, err := renderAll(docs, opts)
	if err != nil {
		return err
	}
	if err := write(cmd.OutOrStdout(), out); err != nil {
		return fmt.Errorf("writing the output: %w", err)
	}
	return report(cmd.ErrOrStderr(), out)
}

func renderAll(docs []render.Document, opts render.Options) (render.Output, error) {
	registry, err := all.New()
	if err != nil {
		return render.Output{}, err
	}
	renderer, err := render.New(registry)
	if err != nil {
		return render.Output{}, err
	}
	return renderer.Render(docs, opts)
}

// report writes one line for each error, and says whether there was one.
func report(w io.Writer, out render.Output) error {
	if len(out.MeshIngresses) == 0 && len(out.Classes) == 0 {
		fmt.Fprintln(w, "warning: the input holds no MeshIngress and no MeshIngressClass")
	}
	for _, c := range out.Classes {
		reportErrors(w, c.Name, c.Errors)
	}
	for _, m := range out.MeshIngresses {
		reportErrors(w, m.Namespace+"/"+m.Name, m.Errors)
	}
	if out.Failed() {
		return errPlan
	}
	return nil
}

func reportErrors(w io.Writer, name string, errs []render.Error) {
	for _, e := range errs {
		fmt.Fprintf(w, "%s: %s\n", name, oneLine(e.Field+": "+e.Detail))
	}
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package env

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// NodeName is the Node that WithKwok adds. Every pod runs there.
const NodeName = "kwok"

// The addresses of the Node and of the pods on it. Nothing listens there unless
// a test sees to it.
const (
	nodeIP  = "10.0.0.2"
	podCIDR = "10.244.128.0/17"
)

// What kwok does with Nodes and pods, in the language of kwok's own Stage, which
// sigs.k8s.io/kwok kustomize/stage@v0.8.0 shows by example.
//
//go:embed stages/*.yaml
var stages embed.FS

func (e *Environment) startKwok(ctx context.Context) error {
	args := []string{
		"--kubeconfig=" + e.Kubeconfig(),
		"--manage-all-nodes=true",
		"--cidr=" + podCIDR,
		"--node-ip=" + nodeIP,
		// Nothing watches a Node's lease here.
		"--node-lease-duration-seconds=0",
	}
	configs, err := e.writeStages()
	if err != nil {
		return err
	}
	p, err := e.startProcess("kwok", append(args, configs...)...)
	if err != nil {
		return err
	}
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: NodeName}}
	if err := e.Client.Create(ctx, node); err != nil {
		return fmt.Errorf("creating Node %s: %w", NodeName, err)
	}
	err = p.WaitReady(ctx, func(ctx context.Context) (bool, error) {
		err := e.Client.Get(ctx, client.ObjectKeyFromObject(node), node)
		return nodeReady(node), err
	})
	if err != nil {
		return err
	}
	// The API server taints every new Node as not ready, and the controller that
	// would take the taint off when it is does not run.
	untaint := client.RawPatch(types.MergePatchType, []byte(`{"spec":{"taints":null}}`))
	if err := e.Client.Patch(ctx, node, untaint); err != nil {
		return fmt.Errorf("taking the taints off Node %s: %w", NodeName, err)
	}
	return e.startScheduler()
}

// writeStages writes the stages where kwok can read them, and returns the flags
// that name them.
func (e *Environment) writeStages() ([]string, error) {
	names, err := fs.Glob(stages, "stages/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("listing the stages: %w", err)
	}
	var flags []string
	for _, name := range names {
		data, err := stages.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		path := filepath.Join(e.dir, filepath.Base(name))
		if err := os.WriteFile(path, data, 0o600); err != nil {
			return nil, fmt.Errorf("writing %s: %w", path, err)
		}
		flags = append(flags, "--config="+path)
	}
	return flags, nil
}

func nodeReady(node *corev1.Node) bool {
	return slices.ContainsFunc(node.Status.Conditions, func(c corev1.NodeCondition) bool {
		return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
	})
}

// startScheduler binds every pod to the only Node there is. That is all that
// kube-scheduler would do here.
func (e *Environment) startScheduler() error {
	clientset, err := kubernetes.NewForConfig(e.Config)
	if err != nil {
		return fmt.Errorf("making a client for the scheduler: %w", err)
	}
	unbound := fields.OneTermEqualSelector("spec.nodeName", "")
	source := cache.NewListWatchFromClient(clientset.CoreV1().RESTClient(), "pods", metav1.NamespaceAll, unbound)
	ctx, cancel := context.WithCancel(context.Background())
	bind := func(obj any) {
		if err := bindPod(ctx, clientset, obj.(*corev1.Pod)); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
	_, informer := cache.NewInformerWithOptions(cache.InformerOptions{
		ListerWatcher: source,
		ObjectType:    &corev1.Pod{},
		Handler:       cache.ResourceEventHandlerFuncs{AddFunc: bind},
	})
	done := make(chan struct{})
	go func() {
		defer close(done)
		informer.RunWithContext(ctx)
	}()
	e.onStop(func() error {
		cancel()
		<-done
		return nil
	})
	return nil
}

// bindPod takes no notice of a pod that is gone or bound by now.
func bindPod(ctx context.Context, clientset kubernetes.Interface, pod *corev1.Pod) error {
	binding := &corev1.Binding{
		ObjectMeta: metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID},
		Target:     corev1.ObjectReference{Kind: "Node", Name: NodeName},
	}
	err := clientset.CoreV1().Pods(pod.Namespace).Bind(ctx, binding, metav1.CreateOptions{})
	if err == nil || apierrors.IsNotFound(err) || apierrors.IsConflict(err) || ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("binding pod %s/%s: %w", pod.Namespace, pod.Name, err)
}

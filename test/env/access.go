// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package env

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/meshingress/meshingress/internal/permissions"
)

// fieldManager is that of what this package applies.
const fieldManager = "test-env"

// ServiceAccountConfig is the configuration of a client that acts as a
// ServiceAccount, with a token of the TokenRequest API that lives for an hour.
// The ServiceAccount must exist; it may do what RBAC grants it, no more.
func (e *Environment) ServiceAccountConfig(ctx context.Context, namespace, name string) (*rest.Config, error) {
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	request := &authenticationv1.TokenRequest{}
	if err := e.Client.SubResource("token").Create(ctx, account, request); err != nil {
		return nil, fmt.Errorf("requesting a token for ServiceAccount %s/%s: %w", namespace, name, err)
	}
	config := rest.AnonymousClientConfig(e.Config)
	config.BearerToken = request.Status.Token
	return config, nil
}

// InstallRBAC applies what config/rbac holds, opt-ins included, unchanged: the operator's
// ServiceAccount, its roles and their bindings; and the Namespace of config/manager. It
// returns when the manager's role has the rules of its parts.
func (e *Environment) InstallRBAC(ctx context.Context) error {
	objects, err := e.readRBAC()
	if err != nil {
		return err
	}
	if err := e.applyAll(ctx, objects); err != nil {
		return err
	}
	return e.AggregateRole(ctx, permissions.ManagerRole)
}

// InstallLimitedRBAC does the same for an operator that works in some namespaces, which
// must exist: the manager's role is bound there, and in the whole cluster what
// config/rbac/cluster-scoped holds, as config/overlays/namespaced has it.
func (e *Environment) InstallLimitedRBAC(ctx context.Context, namespaces ...string) error {
	objects, err := e.readRBAC()
	if err != nil {
		return err
	}
	clusterScoped, err := readManifests(filepath.Join(e.root, "config", "rbac", "cluster-scoped"))
	if err != nil {
		return err
	}
	i := slices.IndexFunc(objects, func(o *unstructured.Unstructured) bool {
		return o.GetKind() == "ClusterRoleBinding" && o.GetName() == permissions.ManagerRole
	})
	binding := objects[i]
	if err := client.IgnoreNotFound(e.Client.Delete(ctx, binding.DeepCopy())); err != nil {
		return fmt.Errorf("deleting the manager's binding in the whole cluster: %w", err)
	}
	objects = slices.Concat(objects[:i], objects[i+1:], clusterScoped)
	for _, namespace := range namespaces {
		there := binding.DeepCopy()
		there.SetKind("RoleBinding")
		there.SetNamespace(namespace)
		objects = append(objects, there)
	}
	if err := e.applyAll(ctx, objects); err != nil {
		return err
	}
	return errors.Join(e.AggregateRole(ctx, permissions.ManagerRole), e.AggregateRole(ctx, permissions.ClusterScopedRole))
}

// RemoveLimitedRBAC takes back what InstallLimitedRBAC does and InstallRBAC does not.
func (e *Environment) RemoveLimitedRBAC(ctx context.Context, namespaces ...string) error {
	meta := metav1.ObjectMeta{Name: permissions.ClusterScopedRole}
	objects := []client.Object{&rbacv1.ClusterRoleBinding{ObjectMeta: meta}}
	for _, namespace := range namespaces {
		meta := metav1.ObjectMeta{Name: permissions.ManagerRole, Namespace: namespace}
		objects = append(objects, &rbacv1.RoleBinding{ObjectMeta: meta})
	}
	for _, object := range objects {
		if err := client.IgnoreNotFound(e.Client.Delete(ctx, object)); err != nil {
			return fmt.Errorf("deleting %T: %w", object, err)
		}
	}
	return nil
}

func (e *Environment) applyAll(ctx context.Context, objects []*unstructured.Unstructured) error {
	for _, object := range objects {
		config := client.ApplyConfigurationFromUnstructured(object)
		err := e.Client.Apply(ctx, config, client.FieldOwner(fieldManager), client.ForceOwnership)
		if err != nil {
			return fmt.Errorf("applying %s %s: %w", object.GetKind(), object.GetName(), err)
		}
	}
	return nil
}

// readRBAC reads what is the same for every installation, and the opt-ins.
func (e *Environment) readRBAC() ([]*unstructured.Unstructured, error) {
	objects, err := readManifest(filepath.Join(e.root, "config", "manager", "namespace.yaml"))
	if err != nil {
		return nil, fmt.Errorf("reading the operator's Namespace: %w", err)
	}
	rbac := filepath.Join(e.root, "config", "rbac")
	optIns, err := filepath.Glob(filepath.Join(rbac, "optin", "*"))
	if err != nil {
		return nil, fmt.Errorf("listing the opt-in roles: %w", err)
	}
	for _, dir := range append([]string{rbac}, optIns...) {
		more, err := readManifests(dir)
		if err != nil {
			return nil, err
		}
		objects = append(objects, more...)
	}
	return objects, nil
}

// readManifests reads the objects of all YAML files of a directory, except
// kustomize's own. No object at all is an error.
func readManifests(dir string) ([]*unstructured.Unstructured, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", dir, err)
	}
	var objects []*unstructured.Unstructured
	for _, path := range paths {
		if filepath.Base(path) == "kustomization.yaml" {
			continue
		}
		more, err := readManifest(path)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", path, err)
		}
		objects = append(objects, more...)
	}
	if len(objects) == 0 {
		return nil, fmt.Errorf("%s holds no objects", dir)
	}
	return objects, nil
}

func readManifest(path string) ([]*unstructured.Unstructured, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var objects []*unstructured.Unstructured
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data)))
	for {
		doc, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, err
		}
		object := &unstructured.Unstructured{}
		if err := yaml.Unmarshal(doc, &object.Object); err != nil {
			return nil, err
		}
		if len(object.Object) > 0 {
			objects = append(objects, object)
		}
	}
}

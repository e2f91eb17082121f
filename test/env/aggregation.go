// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package env

import (
	"context"
	"fmt"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	rbacv1ac "k8s.io/client-go/applyconfigurations/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// aggregationManager is the field manager of the controller that AggregateRole stands in
// for.
const aggregationManager = "clusterrole-aggregation-controller"

// AggregateRole returns when a ClusterRole with an aggregationRule has the rules of the
// ClusterRoles that it selects, and no others. With WithControllerManager it waits for
// that; else it writes them, as kube-controller-manager does (k8s.io/kubernetes
// pkg/controller/clusterroleaggregation/clusterroleaggregation_controller.go v1.36.3),
// and a change to a part shows only when it is called again.
func (e *Environment) AggregateRole(ctx context.Context, name string) error {
	role, parts, err := e.aggregation(ctx, name)
	if err != nil {
		return fmt.Errorf("reading ClusterRole %s and its parts: %w", name, err)
	}
	if e.controllerManager {
		return e.waitForAggregation(ctx, role, parts)
	}
	if equality.Semantic.DeepEqual(role.Rules, parts) {
		return nil
	}
	config := rbacv1ac.ClusterRole(name)
	for _, r := range parts {
		config.WithRules(&rbacv1ac.PolicyRuleApplyConfiguration{
			Verbs: r.Verbs, APIGroups: r.APIGroups, Resources: r.Resources,
			ResourceNames: r.ResourceNames, NonResourceURLs: r.NonResourceURLs,
		})
	}
	err = e.Client.Apply(ctx, config, client.FieldOwner(aggregationManager), client.ForceOwnership)
	if err != nil {
		return fmt.Errorf("aggregating ClusterRole %s: %w", name, err)
	}
	return nil
}

func (e *Environment) waitForAggregation(
	ctx context.Context, role *rbacv1.ClusterRole, parts []rbacv1.PolicyRule,
) error {
	key := client.ObjectKeyFromObject(role)
	err := wait.PollUntilContextTimeout(ctx, pollInterval, readyTimeout, true, func(ctx context.Context) (bool, error) {
		err := e.Client.Get(ctx, key, role)
		return equality.Semantic.DeepEqual(role.Rules, parts), err
	})
	if err != nil {
		return fmt.Errorf("waiting for the rules of ClusterRole %s: %w", key.Name, err)
	}
	return nil
}

// aggregation reads a role, and computes the rules of what it selects: by name, each once.
func (e *Environment) aggregation(ctx context.Context, name string) (*rbacv1.ClusterRole, []rbacv1.PolicyRule, error) {
	role := &rbacv1.ClusterRole{}
	if err := e.Client.Get(ctx, client.ObjectKey{Name: name}, role); err != nil {
		return nil, nil, err
	}
	if role.AggregationRule == nil {
		return nil, nil, fmt.Errorf("ClusterRole %s has no aggregationRule", name)
	}
	parts := []rbacv1.PolicyRule{}
	for i := range role.AggregationRule.ClusterRoleSelectors {
		selector, err := metav1.LabelSelectorAsSelector(&role.AggregationRule.ClusterRoleSelectors[i])
		if err != nil {
			return nil, nil, err
		}
		var selected rbacv1.ClusterRoleList // the API server sorts it by name
		if err := e.Client.List(ctx, &selected, client.MatchingLabelsSelector{Selector: selector}); err != nil {
			return nil, nil, err
		}
		for _, part := range selected.Items {
			if part.Name != name {
				parts = appendNew(parts, part.Rules)
			}
		}
	}
	return role, parts, nil
}

// appendNew appends the rules that are not there yet.
func appendNew(rules, more []rbacv1.PolicyRule) []rbacv1.PolicyRule {
	for _, r := range more {
		known := false
		for _, k := range rules {
			known = known || equality.Semantic.DeepEqual(k, r)
		}
		if !known {
			rules = append(rules, r)
		}
	}
	return rules
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package permissions

import (
	"strings"

	"github.com/meshingress/meshingress/api/v1alpha1"
)

// The names of the ClusterRoles, and of the Role that leader election needs.
const (
	// ManagerRole is bound to the manager. It has no rules of its own: the control plane
	// puts into it those of every ClusterRole with AggregateLabel.
	ManagerRole = "meshingress-manager"

	// ClusterScopedRole is bound to a manager that works in some namespaces, where it has
	// ManagerRole besides. The control plane puts into it the rules of every ClusterRole
	// with AggregateClusterScopedLabel.
	ClusterScopedRole = "meshingress-cluster-scoped"

	// BaseRole holds the rules of Base.
	BaseRole = "meshingress-base"

	// AuthorizationRole holds the rules of Authorization.
	AuthorizationRole = "meshingress-authorization"

	// LeaderElectionRole holds the rules of LeaderElection.
	LeaderElectionRole = "meshingress-leader-election"
)

// LeaseName is the name of the lease that elects the leader, in the manager's namespace.
const LeaseName = "meshingress.networking.meshingress.dev"

// The labels of the ClusterRoles.
const (
	// AggregateLabel, with the value "true", makes a ClusterRole part of ManagerRole.
	AggregateLabel = v1alpha1.GroupName + "/aggregate-to-manager"

	// AggregateClusterScopedLabel, with the value "true", makes a ClusterRole part of
	// ClusterScopedRole.
	AggregateClusterScopedLabel = v1alpha1.GroupName + "/aggregate-to-cluster-scoped"

	// VendorLabel is on the roles of a vendor; its value is that of spec.vendor.
	VendorLabel = v1alpha1.GroupName + "/vendor"
)

// VendorRole is the name of the ClusterRole that holds the rules of Vendor.
func VendorRole(vendor v1alpha1.Vendor) string {
	return "meshingress-vendor-" + strings.ToLower(string(vendor))
}

// OptInRole is the name of the ClusterRole that holds the rules of OptIn.
func OptInRole(vendor v1alpha1.Vendor) string { return VendorRole(vendor) + "-optin" }

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build olm

package olm_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"
)

// A MeshIngressClass is for the whole cluster, so AllNamespaces is the only mode that the
// bundle says it supports. The other specs install it so.
var _ = DescribeTable("A release is refused where an OperatorGroup is for",
	func(ctx SpecContext, mode operatorsv1alpha1.InstallModeType, targets ...string) {
		serveCatalog(ctx, catalog)
		offerCatalog(ctx)
		subscribe(ctx, nil, targets...)
		csv := becomes(ctx, release().Name,
			operatorsv1alpha1.CSVPhaseFailed, operatorsv1alpha1.CSVReasonUnsupportedOperatorGroup)
		Expect(csv.Status.Message).To(HavePrefix("%s InstallModeType not supported", mode))

		unsubscribe(ctx)
		deleteMadeToInstall(ctx)
		deleteCRDs(ctx)
	},
	Entry("its own Namespace", operatorsv1alpha1.InstallModeTypeOwnNamespace, namespace),
	Entry("another Namespace", operatorsv1alpha1.InstallModeTypeSingleNamespace, "emojivoto"),
	Entry("several Namespaces", operatorsv1alpha1.InstallModeTypeMultiNamespace, "emojivoto", "traefik"),
)

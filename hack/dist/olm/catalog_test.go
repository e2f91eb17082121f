// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build olm

package olm_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/operator-framework/api/pkg/manifests"
	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshingress/meshingress/test/env"
)

const (
	packageName = "meshingress"
	channel     = "alpha"

	// catalogAddress is one on which nothing else listens in the suite's namespace.
	catalogAddress = "127.0.0.1:50051"
)

// release is the ClusterServiceVersion of this release.
func release() *operatorsv1alpha1.ClusterServiceVersion {
	GinkgoHelper()
	bundle, err := manifests.GetBundleFromDir(root + "/bundle")
	Expect(err).NotTo(HaveOccurred())
	return bundle.CSV
}

// previousCatalog is a file-based catalog that has only the release that this one replaces.
func previousCatalog() string {
	GinkgoHelper()
	dir := GinkgoT().TempDir()
	previous := release().Spec.Replaces
	bundle := root + "/hack/dist/previous/" + strings.TrimPrefix(previous, packageName+".v")
	rendered, err := exec.Command(root+"/bin/opm", "render", bundle, "-o", "json").Output()
	Expect(err).NotTo(HaveOccurred())
	for name, object := range map[string]any{
		"package.json": map[string]any{"schema": "olm.package", "name": packageName, "defaultChannel": channel},
		"channel.json": map[string]any{
			"schema": "olm.channel", "package": packageName, "name": channel,
			"entries": []any{map[string]any{"name": previous}},
		},
		"bundle.json": json.RawMessage(rendered),
	} {
		data, err := json.Marshal(object)
		Expect(err).NotTo(HaveOccurred())
		Expect(os.WriteFile(filepath.Join(dir, name), data, 0o600)).To(Succeed())
	}
	return dir
}

// serveCatalog runs opm on a file-based catalog.
func serveCatalog(ctx context.Context, dir string) *env.Process {
	GinkgoHelper()
	opm := start(exec.Command(root+"/bin/opm", "serve", dir, "--port=50051", "--pprof-addr=",
		"--cache-dir="+GinkgoT().TempDir(), "--cache-enforce-integrity=false", "--termination-log="+os.DevNull))
	expectListening(ctx, opm, catalogAddress)
	return opm
}

// offerCatalog tells OLM of the catalog that is served.
func offerCatalog(ctx context.Context) {
	GinkgoHelper()
	Expect(c.Create(ctx, &operatorsv1alpha1.CatalogSource{
		ObjectMeta: metav1.ObjectMeta{Namespace: olmNamespace, Name: packageName},
		Spec: operatorsv1alpha1.CatalogSourceSpec{
			SourceType: operatorsv1alpha1.SourceTypeGrpc, Address: catalogAddress, DisplayName: "MeshIngress",
		},
	})).To(Succeed())
}

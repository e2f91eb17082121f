// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package crds

import (
	"bufio"
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// The vendors that have a directory here; each is an argument to Load.
const (
	// Traefik names the CRDs of Traefik, in its current and its former API group.
	Traefik = "traefik"
	// Contour names the CRDs of Contour.
	Contour = "contour"
	// F5Nginx names the CRDs of the NGINX Ingress Controller of F5.
	F5Nginx = "f5nginx"
	// GCE names the CRDs of ingress-gce.
	GCE = "gce"
	// Gloo names the CRDs of Gloo.
	Gloo = "gloo"
	// Linkerd names the CRDs of Linkerd's policy API.
	Linkerd = "linkerd"
	// Kong names the CRDs of the Kong Ingress Controller and of the Kong Operator.
	Kong = "kong"
	// Emissary names the CRDs of Emissary.
	Emissary = "emissary"
	// EnRoute names the CRDs of EnRoute.
	EnRoute = "enroute"
	// GatewayAPI names the CRDs of the Gateway API, which several vendors read.
	GatewayAPI = "gatewayapi"
	// EnvoyGateway names Envoy Gateway's own CRDs.
	EnvoyGateway = "envoygateway"
)

// All lists the vendors that have a directory here, sorted.
func All() []string {
	return []string{Contour, Emissary, EnRoute, EnvoyGateway, F5Nginx, GatewayAPI, GCE, Gloo, Kong, Linkerd, Traefik}
}

//go:embed */*.yaml
var files embed.FS

// Files returns the embedded YAML as <vendor>/<API group>.yaml.
func Files() fs.FS { return files }

// Load returns the definitions of one vendor: files in the order of their names,
// documents in the order of their file. A vendor without files is an error, so
// that a name with a mistake does not look like a vendor without CRDs.
func Load(vendor string) ([]*apiextensionsv1.CustomResourceDefinition, error) {
	names, err := fs.Glob(files, path.Join(vendor, "*.yaml"))
	if err != nil {
		return nil, fmt.Errorf("listing the CRDs of vendor %q: %w", vendor, err)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("vendor %q has no CRDs", vendor)
	}
	var all []*apiextensionsv1.CustomResourceDefinition
	for _, name := range names {
		crds, err := decodeFile(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, crds...)
	}
	return all, nil
}

func decodeFile(name string) ([]*apiextensionsv1.CustomResourceDefinition, error) {
	data, err := files.ReadFile(name)
	if err != nil {
		return nil, err
	}
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data)))
	var crds []*apiextensionsv1.CustomResourceDefinition
	for {
		doc, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return crds, nil
		}
		if err != nil {
			return nil, err
		}
		crd, err := decode(doc)
		if err != nil {
			return nil, fmt.Errorf("document %d: %w", len(crds)+1, err)
		}
		if crd != nil {
			crds = append(crds, crd)
		}
	}
}

// decode returns nil for a document that holds only comments. It is strict,
// because a field that the API server would drop has no place in a schema.
func decode(doc []byte) (*apiextensionsv1.CustomResourceDefinition, error) {
	data, err := yaml.YAMLToJSONStrict(doc)
	if err != nil {
		return nil, err
	}
	if string(data) == "null" {
		return nil, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	crd := &apiextensionsv1.CustomResourceDefinition{}
	if err := decoder.Decode(crd); err != nil {
		return nil, err
	}
	return crd, nil
}

// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/base64"
	"encoding/xml"
	"os"
	"strings"
	"testing"
)

// The icon is square, stands by itself, and is the file in config/manifests.
func TestIcon(t *testing.T) {
	file, err := os.ReadFile(root + "/config/manifests/icon.svg")
	if err != nil {
		t.Fatal(err)
	}
	icon := load(t, root+"/bundle").CSV.Spec.Icon[0]
	if icon.Data != base64.StdEncoding.EncodeToString(file) || icon.MediaType != "image/svg+xml" {
		t.Error("the bundle has another icon")
	}
	var svg struct {
		XMLName xml.Name `xml:"http://www.w3.org/2000/svg svg"`
		Width   string   `xml:"width,attr"`
		Height  string   `xml:"height,attr"`
		ViewBox string   `xml:"viewBox,attr"`
	}
	if err := xml.Unmarshal(file, &svg); err != nil {
		t.Fatal(err)
	}
	if want := "0 0 " + svg.Width + " " + svg.Width; svg.Height != svg.Width || svg.ViewBox != want {
		t.Errorf("it is not square: %s by %s, showing %s", svg.Width, svg.Height, svg.ViewBox)
	}
	for _, foreign := range []string{"href", "<script", "<image", "url("} {
		if strings.Contains(string(file), foreign) {
			t.Errorf("it has %q", foreign)
		}
	}
}

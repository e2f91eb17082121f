// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"regexp"
)

// setVersion writes the version into a Chart.yaml, whose other lines stay as they are.
func setVersion(chartfile []byte, version string) ([]byte, error) {
	if version == "" {
		return nil, errors.New("the flag -version is missing")
	}
	for _, field := range []string{"version", "appVersion"} {
		line := regexp.MustCompile(`(?m)^` + field + `: .*$`)
		if len(line.FindAll(chartfile, -1)) != 1 {
			return nil, fmt.Errorf("the file Chart.yaml does not have one line %s", field)
		}
		chartfile = line.ReplaceAllLiteral(chartfile, []byte(field+": "+version))
	}
	return chartfile, nil
}

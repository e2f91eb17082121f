// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package questions writes the question to the external authorization, for vendors that
// take its URL from an annotation and ask over HTTP/1.1.
package questions

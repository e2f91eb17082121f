// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package linkerd

import "strconv"

const (
	// NativeSidecarAnnotation on a pod or a Namespace says whether the proxy is a native
	// sidecar, "true" or "false" (linkerd/linkerd2 pkg/k8s/labels.go version-2.20).
	NativeSidecarAnnotation = "config.linkerd.io/proxy-enable-native-sidecar"

	// AdminShutdownAnnotation is "enabled" on a pod whose proxy ends when one of the pod's
	// containers asks it to, as linkerd-await does (pkg/inject/inject.go version-2.20).
	AdminShutdownAnnotation = "config.linkerd.io/proxy-admin-shutdown"
)

// SidecarIsNative reports whether the proxy of pods is a native sidecar, beside which a
// Job comes to an end. The annotations are those of the pods, and of their Namespace
// where the pods do not have them. Of the annotation's names, which were alpha from
// version-2.15, beta in 2.19 and stable in 2.20, the first found counts, in this order,
// and a value that is no boolean is passed over (linkerd/linkerd2 pkg/inject/inject.go).
//
// version-2.20 does not take the beta name from the Namespace, nor older versions one
// that is younger than they are. Both are believed here: what their owner means is
// plain, and a false alarm would be worse.
func (f Facts) SidecarIsNative(annotations map[string]string) bool {
	for _, name := range []string{
		NativeSidecarAnnotation,
		"config.beta.linkerd.io/proxy-enable-native-sidecar",
		"config.alpha.linkerd.io/proxy-enable-native-sidecar",
	} {
		if value, found := annotations[name]; found {
			if native, err := strconv.ParseBool(value); err == nil {
				return native
			}
			break
		}
	}
	return f.NativeSidecar
}

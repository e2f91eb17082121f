// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package meshingress

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/index"
	"github.com/meshingress/meshingress/internal/authorization"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/providers"
)

// dataPlaneState says whether the requests of an ingress controller have an identity.
type dataPlaneState int

// The states, the better first.
const (
	// dataPlaneMeshed: all have.
	dataPlaneMeshed dataPlaneState = iota
	// dataPlaneRolling: those that should be in the mesh are, and others may come or go.
	dataPlaneRolling
	// dataPlaneUnknown: it has not been looked at.
	dataPlaneUnknown
	// dataPlaneLost: some have none.
	dataPlaneLost
)

// trust is the state of all controllers that have routes of the object, and why.
func (s *scope) trust() (dataPlaneState, string) {
	if s.class == nil {
		return dataPlaneLost, "there is no MeshIngressClass"
	}
	state, why := stateOf(s.class)
	if !s.leaves() {
		return state, why
	}
	if s.from == nil {
		return dataPlaneLost, "there is no MeshIngressClass " + s.mi.Status.ClassName
	}
	if from, because := stateOf(s.from); from > state {
		return from, because
	}
	return state, why
}

// stateOf reads what the class observes of its pods.
func stateOf(class *v1alpha1.MeshIngressClass) (dataPlaneState, string) {
	meshed := meta.FindStatusCondition(class.Status.Conditions, v1alpha1.ConditionMeshed)
	if meshed == nil || meshed.ObservedGeneration != class.Generation {
		return dataPlaneUnknown, "MeshIngressClass " + class.Name + " has not been looked at yet"
	}
	if meshed.Status == metav1.ConditionUnknown {
		return dataPlaneUnknown, fmt.Sprintf("it is not known whether MeshIngressClass %s is in the mesh (%s)", class.Name, meshed.Reason)
	}
	passing := []string{
		v1alpha1.ReasonRolloutInProgress, v1alpha1.ReasonRolloutStuck, v1alpha1.ReasonNoPods, v1alpha1.ReasonRoutesNotReady,
	}
	switch {
	case slices.ContainsFunc(class.Status.Workloads, hasUnmeshedPods):
		return dataPlaneLost, fmt.Sprintf("pods of MeshIngressClass %s have no proxy", class.Name)
	case meshed.Status == metav1.ConditionTrue && len(identitiesOf(class)) == 0:
		return dataPlaneUnknown, "MeshIngressClass " + class.Name + " does not name the ServiceAccounts of its workloads yet"
	case meshed.Status == metav1.ConditionTrue:
		return dataPlaneMeshed, ""
	case class.Spec.DataPlane.Injection == v1alpha1.InjectionEnforce && slices.Contains(passing, meshed.Reason),
		!aboutPods(meshed.Reason) && allMeshed(class.Status.Workloads):
		return dataPlaneRolling, fmt.Sprintf("MeshIngressClass %s is not in the mesh (%s)", class.Name, meshed.Reason)
	default:
		return dataPlaneLost, fmt.Sprintf("MeshIngressClass %s is not in the mesh (%s)", class.Name, meshed.Reason)
	}
}

// hasUnmeshedPods reports whether some pod sends requests that have no identity, or may
// soon, or does so still.
func hasUnmeshedPods(w v1alpha1.WorkloadStatus) bool { return w.UnmeshedPods > 0 }

// aboutPods reports whether a reason for not being meshed tells of pods, as they are or as
// they are about to be. The others tell of what the operator lacks, which takes the
// identity from no pod that has one.
func aboutPods(reason string) bool {
	return !slices.Contains([]string{
		v1alpha1.ReasonForbidden, v1alpha1.ReasonApplyFailed, v1alpha1.ReasonLinkerdNotFound, v1alpha1.ReasonContested,
	}, reason)
}

// allMeshed reports whether every pod that should run is in the mesh, and there is one.
func allMeshed(workloads []v1alpha1.WorkloadStatus) bool {
	outside := func(w v1alpha1.WorkloadStatus) bool { return w.MeshedPods == 0 || w.MeshedPods < w.Pods }
	return len(workloads) > 0 && !slices.ContainsFunc(workloads, outside)
}

// identitiesOf are the ServiceAccounts that a class's controller runs as, with those of
// pods that are left of an earlier template; none where one is not known.
func identitiesOf(class *v1alpha1.MeshIngressClass) []v1alpha1.ObjectKey {
	var keys []v1alpha1.ObjectKey
	for _, w := range class.Status.Workloads {
		if w.ServiceAccountName == "" {
			return nil
		}
		for _, name := range append([]string{w.ServiceAccountName}, w.FormerServiceAccountNames...) {
			keys = append(keys, v1alpha1.ObjectKey{Namespace: w.Namespace, Name: name})
		}
	}
	return keys
}

// authorizationInput gathers who is admitted, and what is there.
func (r *Reconciler) authorizationInput(ctx context.Context, s *scope) (authorization.Input, error) {
	in := authorization.Input{
		MeshIngress: s.mi, Controllers: identitiesOf(s.class),
		Mesh: authorization.Mesh{Linkerd: s.snap.Linkerd, Namespace: s.snap.Namespaces[s.mi.Namespace]},
	}
	if s.leaves() && s.from != nil {
		in.Controllers = append(in.Controllers, identitiesOf(s.from)...)
	}
	for _, k := range authorization.Kinds() {
		objects, _, err := r.List(ctx, providers.Read{Kind: k, Namespace: s.mi.Namespace})
		if err != nil {
			return in, err
		}
		in.Objects = append(in.Objects, objects...)
	}
	return in, nil
}

// planAuthorization gathers what the plan of the policies is made of.
func (r *Reconciler) planAuthorization(ctx context.Context, s *scope) (authorization.Plan, error) {
	in, err := r.authorizationInput(ctx, s)
	if err != nil {
		return authorization.Plan{}, err
	}
	in.Settled = !s.leaves()
	for _, b := range s.result.Backends {
		port, err := r.port(ctx, s, b, in.Controllers)
		if err != nil {
			return authorization.Plan{}, err
		}
		if port != nil {
			in.Ports = append(in.Ports, *port)
		}
	}
	return authorization.New(in), nil
}

// port is what the plan needs to know of a backend; nil where the Service has left
// meanwhile.
func (r *Reconciler) port(
	ctx context.Context, s *scope, b providers.Backend, controllers []v1alpha1.ObjectKey,
) (*authorization.Port, error) {
	key := types.NamespacedName{Namespace: b.Namespace, Name: b.Service}
	svc := s.snap.Services[key]
	if svc == nil {
		return nil, nil
	}
	i := slices.IndexFunc(svc.Spec.Ports, func(p corev1.ServicePort) bool {
		return p.Port == b.Port && p.Protocol != corev1.ProtocolUDP && p.Protocol != corev1.ProtocolSCTP
	})
	if i < 0 {
		return nil, nil
	}
	port := &authorization.Port{Service: svc, Port: svc.Spec.Ports[i]}
	port.Opaque = linkerd.PortsContain(s.snap.OpaquePorts(svc), port.Port.Port, port.Port.Name)
	if b.Namespace != s.mi.Namespace || len(svc.Spec.Selector) == 0 {
		return port, nil
	}
	var pods corev1.PodList
	err := r.Client.List(ctx, &pods, client.InNamespace(b.Namespace), client.MatchingLabels(svc.Spec.Selector))
	if err != nil {
		return nil, fmt.Errorf("listing the pods of Service %s: %w", key, err)
	}
	port.Pods = pods.Items
	port.Others, err = r.others(ctx, s, key, controllers)
	return port, err
}

// others names the MeshIngresses of the namespace whose controller sends requests to a
// Service and would not be admitted. Those of other namespaces have no say in who is.
func (r *Reconciler) others(
	ctx context.Context, s *scope, service types.NamespacedName, admitted []v1alpha1.ObjectKey,
) ([]string, error) {
	var list v1alpha1.MeshIngressList
	err := r.Client.List(ctx, &list, client.InNamespace(s.mi.Namespace), client.MatchingFields{index.ByService: service.String()})
	if err != nil {
		return nil, fmt.Errorf("listing MeshIngresses with Service %s: %w", service, err)
	}
	admitted = slices.Clone(admitted)
	for _, c := range s.mi.Spec.Authorization.Clients {
		if c.ServiceAccount != nil {
			admitted = append(admitted, *c.ServiceAccount)
		}
	}
	var names []string
	for i := range list.Items {
		other := &list.Items[i]
		if other.UID == s.mi.UID || !other.DeletionTimestamp.IsZero() {
			continue
		}
		class, err := r.classOf(ctx, other)
		if err != nil {
			return nil, err
		}
		if class != nil && class.Name != s.class.Name && !isAdmitted(class, admitted) {
			names = append(names, fmt.Sprintf("MeshIngress %s of MeshIngressClass %s", other.Name, class.Name))
		}
	}
	slices.Sort(names)
	return names, nil
}

// isAdmitted reports whether every request of a class's controller has an identity that
// is let in.
func isAdmitted(class *v1alpha1.MeshIngressClass, admitted []v1alpha1.ObjectKey) bool {
	state, _ := stateOf(class)
	return state <= dataPlaneRolling && !slices.ContainsFunc(identitiesOf(class), func(k v1alpha1.ObjectKey) bool {
		return !slices.Contains(admitted, k)
	})
}

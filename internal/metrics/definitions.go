// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics

// Namespace begins the name of each of the operator's own metrics.
const Namespace = "meshingress_"

// Labels that several metrics have. The namespace of an object is not in the label
// "namespace": Prometheus sets that one to where the operator runs, and would rename
// ours.
var (
	labelOwner     = Label{"kind", "`MeshIngress` or `MeshIngressClass`"}
	labelNamespace = Label{"resource_namespace", "the namespace of the MeshIngress; empty for a class"}
	labelName      = Label{"name", "the name of the object"}
	labelClass     = Label{"class", "each MeshIngressClass"}
	labelWritten   = Label{"kind", "the kind of the object that was, or was to be, written"}
)

var (
	buildInfo = Definition{
		Name: Namespace + "build_info", Type: TypeGauge,
		Help: "Always 1; the labels tell which build of the operator this is.",
		Labels: []Label{
			{"version", "the version of the operator"},
			{"go_version", "the version of Go that it was built with"},
		},
		Use: "Each replica exposes it. Where it is absent, no operator is scraped.",
	}
	condition = Definition{
		Name: Namespace + "condition", Type: TypeGauge,
		Help: "Always 1; the labels tell the status and the reason of a condition as they are now.",
		Labels: []Label{
			labelOwner, labelNamespace, labelName,
			{"type", "the type of the condition"},
			{"status", "`True`, `False` or `Unknown`"},
			{"reason", "the reason, one of those listed in the [API reference](api.md#conditions)"},
		},
		Use: "One series for each condition of each object: four to eight for an object. `Ready` is there for every " +
			"object, and is `Unknown`, reason `Pending`, as long as the operator has not answered to the object's " +
			"present spec.",
	}
	hazards = Definition{
		Name: Namespace + "hazards", Type: TypeGauge,
		Help: "What may harm traffic although nothing is wrong with the object, by reason.",
		Labels: []Label{
			labelOwner, labelNamespace, labelName,
			{"reason", "one of [those that there are](hazards.md)"},
		},
		Use: "There only while there is a hazard. Of a MeshIngress only the first is told.",
	}
	routes = Definition{
		Name: Namespace + "routes", Type: TypeGauge,
		Help:   "Destinations of MeshIngresses, by class and strategy.",
		Labels: []Label{labelClass, {"strategy", "`ClusterIP` or `Header`"}},
		Use:    "How much goes through each ingress controller, and how. A destination is a backend of a path of a host.",
	}
	pods = Definition{
		Name: Namespace + "data_plane_pods", Type: TypeGauge,
		Help:   "Pods of the data plane of a class.",
		Labels: []Label{labelClass},
		Use:    "What the next metric is to be compared with.",
	}
	meshedPods = Definition{
		Name: Namespace + "data_plane_meshed_pods", Type: TypeGauge,
		Help:   "Ready pods of the data plane of a class with a ready proxy in the right mode.",
		Labels: []Label{labelClass},
		Use:    "Where it is lower than the pods for long, requests bypass the mesh; the condition `Meshed` says why.",
	}
	driftCorrections = Definition{
		Name: Namespace + "drift_corrections_total", Type: TypeCounter,
		Help:   "Objects and fields that were put right after somebody changed or removed them.",
		Labels: []Label{labelWritten},
		Use:    "One now and then is a hand at work. Where it goes on rising, something else writes the same object.",
	}
	conflicts = Definition{
		Name: Namespace + "conflicts_total", Type: TypeCounter,
		Help:   "Writes not made because the object or field belongs to somebody else.",
		Labels: []Label{labelWritten},
		Use: "Counted at each look, so the height says little. The condition `Conflicted` names the object and who " +
			"has it.",
	}
	restarts = Definition{
		Name: Namespace + "restarts_total", Type: TypeCounter,
		Help:   "Rollouts that were begun because pods had come up without their proxy.",
		Labels: []Label{{"kind", "the kind of the workload"}},
		Use:    "With `repair: Restart` only. Rising, it tells that Linkerd's injector misses pods.",
	}
)

// Definitions are the operator's own metrics, all of them, in the order of the
// documentation.
func Definitions() []Definition {
	return []Definition{
		buildInfo, condition, hazards, routes, pods, meshedPods, driftCorrections, conflicts, restarts,
	}
}

var labelController = Label{"controller", "each of the operator's controllers"}

// Runtime are the metrics of controller-runtime, of client-go and of the process that
// the alerts and the dashboard use. The operator exposes more of theirs. Other programs
// expose the same names.
func Runtime() []Definition {
	return []Definition{
		{
			Name: "leader_election_master_status", Type: TypeGauge, Help: "1 for the replica that leads, 0 for another.",
			Labels: []Label{{"name", "the lease"}},
		},
		{
			Name: "controller_runtime_reconcile_total", Type: TypeCounter, Help: "Reconciles.",
			Labels: []Label{labelController, {"result", "`success`, `error`, `requeue`, `requeue_after`"}},
		},
		{
			Name: "controller_runtime_reconcile_errors_total", Type: TypeCounter,
			Help: "Reconciles that failed and are tried again.", Labels: []Label{labelController},
		},
		{
			Name: "controller_runtime_reconcile_time_seconds", Type: TypeHistogram, Help: "How long a reconcile takes.",
			Labels: []Label{labelController},
		},
		{
			Name: "workqueue_depth", Type: TypeGauge, Help: "Objects that wait for a reconcile.",
			Labels: []Label{labelController, {"name", "as `controller`"}, {"priority", "a number"}},
		},
		{
			Name: "workqueue_longest_running_processor_seconds", Type: TypeGauge,
			Help:   "For how long the reconcile has been running that began first.",
			Labels: []Label{labelController, {"name", "as `controller`"}},
		},
		{
			Name: "rest_client_requests_total", Type: TypeCounter, Help: "Requests to the API server.",
			Labels: []Label{{"code", "the HTTP status"}, {"host", "the API server"}, {"method", "the HTTP method"}},
		},
		{
			Name: "process_resident_memory_bytes", Type: TypeGauge, Help: "Memory of the process.",
		},
		{
			Name: "process_cpu_seconds_total", Type: TypeCounter, Help: "Time on the CPU.",
		},
	}
}

"""The columns that `kubectl get` shows for each kind, as a real API server computes them."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple

from .humanize import age
from .podstatus import pod_cells
from .selectors import format as format_selector
from .store import Object

Cells = list[Any]
NONE = "<none>"


class Column(NamedTuple):
    """One column; the `wide` ones are shown with `-o wide`."""

    name: str
    type: str = "string"
    wide: bool = False

    def definition(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "type": self.type,
            "format": "name" if self.name == "Name" else "",
            "description": "",
            "priority": int(self.wide),
        }


class Columns(NamedTuple):
    columns: tuple[Column, ...]
    cells: Callable[[Object], Cells]


def name_of(obj: Object) -> str:
    return str(obj["metadata"]["name"])


def age_of(obj: Object) -> str:
    return age(obj["metadata"].get("creationTimestamp"))


def join(values: Iterable[Any]) -> str:
    return ",".join(map(str, values)) or NONE


NAME, AGE = Column("Name"), Column("Age")


def _pods(obj: Object) -> Cells:
    ready, status, restarts = pod_cells(obj)
    held, spec = obj.get("status", {}), obj.get("spec", {})
    wide = [held.get("podIP") or NONE, spec.get("nodeName") or NONE, held.get("nominatedNodeName") or NONE, NONE]
    return [name_of(obj), ready, status, restarts, age_of(obj), *wide]


def _services(obj: Object) -> Cells:
    spec = obj.get("spec", {})
    ports = join(
        f"{port['port']}" + (f":{port['nodePort']}" if port.get("nodePort") else "") + f"/{port.get('protocol', 'TCP')}"
        for port in spec.get("ports") or ()
    )
    kind = spec.get("type", "ClusterIP")
    selector = format_selector({"matchLabels": spec.get("selector")})
    return [name_of(obj), kind, spec.get("clusterIP") or NONE, _external(obj, kind), ports, age_of(obj), selector]


def _external(obj: Object, kind: str) -> str:
    spec = obj.get("spec", {})
    if kind == "ExternalName":
        return spec.get("externalName") or NONE
    held = [*(spec.get("externalIPs") or ())]
    if kind == "LoadBalancer":
        ingress = (obj.get("status", {}).get("loadBalancer") or {}).get("ingress") or ()
        held += [item.get("ip") or item.get("hostname") for item in ingress]
        return ",".join(held) or "<pending>"
    return join(held)


def _containers(obj: Object) -> Cells:
    spec = obj.get("spec", {})
    containers = (spec.get("template") or {}).get("spec", {}).get("containers") or ()
    return [
        join(item["name"] for item in containers),
        join(item.get("image", "") for item in containers),
        format_selector(spec.get("selector")),
    ]


def _deployments(obj: Object) -> Cells:
    spec, held = obj.get("spec", {}), obj.get("status", {})
    ready = f"{held.get('readyReplicas', 0)}/{spec.get('replicas', 1)}"
    counts = [held.get("updatedReplicas", 0), held.get("availableReplicas", 0)]
    return [name_of(obj), ready, *counts, age_of(obj), *_containers(obj)]


def _replica_sets(obj: Object) -> Cells:
    spec, held = obj.get("spec", {}), obj.get("status", {})
    counts = [spec.get("replicas", 1), held.get("replicas", 0), held.get("readyReplicas", 0)]
    return [name_of(obj), *counts, age_of(obj), *_containers(obj)]


def _nodes(obj: Object) -> Cells:
    held = obj.get("status", {})
    info = held.get("nodeInfo", {})
    addresses = {item["type"]: item["address"] for item in held.get("addresses") or ()}
    prefix = "node-role.kubernetes.io/"
    labels = obj["metadata"].get("labels") or {}
    roles = join(sorted(label.removeprefix(prefix) for label in labels if label.startswith(prefix)))
    ready = next((item["status"] for item in held.get("conditions") or () if item["type"] == "Ready"), "Unknown")
    state = {"True": "Ready", "False": "NotReady"}.get(ready, "Unknown")
    if obj.get("spec", {}).get("unschedulable"):
        state += ",SchedulingDisabled"
    wide = [addresses.get("InternalIP", NONE), addresses.get("ExternalIP", NONE)]
    wide += [info.get(field, "<unknown>") for field in ("osImage", "kernelVersion", "containerRuntimeVersion")]
    return [name_of(obj), state, roles, age_of(obj), info.get("kubeletVersion", ""), *wide]


def _events(obj: Object) -> Cells:
    about = obj.get("involvedObject", {})
    first = obj.get("firstTimestamp") or obj.get("eventTime")
    last = obj.get("lastTimestamp") or obj.get("eventTime")
    return [
        age(last),
        obj.get("type", ""),
        obj.get("reason", ""),
        f"{about.get('kind', '').lower()}/{about.get('name', '')}",
        about.get("fieldPath", ""),
        (obj.get("source") or {}).get("component") or obj.get("reportingComponent", ""),
        (obj.get("message") or "").strip(),
        age(first),
        obj.get("count", 1),
        name_of(obj),
    ]


def _endpoint_slices(obj: Object) -> Cells:
    addresses = [address for item in obj.get("endpoints") or () for address in item["addresses"]]
    shown = ",".join(addresses[:3]) or "<unset>"
    if len(addresses) > 3:
        shown += f" + {len(addresses) - 3} more..."
    ports = ",".join(str(port.get("port")) for port in obj.get("ports") or ()) or "<unset>"
    return [name_of(obj), obj.get("addressType"), ports, shown, age_of(obj)]


def _data_count(obj: Object) -> int:
    return len(obj.get("data") or {}) + len(obj.get("binaryData") or {})


def _flows(obj: Object) -> Cells:
    at = datetime.fromisoformat(obj["time"]).astimezone()
    target = obj["target"]
    return [
        name_of(obj),
        at.strftime("%H:%M:%S"),
        end_of_flow(obj["source"]),
        end_of_flow(target),
        f"{obj['port']}/{obj['protocol']}",
        obj["verdict"],
        join(obj.get("policies") or ()),
        target.get("service") or NONE,
        obj.get("attempts", 1),
        obj.get("reason", ""),
    ]


def end_of_flow(end: dict[str, Any]) -> str:
    """A pod's name with its namespace, or the address of something outside."""
    return f"{end['namespace']}/{end['name']}" if end.get("name") else str(end.get("address") or "<unknown>")


_WORKLOAD_WIDE = (Column("Containers", wide=True), Column("Images", wide=True), Column("Selector", wide=True))
COLUMNS: dict[str, Columns] = {
    "pods": Columns(
        (
            NAME,
            Column("Ready"),
            Column("Status"),
            Column("Restarts"),
            AGE,
            *(Column(name, wide=True) for name in ("IP", "Node", "Nominated Node", "Readiness Gates")),
        ),
        _pods,
    ),
    "services": Columns(
        (
            NAME,
            *map(Column, ("Type", "Cluster-IP", "External-IP", "Port(s)")),
            AGE,
            Column("Selector", wide=True),
        ),
        _services,
    ),
    "deployments.apps": Columns(
        (
            NAME,
            Column("Ready"),
            Column("Up-to-date", "integer"),
            Column("Available", "integer"),
            AGE,
            *_WORKLOAD_WIDE,
        ),
        _deployments,
    ),
    "replicasets.apps": Columns(
        (NAME, *(Column(name, "integer") for name in ("Desired", "Current", "Ready")), AGE, *_WORKLOAD_WIDE),
        _replica_sets,
    ),
    "networkpolicies.networking.k8s.io": Columns(
        (NAME, Column("Pod-Selector"), AGE),
        lambda obj: [name_of(obj), format_selector(obj.get("spec", {}).get("podSelector")), age_of(obj)],
    ),
    "namespaces": Columns(
        (NAME, Column("Status"), AGE),
        lambda obj: [name_of(obj), obj.get("status", {}).get("phase", ""), age_of(obj)],
    ),
    "nodes": Columns(
        (
            NAME,
            Column("Status"),
            Column("Roles"),
            AGE,
            Column("Version"),
            *(
                Column(name, wide=True)
                for name in ("Internal-IP", "External-IP", "OS-Image", "Kernel-Version", "Container-Runtime")
            ),
        ),
        _nodes,
    ),
    "events": Columns(
        (
            *map(Column, ("Last Seen", "Type", "Reason", "Object")),
            Column("Subobject", wide=True),
            Column("Source", wide=True),
            Column("Message"),
            Column("First Seen", wide=True),
            Column("Count", "integer", wide=True),
            Column("Name", wide=True),
        ),
        _events,
    ),
    "endpointslices.discovery.k8s.io": Columns(
        (NAME, Column("AddressType"), Column("Ports"), Column("Endpoints"), AGE), _endpoint_slices
    ),
    "configmaps": Columns(
        (NAME, Column("Data", "integer"), AGE), lambda obj: [name_of(obj), _data_count(obj), age_of(obj)]
    ),
    "secrets": Columns(
        (NAME, Column("Type"), Column("Data", "integer"), AGE),
        lambda obj: [name_of(obj), obj.get("type", "Opaque"), _data_count(obj), age_of(obj)],
    ),
    "serviceaccounts": Columns((NAME, AGE), lambda obj: [name_of(obj), age_of(obj)]),
    "flows.lab.hipster-shop.dev": Columns(
        (
            Column("Name", wide=True),
            *map(Column, ("Time", "Source", "Target", "Port", "Verdict", "Policies")),
            Column("Service", wide=True),
            Column("Attempts", "integer", wide=True),
            Column("Reason", wide=True),
        ),
        _flows,
    ),
}

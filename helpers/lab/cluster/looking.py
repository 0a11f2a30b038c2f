"""Look at the cluster as it is now: its objects, the engine's view of them, the application's arrows, the flows."""

import functools
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from helpers.lab.cluster import belonging, session
from helpers.lab.cluster.api import CLUSTER_SCOPED, Cluster, Object
from helpers.lab.errors import LabError, NotFound
from helpers.lab.flowlogs import NoFlowLog, log_of
from helpers.policies import home

if TYPE_CHECKING:
    from helpers.policies import World
    from helpers.policies.application.need import Arrow

KINDS = (
    "namespaces",
    "pods",
    "services",
    "deployments",
    "networkpolicies",
    "configmaps",
    "endpointslices",
    "ingresses",
    "serviceaccounts",
    "rolebindings",
    "clusterrolebindings",
    "nodes",
    "ippools",
)
_MAY_BE_MISSING = frozenset(KINDS[5:])


def objects(cluster: Cluster | None = None) -> list[Object]:
    """Everything live that decides who may reach whom, or tells who needs to; without a cluster of the one in use.

    On a shared cluster that may not be read as a whole, that of the course's namespaces and the cluster's own; a seat
    never sees what is in those of other seats.
    """
    cluster = cluster or session.current()
    found: list[Object] = []
    beside = _beside(cluster)
    for kind in KINDS:
        found += _readable(cluster, kind, beside)
    if not any(item["kind"] == "Namespace" for item in found):
        found.append({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": cluster.namespace}})
    hidden = belonging.of_others(found)
    return [item for item in found if item["metadata"].get("namespace") not in hidden]


def policies() -> list[Object]:
    """The network policies alone, of the namespaces that `objects` would look at."""
    cluster = session.current()
    found = _readable(cluster, "networkpolicies", _beside(cluster))
    hidden = set() if cluster.entered else belonging.of_others(_readable(cluster, "namespaces", set))
    return [item for item in found if item["metadata"].get("namespace") not in hidden]


def _beside(cluster: Cluster) -> Callable[[], set[str]]:
    """The namespaces to look at beside the course's own where not all may be read, asked for once."""
    return functools.cache(lambda: {*belonging.course_namespaces(cluster), "kube-system"} - {cluster.namespace})


def _readable(cluster: Cluster, kind: str, beside: Callable[[], set[str]]) -> list[Object]:
    try:
        return cluster.list(kind)
    except NotFound:
        if kind not in _MAY_BE_MISSING:
            raise
        return []
    except LabError as error:
        if getattr(error, "status", 0) != 403:
            raise
    if kind in CLUSTER_SCOPED:
        return []
    own = _listed(cluster, kind, cluster.namespace, needed=kind not in _MAY_BE_MISSING)
    return own + [item for name in sorted(beside()) for item in _listed(cluster, kind, name, needed=False)]


def _listed(cluster: Cluster, kind: str, namespace: str, *, needed: bool) -> list[Object]:
    """What one namespace has of a kind; none if it may not be read and isn't needed."""
    try:
        return cluster.list(kind, namespace)
    except LabError:
        if needed:
            raise
        return []


def world() -> "World":
    """The live cluster as the policy engine sees it now."""
    from helpers.policies import World

    return World.of(objects())


def architecture(of: "World | None" = None) -> "tuple[Arrow, ...]":
    """The arrows that an application needs, without one that of the live cluster; none if nothing is deployed."""
    from helpers.policies.application.need import needs

    return needs(world() if of is None else of).of_application


def matrix(by: str = "workload") -> Any:
    """Everything that may reach everything on the live cluster, as the policy engine lists it."""
    return world().matrix(by=by)


class Flows(list[Object]):
    """Flows as the cluster logged them, oldest first; prints as a table, and as `nobody` if there are none."""

    def __init__(
        self, flows: Iterable[Object] = (), nobody: str = "No connection was logged yet.", *, missing: bool = False
    ) -> None:
        super().__init__(flows)
        self.nobody = nobody
        self.missing = missing
        """Whether the cluster keeps no log that could be read; `nobody` says so."""

    def __repr__(self) -> str:
        if not self:
            return self.nobody
        rows = [("TIME", "SOURCE", "TARGET", "PORT", "VERDICT", "POLICIES"), *map(_row, self)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        return "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
        )


def flows(source: str = "", target: str = "", *, verdict: str = "", last: int = 0) -> Flows:
    """The connections that the cluster judged, oldest first; where no log can be read, none and a sentence.

    `source` and `target` pick by workload or pod name, `verdict` is "allowed", "denied" or "refused", `last` keeps
    that many of the newest.
    """
    try:
        found = log_of(session.current()).read()
    except NoFlowLog as error:
        return Flows((), str(error), missing=True)
    kept = [
        flow
        for flow in found
        if _is(flow["source"], source) and _is(flow["target"], target) and (not verdict or flow["verdict"] == verdict)
    ]
    kept = kept[-last:] if last else kept
    return Flows(kept, _nobody(source, target, verdict, len(found))) if found else Flows()


def _nobody(source: str, target: str, verdict: str, count: int) -> str:
    """What to say when none of the logged connections is as asked."""
    ends = "".join(f" {word} {name!r}" for word, name in (("from", source), ("to", target)) if name)
    return f"No {verdict}{' ' * bool(verdict)}connection{ends} among {count} logged."


def moment(seconds: float) -> str:
    """A time as flows have theirs; empty for none."""
    if not seconds:
        return ""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def end_name(end: Mapping[str, Any]) -> str:
    """One end of a flow in short: a pod's name (with its namespace if that is not the course's), or an address."""
    if end.get("kind") != "Pod":
        return str(end.get("address") or "outside")
    namespace = home.namespace_of(end)
    return str(end["name"]) if namespace == home.namespace() else f"{namespace}/{end['name']}"


def _is(end: Object, name: str) -> bool:
    if not name:
        return True
    own = end_name(end)
    app = (end.get("labels") or {}).get("app")
    return name in (own, end.get("name"), app, f"{end.get('namespace')}/{app}") or own.startswith(f"{name}-")


def _row(flow: Object) -> tuple[str, ...]:
    time = str(flow["time"])[11:23]
    times = f" ×{flow['attempts']}" if flow.get("attempts", 1) > 1 else ""
    return (
        time,
        end_name(flow["source"]),
        end_name(flow["target"]),
        f"{flow['port']}/{flow['protocol']}",
        flow["verdict"] + times,
        ", ".join(flow.get("policies") or []) or "-",
    )

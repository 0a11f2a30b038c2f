"""Calico's flow log, as its Whisker serves it: connections of a quarter of a minute in one record, from both ends.

Read through the Kubernetes API by port-forward, as Calico's documents have it: its own policies keep all else out.
"""

from __future__ import annotations

import atexit
import http.client
import json
import threading
from collections.abc import Iterable
from typing import Any

from helpers.lab.cluster.api import Cluster, Object
from helpers.lab.cluster.forward import Forward, KeptForward
from helpers.lab.errors import LabError

NAMESPACE, SERVICE, PORT = "calico-system", "whisker", 8081
PATH = "/whisker-backend/flows"
SINCE = 3600
"""Seconds of the past that are asked for; Calico's Goldmane keeps about an hour."""

_TIMEOUT = 15.0
_OUTSIDE = {"PUBLIC NETWORK": "a public network", "PRIVATE NETWORK": "a private network", "pub": "a public network",
            "pvt": "a private network"}  # fmt: skip
_DNS = 53
_CALICOS = "projectcalico.org/"  # labels that Calico adds to the pods' own


class WhiskerLog:
    """Calico's log, behind a port-forward that is kept."""

    def __init__(self, cluster: Cluster) -> None:
        self._lock = threading.Lock()
        self._forward = KeptForward(lambda: Forward(cluster.context, NAMESPACE, SERVICE, PORT))
        atexit.register(self.close)

    def read(self) -> list[Object]:
        """Raises LabError if Whisker can't be reached, or answers something else."""
        with self._lock:
            try:
                items = self._ask()
            except (OSError, http.client.HTTPException):
                self._forward.end()
                try:
                    items = self._ask()
                except (OSError, http.client.HTTPException) as error:
                    raise LabError(f"Calico's flow log breaks off ({error}). {_LOOK}") from None
        return merged(items)

    def _ask(self) -> list[dict[str, Any]]:
        connection = http.client.HTTPConnection("127.0.0.1", self._forward.port, timeout=_TIMEOUT)
        try:
            connection.request("GET", f"{PATH}?startTimeGte=-{SINCE}", headers={"Accept": "application/json"})
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        try:
            found = json.loads(body) if answer.status == 200 else {}
        except ValueError:
            found = {}
        if not isinstance(found, dict) or "items" not in found:
            raise LabError(f"Calico's Whisker answered {answer.status}, and no list of flows. {_LOOK}")
        return list(found["items"] or [])

    def close(self) -> None:
        with self._lock:
            self._forward.end()


_LOOK = f"Look at: kubectl get pods -n {NAMESPACE}"


def find(cluster: Cluster) -> WhiskerLog | None:
    """Calico's log, if its Whisker is installed and may be seen."""
    try:
        cluster.get("services", SERVICE, NAMESPACE)
    except LabError:
        return None
    return WhiskerLog(cluster)


def merged(items: Iterable[dict[str, Any]]) -> list[Object]:
    """Whisker's records as flows, oldest first. Both ends report a connection; what one of them denied is denied."""
    found: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for item in items:
        found.setdefault(_key(item), []).append(item)
    flows = [_flow(number, reports) for number, reports in enumerate(found.values())]
    return sorted(flows, key=lambda flow: str(flow["time"]))


def _key(item: dict[str, Any]) -> tuple[Any, ...]:
    ends = ("source_namespace", "source_name", "dest_namespace", "dest_name", "protocol", "dest_port", "start_time")
    return tuple(item.get(name) for name in ends)


def _flow(number: int, reports: list[dict[str, Any]]) -> Object:
    denying = [item for item in reports if item.get("action") == "Deny"]
    item = (denying or reports)[0]
    deciding = [name for report in denying or reports for name in _policies(report)]
    return {
        "metadata": {"name": f"flow-{number:06d}", "resourceVersion": f"{item.get('end_time')}"},
        "time": str(item.get("end_time") or item.get("start_time") or ""),
        "source": _end(item, "source"),
        "target": {**_end(item, "dest"), "service": None},
        "port": int(item.get("dest_port") or 0),
        "protocol": str(item.get("protocol") or "tcp").upper(),
        "verdict": "denied" if denying else "allowed",
        "reason": "as Calico logged it",
        "policies": list(dict.fromkeys(deciding)),
        "attempts": 1,
        "dns": item.get("dest_port") == _DNS,
    }


def _end(item: dict[str, Any], side: str) -> Object:
    """One end: a pod by the name that Calico has for all of its workload, or what lies outside."""
    name, namespace = str(item.get(f"{side}_name") or ""), str(item.get(f"{side}_namespace") or "")
    if namespace in ("", "-", "Global"):
        return {"kind": "External", "namespace": None, "name": None, "address": _OUTSIDE.get(name, name), "labels": {}}
    pairs = (label.partition("=") for label in str(item.get(f"{side}_labels") or "").split(" | "))
    labels = {key.strip(): value.strip() for key, _, value in pairs if key.strip() and not key.startswith(_CALICOS)}
    plain = name.removesuffix("*").removesuffix("-")
    return {"kind": "Pod", "namespace": namespace, "name": plain, "address": None, "labels": labels}


def _policies(item: dict[str, Any]) -> list[str]:
    """`namespace/name` of the NetworkPolicies that decided; a default deny goes by the policy that brought it about."""
    hits = ((item.get("policies") or {}).get("enforced")) or []
    return [name for hit in hits if (name := _named(hit.get("trigger") or hit))]


def _named(hit: dict[str, Any]) -> str:
    if hit.get("kind") in ("EndOfTier", "Profile") or not hit.get("name"):
        return ""
    name = str(hit["name"]).removeprefix("knp.default.")
    return f"{hit['namespace']}/{name}" if hit.get("namespace") else name

"""A namespace each on a shared cluster: made with those that lessons need beside it, and taken away again."""

import base64
import contextlib
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from helpers.lab.cluster.api import Cluster, Object, path_of
from helpers.lab.cluster.belonging import SEAT
from helpers.lab.errors import ClusterError, LabError, NotFound
from helpers.localcluster.node.private import write_private
from helpers.workshop import rights
from helpers.workshop.names import namespaces_of

MADE_BY = {"app.kubernetes.io/managed-by": "hipster-lab-workshop"}
CONTEXT = "workshop"
"""How the context is called in each attendee's kubeconfig."""
HEADER = "# Made by `python -m helpers workshop namespaces`. Whoever has this file has the seat.\n"
SYSTEM = "kube-system"
PATIENCE = 10.0
"""Seconds in which a cluster fills a Secret for a token."""
_NAME = "hipster-lab-seat"
_RBAC = "rbac.authorization.k8s.io"


class Token(NamedTuple):
    """A bearer token, and when it ends as the cluster says it; "" if it doesn't."""

    text: str
    ends: str


class Made(NamedTuple):
    """When an attendee's token ends, and why there is no quota ("" if there is one)."""

    ends: str
    no_quota: str


def make(cluster: Cluster, seat: str, file: Path, *, days: int) -> Made:
    """Make what a seat needs, its kubeconfig file too, or complete what is there of it.

    If something fails, what was made goes again. Raises LabError, also where such a namespace is somebody else's.
    """
    writer = _Writer(cluster, {**MADE_BY, SEAT: seat})
    try:
        for namespace in namespaces_of(seat):
            writer.put("namespaces", "v1", "Namespace", namespace)
        writer.put("serviceaccounts", "v1", "ServiceAccount", _NAME, seat)
        _allow(writer, seat)
        no_quota = _bound(writer, seat)
        token = _token(writer, seat, days)
        _write(file, _kubeconfig(cluster, seat, token.text))
        return Made(token.ends, no_quota)
    except BaseException:
        writer.take_back()
        raise


def seats(cluster: Cluster) -> list[str]:
    """The seats that are there. Raises ClusterError."""
    found = [item for kind in ("namespaces", "clusterrolebindings") for item in _labelled(cluster, kind)]
    return sorted({item["metadata"]["labels"].get(SEAT, "") for item in found} - {""})


def remove(cluster: Cluster, seat: str) -> None:
    """Take away what `make` made for a seat, and after the last one what all shared. Raises ClusterError."""
    for resource, where in (("clusterrolebindings", None), ("rolebindings", SYSTEM), ("namespaces", None)):
        for item in _labelled(cluster, resource, where, seat):
            cluster.delete(resource, item["metadata"]["name"], where)
    if not [one for one in seats(cluster) if one != seat]:
        for resource, where in (("clusterroles", None), ("roles", SYSTEM)):
            for item in _labelled(cluster, resource, where):
                cluster.delete(resource, item["metadata"]["name"], where)


def _labelled(cluster: Cluster, resource: str, namespace: str | None = None, seat: str = "") -> list[Object]:
    wanted = {**MADE_BY, **({SEAT: seat} if seat else {})}
    return cluster.list(resource, namespace, labels=",".join(f"{key}={value}" for key, value in wanted.items()))


@dataclass
class _Writer:
    """Writes objects with the labels of a seat, and knows which of them were not there before."""

    cluster: Cluster
    labels: Mapping[str, str]
    _undo: list[Callable[[], None]] = field(default_factory=list)

    def put(
        self, resource: str, version: str, kind: str, name: str, namespace: str | None = None, *,
        shared: bool = False, **rest: Any,
    ) -> None:  # fmt: skip
        """Create an object, or bring it up to date. `shared`: it is all seats', and stays if this one fails."""
        labels = dict(MADE_BY if shared else self.labels)
        body = {"apiVersion": version, "kind": kind, "metadata": {"name": name, "labels": labels}, **rest}
        try:
            found = self.cluster.get(resource, name, namespace)["metadata"]
        except NotFound:
            self.cluster.create(resource, body, namespace)
            if not shared:
                self._undo.append(lambda: self.cluster.delete(resource, name, namespace))
            return
        title = f"{kind} {name}" + (f" of {namespace}" if namespace else "")
        if not labels.items() <= (found.get("labels") or {}).items():
            raise LabError(f"{title} is there already, and was not made for this seat. Choose another name for it.")
        if found.get("deletionTimestamp"):
            raise LabError(f"{title} is still being deleted. Run it again in a minute.")
        self.cluster.patch(resource, name, body, namespace)

    def take_back(self) -> None:
        while self._undo:
            with contextlib.suppress(ClusterError):
                self._undo.pop()()


def _allow(writer: _Writer, seat: str) -> None:
    for namespace in namespaces_of(seat):
        labelling = rights.LABELLING if namespace.endswith("-sandbox") and namespace != seat else []
        writer.put("roles", f"{_RBAC}/v1", "Role", _NAME, namespace, rules=rights.WORK + labelling)
        writer.put("rolebindings", f"{_RBAC}/v1", "RoleBinding", _NAME, namespace, **_binding("Role", seat))
    own = f"{_NAME}-{seat}"
    writer.put("roles", f"{_RBAC}/v1", "Role", _NAME, SYSTEM, shared=True, rules=rights.DNS)
    writer.put("rolebindings", f"{_RBAC}/v1", "RoleBinding", own, SYSTEM, **_binding("Role", seat))
    writer.put("clusterroles", f"{_RBAC}/v1", "ClusterRole", _NAME, shared=True, rules=rights.EVERYWHERE)
    writer.put("clusterrolebindings", f"{_RBAC}/v1", "ClusterRoleBinding", own, **_binding("ClusterRole", seat))


def _binding(role: str, seat: str) -> dict[str, Any]:
    return {
        "roleRef": {"apiGroup": _RBAC, "kind": role, "name": _NAME},
        "subjects": [{"kind": "ServiceAccount", "name": _NAME, "namespace": seat}],
    }


def _bound(writer: _Writer, seat: str) -> str:
    """Put a quota on each namespace; why there is none where the cluster doesn't have that kind."""
    try:
        for namespace in namespaces_of(seat):
            hard = rights.MOST if namespace == seat else rights.MOST_BESIDE
            writer.put("resourcequotas", "v1", "ResourceQuota", _NAME, namespace, spec={"hard": hard})
    except ClusterError as error:
        if error.status not in (404, 405, 501):
            raise
        return str(error)
    return ""


def _token(writer: _Writer, seat: str, days: int) -> Token:
    asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest"}
    body = {**asked, "spec": {"expirationSeconds": days * 86_400}}
    try:
        path = f"{path_of('serviceaccounts', seat, _NAME)}/token"
        found = writer.cluster.call("POST", path, body=body)["status"]
        return Token(found["token"], found.get("expirationTimestamp") or "")
    except ClusterError as error:
        if error.status not in (404, 405, 501):
            raise
    return _kept_token(writer, seat)


def _kept_token(writer: _Writer, seat: str) -> Token:
    """A token of a cluster from before there was TokenRequest: it fills a Secret."""
    note = {"kubernetes.io/service-account.name": _NAME}
    body = {
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token",
        "metadata": {"name": _NAME, "labels": dict(writer.labels), "annotations": note},
    }  # fmt: skip
    with contextlib.suppress(NotFound):
        writer.cluster.delete("secrets", _NAME, seat)
    writer.cluster.create("secrets", body, seat)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        data = writer.cluster.get("secrets", _NAME, seat).get("data") or {}
        if data.get("token"):
            return Token(base64.b64decode(data["token"]).decode(), "")
        time.sleep(0.2)
    raise LabError(
        "This cluster gives no tokens to ServiceAccounts, by TokenRequest or in a Secret. Give attendees accounts in "
        "the way that is usual there, and bind them to the Role " + _NAME + " of their namespaces."
    )


def _write(file: Path, text: str) -> None:
    try:
        write_private(file, text)
    except OSError as error:
        raise LabError(f"{file} cannot be written: {error.strerror}.") from None


def _kubeconfig(cluster: Cluster, seat: str, token: str) -> str:
    """A kubeconfig that needs no other file, with one context."""
    entry = {key: value for key, value in cluster.context.cluster.items() if key != "certificate-authority"}
    authority = cluster.context.data("cluster", "certificate-authority")
    if authority:
        entry["certificate-authority-data"] = base64.b64encode(authority).decode()
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": CONTEXT, "cluster": entry}],
        "contexts": [{"name": CONTEXT, "context": {"cluster": CONTEXT, "namespace": seat, "user": seat}}],
        "current-context": CONTEXT,
        "users": [{"name": seat, "user": {"token": token}}],
    }
    return f"{HEADER}{yaml.safe_dump(document, sort_keys=False)}"


def check_free(cluster: Cluster, wanted: Iterable[str]) -> None:
    """Raise LabError if the cluster has namespaces of these seats' names that were not made for them."""
    there = {item["metadata"]["name"]: item["metadata"].get("labels") or {} for item in cluster.list("namespaces")}
    taken = [
        name
        for seat in wanted
        for name in namespaces_of(seat)
        if name in there and not {**MADE_BY, SEAT: seat}.items() <= there[name].items()
    ]
    if taken:
        raise LabError(
            f"The cluster has {', '.join(taken)} already, and not from this command. Nothing was made: choose other "
            "names for these attendees."
        )

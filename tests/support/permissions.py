"""What RBAC would say: the lab's cluster keeps roles and does not enforce them; a test does, for the lab's calls."""

import json
from typing import Any

import pytest

from helpers.lab.cluster import api
from helpers.lab.errors import ClusterError
from support.cluster import Cluster

VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


def request(method: str, path: str) -> tuple[str, str, str, str]:
    """Verb, group, resource (with its subresource) and namespace ("" for the whole cluster) of a request."""
    parts = path.partition("?")[0].strip("/").split("/")
    group, rest = ("", parts[2:]) if parts[0] == "api" else (parts[1], parts[3:])
    namespace = rest[1] if rest[0] == "namespaces" and len(rest) > 1 else ""
    if namespace and len(rest) > 2:
        rest = rest[2:]
    resource = "/".join([rest[0], *rest[2:3]])
    verb = VERBS.get(method) or ("get" if len(rest) > 1 else "list")
    return verb, group, resource, namespace


def rules_of(cluster: Cluster, seat: str) -> list[tuple[str, dict[str, Any]]]:
    """The rules that bind a seat's ServiceAccount, each with its namespace ("" for everywhere)."""

    def items(kind: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(cluster.kubectl("get", kind, "-A", "-o", "json"))["items"]
        return found

    roles = {
        (role["metadata"].get("namespace", ""), role["metadata"]["name"]): role["rules"]
        for kind in ("roles", "clusterroles")
        for role in items(kind)
    }
    return [
        (place, rule)
        for kind in ("rolebindings", "clusterrolebindings")
        for binding in items(kind)
        for place in [binding["metadata"].get("namespace", "")]
        if any(subject.get("namespace") == seat for subject in binding.get("subjects") or [])
        for rule in roles[place, binding["roleRef"]["name"]]
    ]


def enforce(monkeypatch: pytest.MonkeyPatch, cluster: Cluster, seat: str) -> list[str]:
    """Refuse the lab's calls that the seat's roles don't allow; returns the list of those that will be refused."""
    rules, refused, send = rules_of(cluster, seat), [], api.Cluster._send

    def allowed(method: str, path: str) -> bool:
        if not path.startswith("/api"):
            return True
        verb, group, resource, namespace = request(method, path)
        return any(
            place in ("", namespace)
            and group in rule["apiGroups"]
            and resource in rule["resources"]
            and verb in rule["verbs"]
            for place, rule in rules
        )

    def checked(self: api.Cluster, method: str, path: str, *rest: Any) -> bytes:
        if not allowed(method, path):
            refused.append(f"{method} {path.partition('?')[0]}")
            raise ClusterError(f"forbidden: {method} {path}", status=403, reason="Forbidden")
        return send(self, method, path, *rest)

    monkeypatch.setattr(api.Cluster, "_send", checked)
    return refused

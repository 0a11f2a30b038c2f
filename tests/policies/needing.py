"""Short ways to ask what an application needs."""

from __future__ import annotations

from typing import Any

from helpers.policies import World
from helpers.policies.application.need import Needs, needs

from .build import Object, deployment, service


def of(*objects: Object, **options: Any) -> Needs:
    return needs(World.of(objects), **options)


def told(found: Needs) -> list[str]:
    """The arrows as `source target protocol port`."""
    return [
        " ".join(
            (
                *(end.partition("[")[0].removeprefix("default/") for end in (one.source, one.target)),
                one.protocol,
                str(one.port),
            )
        )
        for one in found
    ]


def several(name: str, replicas: int = 2, kind: str = "Deployment", space: str = "default", **more: Any) -> Object:
    item = deployment(name, space, **more)
    return {**item, "kind": kind, "spec": {**item["spec"], "replicas": replicas, "serviceName": name}}


def headless(name: str, *ports: int, space: str = "default") -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": space},
        "spec": {
            "clusterIP": "None",
            "selector": {"app": name},
            "ports": [{"name": f"p{port}", "port": port} for port in ports],
        },
    }


def config(name: str, kind: str = "ConfigMap", **data: str) -> Object:
    field = "stringData" if kind == "Secret" else "data"
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": "default"}, field: data}


def using(name: str, container: Object | None = None, **spec: Any) -> Object:
    """A Deployment with these fields in its container and its pod spec."""
    item = deployment(name)
    inner = item["spec"]["template"]["spec"]
    inner["containers"][0] |= container or {}
    inner |= spec
    return item


REDIS = [deployment("redis", ports=[6379]), service("redis", 6379)]
A = [deployment("a", ports=[("http", 8080)]), service("a", 80, "http")]


def ports(name: str, *entries: tuple[int, str]) -> Object:
    item = service(name, 1)
    item["spec"]["ports"] = [
        {"name": f"{protocol.lower()}{number}", "port": number, "protocol": protocol} for number, protocol in entries
    ]
    return item


def binding(account: str = "bot", kind: str = "ClusterRoleBinding", space: str | None = "default") -> Object:
    subject = {"kind": "ServiceAccount", "name": account, **({"namespace": space} if space else {})}
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": kind,
        "metadata": {"name": "b", "namespace": "default"},
        "subjects": [subject],
    }


BOT = using("bot", serviceAccountName="bot")
API = [
    {
        "kind": "Service",
        "metadata": {"name": "kubernetes"},
        "spec": {"ports": [{"name": "https", "port": 443, "targetPort": 6443}]},
    },
    {
        "kind": "EndpointSlice",
        "metadata": {"name": "kubernetes", "labels": {"kubernetes.io/service-name": "kubernetes"}},
        "ports": [{"name": "https", "port": 6443}],
        "endpoints": [{"addresses": ["192.0.2.6"]}],
    },
]

"""Short ways to write objects for tests."""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]


def namespace(name: str, **labels: str) -> Object:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def pod(
    name: str,
    space: str = "default",
    *,
    ip: str | tuple[str, ...] = (),
    ports: Any = (),
    node: str = "",
    host: bool = False,
    phase: str = "Running",
    labels: dict[str, str] | None = None,
    **more: Any,
) -> Object:
    """A live pod labelled app=NAME; ports are numbers or (name, number) or (name, number, protocol)."""
    addresses = (ip,) if isinstance(ip, str) else ip
    status: Object = {"phase": phase, "hostIP": "172.20.0.2"}
    if addresses:
        status |= {"podIP": addresses[0], "podIPs": [{"ip": address} for address in addresses]}
    spec: Object = {"containers": [{"name": "main", "ports": [container_port(entry) for entry in ports]}]}
    spec |= {"nodeName": node} if node else {}
    spec |= {"hostNetwork": True} if host else {}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": space, "labels": {"app": name} if labels is None else labels, **more},
        "spec": spec,
        "status": status,
    }


def container_port(entry: Any) -> Object:
    if isinstance(entry, int):
        return {"containerPort": entry}
    return {"name": entry[0], "containerPort": entry[1], **({"protocol": entry[2]} if len(entry) > 2 else {})}


def deployment(
    name: str, space: str = "default", *, ports: Any = (), env: dict[str, str] | None = None, **more: Any
) -> Object:
    container: Object = {
        "name": "main",
        "ports": [container_port(entry) for entry in ports],
        "env": [{"name": key, "value": value} for key, value in (env or {}).items()],
        **more,
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": space},
        "spec": {
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}},
        },
    }


def service(
    name: str,
    port: int,
    target: int | str | None = None,
    space: str = "default",
    *,
    app: str = "",
    kind: str = "ClusterIP",
    ip: str = "",
    **more: Any,
) -> Object:
    spec: Object = {
        "selector": {"app": app or name},
        "type": kind,
        **more,
        "ports": [{"port": port, **({"targetPort": target} if target else {})}],
    }
    spec |= {"clusterIP": ip} if ip else {}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": space}, "spec": spec}


def policy(name: str = "policy", selects: Any = None, space: str = "default", **spec: Any) -> Object:
    """A policy for pods with app=SELECTS (a mapping is taken as the podSelector itself; None selects all)."""
    selector = {} if selects is None else app(selects) if isinstance(selects, str) else selects
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": space},
        "spec": {"podSelector": selector, **spec},
    }


def app(name: str) -> Object:
    return {"matchLabels": {"app": name}}


def pods(name: str) -> Object:
    """A peer: pods with app=NAME of the policy's namespace."""
    return {"podSelector": app(name)}


def spaces(name: str) -> Object:
    """A namespaceSelector by name, as part of a peer."""
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}


def rule(*peers: Object, side: str = "from", ports: Any = ()) -> Object:
    """A rule; ports are numbers, names or entries."""
    made: Object = {side: list(peers)} if peers else {}
    if ports:
        made["ports"] = [entry if isinstance(entry, dict) else {"port": entry} for entry in ports]
    return made

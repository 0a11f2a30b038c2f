"""Policies to start from. Each is a function of the chosen workload, and reads as a person would write it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from helpers.display.widgets.surroundings import Surroundings, Workload
from helpers.display.widgets.yamltext import write
from helpers.policies import home

Rule = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Template:
    """A way to start: `make` gives the policy's spec for a target workload and another one.

    `asks` names what has to be chosen: "target", "other", "namespace".
    """

    id: str
    title: str
    name: str
    make: Callable[[Workload, Workload], dict[str, Any]]
    comment: str
    asks: tuple[str, ...] = ("namespace",)


def _select(workload: Workload) -> dict[str, Any]:
    return {"matchLabels": dict(workload.labels)} if workload.labels else {}


def _ports(workload: Workload) -> list[dict[str, Any]]:
    return [
        {"port": number} if protocol == "TCP" else {"protocol": protocol, "port": number}
        for _, number, protocol in workload.ports
    ]


def _rule(side: str, peer: dict[str, Any], ports: list[dict[str, Any]]) -> Rule:
    return {side: [peer], **({"ports": ports} if ports else {})}


def _deny_ingress(target: Workload, other: Workload) -> dict[str, Any]:
    return {"podSelector": {}, "policyTypes": ["Ingress"]}


def _deny_egress(target: Workload, other: Workload) -> dict[str, Any]:
    return {"podSelector": {}, "policyTypes": ["Egress"]}


def _deny_both(target: Workload, other: Workload) -> dict[str, Any]:
    return {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def _allow_one(target: Workload, other: Workload) -> dict[str, Any]:
    return {
        "podSelector": _select(target),
        "policyTypes": ["Ingress"],
        "ingress": [_rule("from", {"podSelector": _select(other)}, _ports(target))],
    }


def _allow_namespace(target: Workload, other: Workload) -> dict[str, Any]:
    namespace = {"matchLabels": {"kubernetes.io/metadata.name": other.namespace}}
    return {
        "podSelector": _select(target),
        "policyTypes": ["Ingress"],
        "ingress": [_rule("from", {"namespaceSelector": namespace}, _ports(target))],
    }


def _allow_same_namespace(target: Workload, other: Workload) -> dict[str, Any]:
    return {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"from": [{"podSelector": {}}]}]}


def _allow_outside(target: Workload, other: Workload) -> dict[str, Any]:
    block = {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.244.0.0/16"]}}
    return {
        "podSelector": _select(target),
        "policyTypes": ["Ingress"],
        "ingress": [_rule("from", block, _ports(target))],
    }


def _allow_dns(target: Workload, other: Workload) -> dict[str, Any]:
    peer = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
        "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
    }
    ports = [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]
    return {"podSelector": {}, "policyTypes": ["Egress"], "egress": [_rule("to", peer, ports)]}


def _allow_call(target: Workload, other: Workload) -> dict[str, Any]:
    return {
        "podSelector": _select(target),
        "policyTypes": ["Egress"],
        "egress": [_rule("to", {"podSelector": _select(other)}, _ports(other))],
    }


TEMPLATES = (
    Template(
        "deny-ingress",
        "deny all that comes in",
        "deny-ingress",
        _deny_ingress,
        "Selects every pod of the namespace and lets nothing in.",
    ),
    Template(
        "deny-egress",
        "deny all that goes out",
        "deny-egress",
        _deny_egress,
        "Selects every pod of the namespace and lets nothing out. DNS stops too.",
    ),
    Template(
        "deny-all",
        "deny all, both ways",
        "deny-all",
        _deny_both,
        "Selects every pod of the namespace; nothing in, nothing out.",
    ),
    Template(
        "allow-one",
        "allow one caller",
        "{target}-allow-{other}",
        _allow_one,
        "One caller, on the port that the pod listens on.",
        ("target", "other"),
    ),
    Template(
        "allow-call",
        "allow one call out",
        "{target}-to-{other}",
        _allow_call,
        "The calling end of an arrow: whom this pod may call.",
        ("target", "other"),
    ),
    Template(
        "allow-dns", "allow DNS", "allow-dns", _allow_dns, "Every pod may ask the cluster's DNS, over UDP and over TCP."
    ),
    Template(
        "allow-namespace",
        "allow a namespace",
        "{target}-allow-namespace-{namespace}",
        _allow_namespace,
        "All pods of a namespace, chosen by the label that every namespace has.",
        ("target", "namespace"),
    ),
    Template(
        "allow-same-namespace",
        "allow the own namespace",
        "allow-same-namespace",
        _allow_same_namespace,
        "Everybody in this namespace, nobody from another.",
    ),
    Template(
        "allow-outside",
        "allow the outside",
        "{target}-allow-outside",
        _allow_outside,
        "Addresses outside the cluster; the pods' own range is taken out again.",
        ("target",),
    ),
)


def template(id: str) -> Template:
    """The template with an id; raises KeyError."""
    return {one.id: one for one in TEMPLATES}[id]


def text(
    id: str, around: Surroundings, target: str = "", other: str = "", namespace: str = "", taken: Iterable[str] = ()
) -> str:
    """A template's YAML for two workloads, `name` or `namespace/name`, or a namespace, as it asks for them.

    `taken` are policy names in use.
    """
    chosen = template(id)
    first, second = _workload(around, target, 0), _workload(around, other, 1)
    if "namespace" in chosen.asks:
        where = Workload("", namespace or first.namespace, "", {}, ())
        first, second = (first, where) if "target" in chosen.asks else (where, second)
    name = chosen.name.format(target=short_name(first.name), other=short_name(second.name), namespace=second.namespace)
    metadata = {"name": _free(name, set(taken)), "namespace": first.namespace}
    policy = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata,
        "spec": chosen.make(first, second),
    }
    return write(policy, f"# {chosen.comment}\n")


def _workload(around: Surroundings, name: str, fallback: int) -> Workload:
    namespace, _, short = name.rpartition("/")
    for workload in around.workloads:
        if workload.name == short and workload.namespace == (namespace or home.namespace()):
            return workload
    here = around.within(home.namespace()) or around.workloads
    return (
        here[min(fallback, len(here) - 1)] if here else Workload("", home.namespace(), "my-app", {"app": "my-app"}, ())
    )


def short_name(name: str) -> str:
    """A service's name as the course's policies write it: `shipping` for shippingservice."""
    return name.removesuffix("service") or name


def _free(name: str, taken: set[str]) -> str:
    return next(one for one in (name, *(f"{name}-{number}" for number in range(2, len(taken) + 3))) if one not in taken)

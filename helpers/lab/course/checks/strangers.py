"""Callers that nobody has deployed, ports that nobody listens on, addresses out there: whom a policy would let in.

A policy is judged by what it says and not by who runs today. So each peer, block and port range that policies name is
tried by a caller, an address and a port of its own; between two bounds all are alike, and one stands for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from helpers.policies import Pod, Policy, World
from helpers.policies.model.addresses import Block, format_address
from helpers.policies.model.pods import NAMESPACE_NAME_LABEL
from helpers.policies.model.ports import PortSpace
from helpers.policies.model.regions import Regions
from helpers.policies.model.selectors import EVERYTHING, Selector

ELSEWHERE = "elsewhere"
"""A namespace that doesn't exist."""

NEWCOMER: Mapping[str, str] = {"app": "newcomer"}

Door = tuple[str, int]
"""(protocol, port)."""


@dataclass(frozen=True)
class Stranger:
    """A pod that doesn't exist; `own` when it is of the application's namespace."""

    pod: Pod
    own: bool

    def __str__(self) -> str:
        labels = ", ".join(f"{key}={value}" for key, value in self.pod.labels.items())
        worn = f" with the label `{labels}`" if labels and self.pod.labels != NEWCOMER else ""
        if self.own:
            return f"a new pod{worn}"
        where = "another namespace" if self.pod.namespace == ELSEWHERE else f"the namespace `{self.pod.namespace}`"
        return f"a pod of {where}{worn}"


def strangers(world: World, namespace: str, policies: Iterable[Policy], direction: str) -> list[Stranger]:
    """Pods that may come one day, of the application's namespace and of others, with and without known labels.

    `policies` are those whose peers get a pod each, for the calls of one direction.
    """
    peers = [peer for policy in policies for rule in policy.rules(direction) or () for peer in rule.peers]
    looks = [{}, dict(NEWCOMER), *({"app": pod.labels["app"]} for pod in world.pods if "app" in pod.labels)]
    looks += [labels for peer in peers if peer.block is None for labels in meeting(peer.pods)]
    spaces = [namespace, ELSEWHERE, *world.namespaces]
    spaces += [name for peer in peers for name in _names(peer.namespaces or EVERYTHING)]
    known = {(pod.namespace, pod.labels.get("app")) for pod in world.pods}
    found = {
        (space, *sorted(labels.items())): Stranger(invented(space, labels), space == namespace)
        for space in spaces
        for labels in looks
        if list(labels) != ["app"] or (space, labels["app"]) not in known
    }
    return list(found.values())


def invented(namespace: str, labels: Mapping[str, str]) -> Pod:
    """A pod that doesn't exist."""
    name = "-".join(labels.values()) or "unlabelled"
    return Pod(namespace=namespace, name=f"{name}-0", labels=dict(labels), workload=f"Deployment/{name}")


def identity(pod: Pod) -> Mapping[str, str]:
    """The labels by which the course tells workloads apart, and which tomorrow's pods carry too."""
    if "app" in pod.labels:
        return {"app": pod.labels["app"]}
    return {key: value for key, value in pod.labels.items() if key != "pod-template-hash"}


def meeting(selector: Selector) -> Iterator[dict[str, str]]:
    """Labels that a selector picks: one set for each value that it names, and as few labels as will do."""
    least = {
        key: min(values) if operator == "In" else "newcomer"
        for key, operator, values in selector.requirements
        if operator in ("In", "Exists")
    }
    choices = [
        {**least, key: value}
        for key, operator, values in selector.requirements
        if operator == "In"
        for value in sorted(values)
    ]
    yield from (labels for labels in [least, *choices] if selector.matches(labels))


def _names(namespaces: Selector) -> Iterator[str]:
    """The namespaces that a selector picks by their names."""
    return (
        name
        for key, operator, values in namespaces.requirements
        if (key, operator) == (NAMESPACE_NAME_LABEL, "In")
        for name in values
    )


def doors(policies: Iterable[Policy], direction: str, pods: Iterable[Pod], *wanted: Door) -> list[Door]:
    """Every protocol's ports, one for each range that these policies and the pods' own ports don't tell apart."""
    named = [
        (port.protocol, port.first, port.last)
        for policy in policies
        for rule in policy.rules(direction) or ()
        for port in rule.ports
    ]
    declared = [(port.protocol, port.number, port.number) for pod in pods for port in pod.ports]
    exact = [(protocol, port, port) for protocol, port in wanted]
    return [(protocol, first) for protocol, first, _ in PortSpace([*named, *declared, *exact]).pieces]


def addresses(policies: Iterable[Policy], direction: str, *wanted: Block) -> list[str]:
    """An address of each range that the blocks of these policies, and the `wanted` ones, don't tell apart."""
    blocks = [
        peer.block
        for policy in policies
        for rule in policy.rules(direction) or ()
        for peer in rule.peers
        if peer.block is not None
    ]
    every = [*blocks, *wanted]
    return [
        format_address(family, first)
        for version in sorted({4, *(block.version for block in every)})
        for ranges in Regions(version, every).outside().values()
        for family, first, _ in ranges
    ]

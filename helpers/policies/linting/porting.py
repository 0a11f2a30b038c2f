"""Rules about ports: the pod's port counts, not the Service's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from helpers.policies.linting.case import Case
from helpers.policies.linting.findings import ERROR, WARNING, Finding, report
from helpers.policies.linting.writing import for_replies
from helpers.policies.model import EGRESS, Pod, PortRule, Service
from helpers.policies.model.services import Route, routes
from helpers.policies.wording import listed, nearest


def _serves(case: Case, pod: Pod, entry: PortRule) -> bool:
    return any(protocol == entry.protocol and entry.first <= port <= entry.last for protocol, port in case.served(pod))


def _service_routes(case: Case, pods: Sequence[Pod], entry: PortRule) -> Iterator[Route]:
    """The Services that send this rule's port on to another port of the pods."""
    for pod in pods:
        services: list[Service] = case.services(pod.namespace)
        for route in routes(services, pod):
            if (
                entry.first <= route.entry.number <= entry.last
                and route.entry.protocol == entry.protocol
                and not entry.first <= route.port <= entry.last
            ):
                yield route


def service_port(case: Case) -> Iterator[Finding]:
    """The rule names a Service's port where the pod listens on another."""
    for policy, direction, rule in case.rules():
        pods = case.destinations(policy, rule, direction) if rule.ports else ()
        for number, entry in enumerate(rule.ports):
            if entry.name or entry.first < entry.last:
                continue
            if any(_serves(case, pod, entry) for pod in pods):
                continue
            route = next(_service_routes(case, pods, entry), None)
            if route is not None:
                yield report(
                    "service-port",
                    ERROR,
                    policy,
                    f"{rule.path}.ports[{number}].port",
                    f"{policy.key} allows {entry}, which is the port of Service {route.service.key}; its pods "
                    f"listen on {route.port}, and policies see the pod's port.",
                    f"Write `port: {route.port}`.",
                )


def port_nobody_serves(case: Case) -> Iterator[Finding]:
    """The pods declare their ports, and this is none of them."""
    for policy, direction, rule in case.rules():
        pods = case.destinations(policy, rule, direction) if rule.ports else ()
        if direction == EGRESS and any(peer.block for peer in rule.peers):
            continue
        for number, entry in enumerate(rule.ports):
            if entry.name or (entry.first, entry.last) == (1, 65535) or for_replies(entry) or not pods:
                continue
            if not all(case.served(pod) for pod in pods) or any(_serves(case, pod, entry) for pod in pods):
                continue
            if entry.first < entry.last or next(_service_routes(case, pods, entry), None) is None:
                having = sorted({f"{protocol} {port}" for pod in pods for protocol, port in case.served(pod)})
                yield report(
                    "port-nobody-serves",
                    WARNING,
                    policy,
                    f"{rule.path}.ports[{number}]",
                    f"{policy.key} {rule.path} allows {entry}, and none of the pods it means serves that; "
                    f"they serve {listed(having)}.",
                    _port_hint(direction, entry, having),
                )


_API_SERVER = (443, 6443)


def _port_hint(direction: str, entry: PortRule, having: Sequence[str]) -> str:
    if direction == EGRESS and entry.protocol == "TCP" and entry.first in _API_SERVER and entry.last == entry.first:
        return (
            "If the Kubernetes API is meant: it is no pod that a selector means, so allow its address and port by "
            "ipBlock (`kubectl get endpointslices kubernetes`). Else write the port that the pods listen on."
        )
    return f"Write the port that the pods listen on{_protocol_hint(entry, having)}."


def _protocol_hint(entry: PortRule, having: Sequence[str]) -> str:
    others = [text for text in having if text.endswith(f" {entry.first}")]
    return f", and its protocol: {others[0]}" if others else ""


def port_name_unknown(case: Case) -> Iterator[Finding]:
    """A named port that none of the pods has."""
    for policy, direction, rule in case.rules():
        pods = case.destinations(policy, rule, direction) if rule.ports else ()
        for number, entry in enumerate(rule.ports):
            if (
                not entry.name
                or not pods
                or any(
                    port.name == entry.name and port.protocol == entry.protocol for pod in pods for port in pod.ports
                )
            ):
                continue
            names = sorted({port.name for pod in pods for port in pod.ports if port.name})
            yield report(
                "port-name-unknown",
                WARNING,
                policy,
                f"{rule.path}.ports[{number}].port",
                f"{policy.key} {rule.path} allows the {entry.protocol} port named {entry.name}, and none of "
                f"the pods it means has that, so it allows nothing.",
                _name_hint(entry, pods, names),
                _meant(entry, pods, names),
            )


def _name_hint(entry: PortRule, pods: Sequence[Pod], names: Sequence[str]) -> str:
    for pod in pods:
        for port in pod.ports:
            if port.name == entry.name:
                return f"The port {entry.name} is {port.protocol}: add `protocol: {port.protocol}`."
    near = _meant(entry, pods, names)
    if near:
        return f"Did you mean {near}?"
    return f"The pods name {listed(names)}." if names else "Write the number, or name the port in the pod template."


def _meant(entry: PortRule, pods: Sequence[Pod], names: Sequence[str]) -> str:
    """The name of a port that looks most like the one that no pod has; nothing when only the protocol is wrong."""
    if any(port.name == entry.name for pod in pods for port in pod.ports):
        return ""
    return next(iter(nearest(entry.name, names)), "")


def port_name_for_address(case: Case) -> Iterator[Finding]:
    """A named port toward addresses outside, where no name can be looked up."""
    for policy, direction, rule in case.rules():
        if direction != EGRESS or not rule.peers or any(peer.block is None for peer in rule.peers):
            continue
        for number, entry in enumerate(rule.ports):
            if entry.name:
                yield report(
                    "port-name-for-address",
                    ERROR,
                    policy,
                    f"{rule.path}.ports[{number}].port",
                    f"{policy.key} {rule.path} allows the port named {entry.name} toward addresses; names are "
                    "looked up in pods, so it allows nothing.",
                    "Write the port's number.",
                )


RULES = (service_port, port_nobody_serves, port_name_unknown, port_name_for_address)

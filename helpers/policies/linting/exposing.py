"""Rules about ports that are open wider than anybody needs: administration ports, long ranges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from helpers.policies.linting.addressing import worldwide
from helpers.policies.linting.case import Case, one_each
from helpers.policies.linting.findings import NOTE, WARNING, Finding, report
from helpers.policies.linting.writing import for_replies, written_rule
from helpers.policies.model import INGRESS, Peer, Policy, PortRule, Rule
from helpers.policies.wording import listed

ADMINISTRATION = {
    22: "SSH",
    23: "Telnet",
    512: "rexec",
    513: "rlogin",
    514: "rsh",
    2375: "Docker",
    2376: "Docker",
    2379: "etcd",
    2380: "etcd",
    3389: "Remote Desktop",
    5900: "VNC",
    5901: "VNC",
    5985: "WinRM",
    5986: "WinRM",
    6443: "the Kubernetes API",
    10250: "the kubelet",
    10255: "the kubelet",
    10256: "kube-proxy",
    10257: "the controller manager",
    10259: "the scheduler",
}
"""TCP ports by which machines and clusters are administered."""

_WIDE = 1000
"""A range of more ports than this was hardly counted."""


def admin_port_open(case: Case) -> Iterator[Finding]:
    """An administration port, such as SSH's, that is open to everybody in the cluster or to the Internet."""
    for policy, direction, rule in case.rules():
        whom = _everybody(rule, direction)
        if not whom:
            continue
        for number, entry in enumerate(rule.ports):
            found = _administration(case, policy, direction, entry)
            if found:
                way, preposition = ("in", "from") if direction == INGRESS else ("out", "to")
                yield report(
                    "admin-port-open",
                    WARNING,
                    policy,
                    f"{rule.path}.ports[{number}].port",
                    f"{policy.key} {rule.path} lets {entry} ({listed(found)}) {way} {preposition} {whom}.",
                    f"Name those who administer in `{'from' if direction == INGRESS else 'to'}`, or take the "
                    "port away.",
                )


def _everybody(rule: Rule, direction: str) -> str:
    """Whom a rule means, when that is everybody; for egress only the Internet, for the cluster has its own rules."""
    if not rule.peers or any(worldwide(peer) for peer in rule.peers):
        return "anybody" if direction == INGRESS else "any address of the Internet"
    return "every pod of the cluster" if direction == INGRESS and any(map(_every_pod, rule.peers)) else ""


def _every_pod(peer: Peer) -> bool:
    return peer.namespaces is not None and not peer.namespaces.requirements and not peer.pods.requirements


def _administration(case: Case, policy: Policy, direction: str, entry: PortRule) -> list[str]:
    """What is administered by the ports that an entry names one by one or in a short range."""
    if entry.protocol != "TCP" or (entry.last - entry.first >= _WIDE and not entry.name):
        return []
    named = (
        {port.number for pod in case.selected(policy) for port in pod.ports if port.name == entry.name}
        if entry.name and direction == INGRESS
        else set()
    )
    return list(
        dict.fromkeys(
            what
            for number, what in ADMINISTRATION.items()
            if number in named or (not entry.name and entry.first <= number <= entry.last)
        )
    )


def wide_port_range(case: Case) -> Iterator[Finding]:
    """A range of more than a thousand ports."""
    for policy, direction, rule in case.rules():
        for number, entry in enumerate(rule.ports):
            count = entry.last - entry.first + 1
            if entry.name or count <= _WIDE or for_replies(entry) or _all_ports(policy, rule, direction, number):
                continue
            pods = one_each(case.destinations(policy, rule, direction))
            inside = sorted(
                {
                    port
                    for pod in pods
                    for protocol, port in case.served(pod)
                    if protocol == entry.protocol and entry.first <= port <= entry.last
                }
            )
            mend = (
                f"Name the ports that the pods serve: {listed(map(str, inside))}."
                if inside
                else ("Name the ports that are needed.")
            )
            yield report(
                "wide-port-range",
                NOTE,
                policy,
                f"{rule.path}.ports[{number}]",
                f"{policy.key} {rule.path} allows {count:,} ports ({entry.protocol} {entry.first}-{entry.last}).",
                mend,
            )


def _all_ports(policy: Policy, rule: Rule, direction: str, number: int) -> bool:
    """Whether an entry has a protocol and no port, which means all of them on purpose."""
    entry = written_rule(policy, rule, direction)["ports"][number]
    return not isinstance(entry, Mapping) or entry.get("port") is None


RULES = (admin_port_open, wide_port_range)

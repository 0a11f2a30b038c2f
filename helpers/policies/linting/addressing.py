"""Rules about ipBlocks: what they can't mean, and what they open."""

from __future__ import annotations

from collections.abc import Iterator

from helpers.policies.linting.case import SIDES, Case, report
from helpers.policies.linting.findings import NOTE, WARNING, Finding
from helpers.policies.model import EGRESS, INGRESS, Peer, Policy, Rule, Service
from helpers.policies.model.addresses import Block
from helpers.policies.reading.objects import parsed
from helpers.policies.wording import listed


def _blocks(case: Case) -> Iterator[tuple[Policy, str, Rule, str, Block]]:
    for policy, direction, rule, number, peer in case.peers():
        if peer.block is not None:
            yield policy, direction, rule, f"{rule.path}.{SIDES[direction]}[{number}].ipBlock", peer.block


def _inside(block: Block, service: Service) -> bool:
    return any(version == block.version and block.contains(value) for version, value in parsed(service.addresses))


def block_on_pods(case: Case) -> Iterator[Finding]:
    """An ipBlock that holds pods' addresses: they change with every restart."""
    for policy, _, rule, path, block in _blocks(case):
        if block.everything:
            continue
        pods = case.inside(block)
        if pods:
            yield report("block-on-pods", WARNING, policy, path,
                         f"{policy.key} {rule.path} means {listed((pod.key for pod in pods), most=4)} by address "
                         f"({block}); pods get new addresses, and blocks of pod addresses open more than is seen.",
                         "Use a podSelector for pods, and keep ipBlock for addresses outside the cluster.")


def block_on_service(case: Case) -> Iterator[Finding]:
    """An ipBlock that holds a Service's address: policies see the pod's address behind it."""
    for policy, direction, rule, path, block in _blocks(case):
        services = [] if block.everything or direction == INGRESS else [
            service for service in case.world.services if _inside(block, service)]
        if services:
            yield report("block-on-service", WARNING, policy, path,
                         f"{policy.key} {rule.path} allows {block}, where the address of Service "
                         f"{listed((service.key for service in services), most=4)} lies; a Service's address is "
                         "translated before policies are asked, so this doesn't allow its pods.",
                         "Use a podSelector for the pods behind the Service, and their port.")


def open_egress(case: Case) -> Iterator[Finding]:
    """An egress rule that reaches the whole Internet."""
    for policy, direction, rule in case.rules():
        if direction != EGRESS or _only_dns(rule):
            continue
        wide = next((number for number, peer in enumerate(rule.peers) if _worldwide(peer)), None)
        if not rule.peers or wide is not None:
            path = rule.path if wide is None else f"{rule.path}.to[{wide}].ipBlock"
            ports = "every port" if not rule.ports else listed(map(str, rule.ports))
            yield report("open-egress", WARNING, policy, path,
                         f"{policy.key} {rule.path} lets its pods reach any address of the Internet on {ports}.",
                         "Name the pods they call in `to`, and outside addresses by ipBlock.")


def _worldwide(peer: Peer) -> bool:
    """Whether a block holds a public address of every region: all addresses, exceptions in private ranges only."""
    block = peer.block
    return block is not None and block.first == 0 and block.last + 1 in (1 << 32, 1 << 128) and block.contains(
        0x08080808 if block.version == 4 else 0x2001_4860_4860_0000_0000_0000_0000_8888)


def _only_dns(rule: Rule) -> bool:
    return bool(rule.ports) and all(not port.name and (port.first, port.last) == (53, 53) for port in rule.ports)


def except_undone(case: Case) -> Iterator[Finding]:
    """An exception of an ipBlock that another rule for the same pods lets in again."""
    for policy, direction, rule, path, block in _blocks(case):
        for number, (first, last) in enumerate(block.excepts):
            opener = _opener(case, policy, direction, rule, block, first, last)
            if opener:
                yield report("except-undone", WARNING, policy, f"{path}.except[{number}]",
                             f"{policy.key} {rule.path} takes {block.except_cidrs[number]} out of {block.cidr}, and "
                             f"{opener} lets it pass again: an exception holds for its own block only.",
                             f"Narrow {opener}, if the exception is meant to hold.")


def _opener(case: Case, policy: Policy, direction: str, rule: Rule, block: Block, first: int, last: int) -> str:
    subjects = case.subjects(policy)
    for other, way, another in case.rules():
        if way != direction or (other is policy and another is rule) or not case.subjects(other) & subjects:
            continue
        holds = not another.peers or any(_holds(peer.block, block.version, first, last) for peer in another.peers)
        if holds and (not another.ports or set(rule.ports) & set(another.ports)):
            return f"{other.key} {another.path}"
    for peer in rule.peers:
        if peer.block is not block and _holds(peer.block, block.version, first, last):
            return f"{peer.block} beside it"
    return ""


def _holds(block: Block | None, version: int, first: int, last: int) -> bool:
    return (block is not None and block.version == version and block.first <= first and last <= block.last
            and not any(low <= last and first <= high for low, high in block.excepts))


def load_balancer_source(case: Case) -> Iterator[Finding]:
    """Ingress by ipBlock to pods behind a load balancer, which may show a node's address in the client's place."""
    for policy, direction, rule, path, block in _blocks(case):
        if direction != INGRESS or block.everything:
            continue
        pods = case.workloads(case.subjects(policy))
        for service in case.world.services:
            if service.kind in ("LoadBalancer", "NodePort") and not service.keeps_source and any(
                    service.selects(pod) for pod in pods):
                yield report("load-balancer-source", NOTE, policy, path,
                             f"{policy.key} {rule.path} admits {block} to pods behind Service {service.key} of type "
                             f"{service.kind}; on the way through another node the source address becomes the node's.",
                             "Set `externalTrafficPolicy: Local` on the Service, so that the client's address stays.")
                break


RULES = (block_on_pods, block_on_service, open_egress, except_undone, load_balancer_source)

"""Rules about ipBlocks: what they can't mean, and what they open."""

from __future__ import annotations

from collections.abc import Iterator

from helpers.policies.judging.leading import Lead, NoRoute, leads
from helpers.policies.linting.case import Case, one_each, peer_path
from helpers.policies.linting.findings import NOTE, WARNING, Finding, report
from helpers.policies.model import EGRESS, INGRESS, Peer, Policy, PortRule, Rule, Service
from helpers.policies.model.addresses import BITS, Block, format_address, parse_cidr
from helpers.policies.reading.objects import parsed
from helpers.policies.reading.validation import inexactness
from helpers.policies.wording import listed


def _inside(block: Block, service: Service) -> bool:
    return any(version == block.version and block.contains(value) for version, value in parsed(service.addresses))


def block_on_pods(case: Case) -> Iterator[Finding]:
    """An ipBlock that holds pods' addresses: they change with every restart."""
    for policy, _, rule, path, block in case.blocks():
        pods = [] if _whole(block) else case.inside(block)
        if pods:
            yield report(
                "block-on-pods",
                WARNING,
                policy,
                path,
                f"{policy.key} {rule.path} means {listed((pod.key for pod in pods), most=4)} by address "
                f"({block}); pods get new addresses, and blocks of pod addresses open more than is seen.",
                "Use a podSelector for pods, and keep ipBlock for addresses outside the cluster.",
            )


def block_on_service(case: Case) -> Iterator[Finding]:
    """An ipBlock that holds a Service's address: policies see the address behind it."""
    for policy, direction, rule, path, block in case.blocks():
        services = (
            []
            if _whole(block) or direction == INGRESS
            else [service for service in case.world.services if _inside(block, service)]
        )
        if services:
            yield report(
                "block-on-service",
                WARNING,
                policy,
                path,
                f"{policy.key} {rule.path} allows {block}, where the address of Service "
                f"{listed((service.key for service in services), most=4)} lies; a Service's address is "
                "translated before policies are asked, so this doesn't allow what is behind it.",
                _behind(case, services[0]),
            )


def _behind(case: Case, service: Service) -> str:
    """How to allow what a Service leads to."""
    if service.selector is not None:
        return "Use a podSelector for the pods behind the Service, and their port."
    found = [lead for entry in service.ports for lead in _leads(case, service, entry.number, entry.protocol)]
    if not found:
        return "Use the addresses and ports of its endpoints: `kubectl get endpointslices` lists them."
    cidrs = listed(dict.fromkeys(single(str(lead.target)) for lead in found), most=4)
    return f"Allow its endpoints: ipBlock {cidrs}, port {listed(dict.fromkeys(str(lead.port) for lead in found))}."


def single(address: str) -> str:
    """An address as a block of its own."""
    return f"{address}/{128 if ':' in address else 32}"


def _leads(case: Case, service: Service, port: int, protocol: str) -> list[Lead]:
    try:
        return leads(case.world, service, port, protocol)
    except NoRoute:
        return []


def _whole(block: Block) -> bool:
    """Whether a block is all of its address family, perhaps with exceptions: then no single address was meant."""
    return block.first == 0 and block.last + 1 in (1 << 32, 1 << 128)


def open_egress(case: Case) -> Iterator[Finding]:
    """An egress rule that reaches the whole Internet."""
    for policy, direction, rule in case.rules():
        ports = _outside_ports(rule)
        if direction != EGRESS or (rule.ports and not ports):
            continue
        wide = next((number for number, peer in enumerate(rule.peers) if worldwide(peer)), None)
        if not rule.peers or wide is not None:
            path = rule.path if wide is None else f"{peer_path(rule, direction, wide)}.ipBlock"
            yield report(
                "open-egress",
                WARNING,
                policy,
                path,
                f"{policy.key} {rule.path} lets its pods reach any address of the Internet on "
                f"{listed(map(str, ports)) or 'every port'}.",
                "Name the pods they call in `to`, and outside addresses by ipBlock.",
            )


def worldwide(peer: Peer) -> bool:
    """Whether a block holds a public address of every region: all addresses, exceptions in private ranges only."""
    block = peer.block
    return (
        block is not None
        and _whole(block)
        and block.contains(0x08080808 if block.version == 4 else 0x2001_4860_4860_0000_0000_0000_0000_8888)
    )


def _outside_ports(rule: Rule) -> list[PortRule]:
    """The ports that mean something outside the cluster: names don't, and DNS is asked of anybody."""
    return [port for port in rule.ports if not port.name and (port.first, port.last) != (53, 53)]


_METADATA = {
    4: ("169.254.169.254/32", 169 << 24 | 254 << 16 | 169 << 8 | 254),
    6: ("fd00:ec2::254/128", 0xFD00_0EC2_0000_0000_0000_0000_0000_0254),
}
"""Where clouds hand a machine's credentials to whoever asks over HTTP, by address family."""


def metadata_address(case: Case) -> Iterator[Finding]:
    """Egress to a block that holds the cloud's metadata address, which hands out the node's credentials."""
    for policy, direction, rule, path, block in case.blocks():
        cidr, value = _METADATA[block.version]
        if direction != EGRESS or block.first == block.last or not block.contains(value):
            continue
        if not rule.ports or any(
            port.protocol == "TCP" and not port.name and port.first <= 80 <= port.last for port in rule.ports
        ):
            yield report(
                "metadata-address",
                WARNING,
                policy,
                path,
                f"{policy.key} {rule.path} allows {block}, where the cloud's metadata service "
                f"({cidr.partition('/')[0]}) is: whoever takes over a pod can ask it for the node's "
                "credentials.",
                f"Add `except: [{cidr}]` to the block, unless its pods need the service.",
            )


def except_undone(case: Case) -> Iterator[Finding]:
    """An exception of an ipBlock that another rule for the same pods lets in again."""
    for policy, direction, rule, path, block in case.blocks():
        for number, (first, last) in enumerate(block.excepts):
            opener = _opener(case, policy, direction, rule, block, first, last)
            if opener:
                yield report(
                    "except-undone",
                    WARNING,
                    policy,
                    f"{path}.except[{number}]",
                    f"{policy.key} {rule.path} takes {block.except_cidrs[number]} out of {block.cidr}, and "
                    f"{opener} lets it pass again: an exception holds for its own block only.",
                    f"Narrow {opener}, if the exception is meant to hold.",
                )


def _opener(case: Case, policy: Policy, direction: str, rule: Rule, block: Block, first: int, last: int) -> str:
    subjects = case.subjects(policy)
    for other, way, another in case.rules():
        if way != direction or (other is policy and another is rule) or not case.subjects(other) & subjects:
            continue
        holds = not another.peers or any(_holds(peer.block, block.version, first, last) for peer in another.peers)
        if holds and _share_ports(rule, another):
            return f"{other.key} {another.path}"
    for peer in rule.peers:
        if _holds(peer.block, block.version, first, last):
            return f"{peer.block} beside it"
    return ""


def _share_ports(one: Rule, other: Rule) -> bool:
    """Whether two rules have a port in common toward addresses outside."""
    ours, theirs = ([port for port in rule.ports if not port.name] for rule in (one, other))
    return (
        (not one.ports or bool(ours))
        and (not other.ports or bool(theirs))
        and (
            not one.ports
            or not other.ports
            or any(
                mine.protocol == yours.protocol and mine.first <= yours.last and yours.first <= mine.last
                for mine in ours
                for yours in theirs
            )
        )
    )


def _holds(block: Block | None, version: int, first: int, last: int) -> bool:
    return (
        block is not None
        and block.version == version
        and block.first <= first
        and last <= block.last
        and not any(low <= last and first <= high for low, high in block.excepts)
    )


def inexact_cidr(case: Case) -> Iterator[Finding]:
    """A block that servers before Kubernetes 1.37 take and later ones refuse: with bits beyond its prefix length."""
    for policy, _, rule, path, block in case.blocks():
        fields = {"cidr": block.cidr, **{f"except[{n}]": text for n, text in enumerate(block.except_cidrs)}}
        for field, text in fields.items():
            fault = inexactness(text)
            if fault:
                yield report(
                    "inexact-cidr",
                    WARNING,
                    policy,
                    f"{path}.{field}",
                    f"{policy.key} {rule.path} has the block {text}; since Kubernetes 1.37 a block {fault}, and "
                    "`kubectl apply` refuses it.",
                    f"Write {_exact(text)}.",
                )


def _exact(cidr: str) -> str:
    """The form of a block that every server takes."""
    version, first, last = parse_cidr(cidr)
    length = BITS[version] - (last - first + 1).bit_length() + 1
    if version == 6 and first >> 32 == 0xFFFF and length >= 96:
        version, first, length = 4, first & 0xFFFFFFFF, length - 96
    return f"{format_address(version, first)}/{length}"


def load_balancer_source(case: Case) -> Iterator[Finding]:
    """Ingress by ipBlock to pods behind a load balancer, which may show a node's address in the client's place."""
    for policy, direction, rule, path, block in case.blocks():
        if direction != INGRESS or _whole(block):
            continue
        pods = one_each(case.selected(policy))
        for service in case.world.services:
            if (
                service.kind in ("LoadBalancer", "NodePort")
                and not service.keeps_source
                and any(service.selects(pod) for pod in pods)
            ):
                yield report(
                    "load-balancer-source",
                    NOTE,
                    policy,
                    path,
                    f"{policy.key} {rule.path} admits {block} to pods behind Service {service.key} of type "
                    f"{service.kind}; on the way through another node the source address becomes the node's.",
                    "Set `externalTrafficPolicy: Local` on the Service, so that the client's address stays.",
                )
                break


RULES = (
    block_on_pods,
    block_on_service,
    open_egress,
    metadata_address,
    except_undone,
    inexact_cidr,
    load_balancer_source,
)

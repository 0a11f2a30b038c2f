"""Verdicts with the precise nearest miss of each policy and with what the reader should know besides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from helpers.policies.judging.connection import End, common_families, judge, same_pod
from helpers.policies.judging.misses import Attempt, nearest_miss
from helpers.policies.judging.naming import resolves
from helpers.policies.judging.verdicts import Miss, Verdict
from helpers.policies.model import EGRESS, INGRESS, Namespaces, Pod, Policy, Service
from helpers.policies.model.services import routes, served
from helpers.policies.reading.unread import Unread

STANDING = "this is about new connections; with Calico, as in this lab, those that stand keep flowing"
ITSELF = (
    "the API leaves it to each network plugin whether policies count when a pod reaches itself through a Service; "
    "here they do, as with Calico"
)


class Asked(Protocol):
    """What explaining needs of a World."""

    @property
    def namespaces(self) -> Namespaces: ...
    @property
    def services(self) -> Sequence[Service]: ...
    @property
    def pods(self) -> Sequence[Pod]: ...
    @property
    def unread(self) -> Sequence[Unread]: ...
    def isolating(self, pod: Pod, direction: str) -> Sequence[Policy]: ...


def explain(world: Asked, source: End, target: End, port: int, protocol: str, service: Service | None) -> Verdict:
    """The verdict for a connection to the target's own `port`, with nearest misses and notes."""
    translated = service is not None and not service.headless
    verdict = judge(source, target, port, protocol, world.namespaces, world.isolating, translated=translated)
    misses: list[Miss] = []
    for side, end, other in ((verdict.egress, source, target), (verdict.ingress, target, source)):
        if side.allowed or end.pod is None or side.note or side.rule:
            continue
        family = common_families(source, target)[0]
        attempt = Attempt(side.direction, end, other, port, protocol, family, world.namespaces, world.services)
        found = [nearest_miss(policy, attempt) for policy in world.isolating(end.pod, side.direction)]
        misses += sorted(found, key=lambda miss: miss.distance)
    notes = [
        *_wrong_port(world, target, port, protocol),
        *_notes(world, source, target, service),
        *_overturning(world, source, target),
    ]
    return verdict.explained(misses, notes if verdict.allowed else [*notes, STANDING])


def _wrong_port(world: Asked, target: End, port: int, protocol: str) -> Iterator[str]:
    """A Service's port asked of a pod that listens elsewhere."""
    pod = target.pod
    if pod is None or (protocol, port) in served(pod, world.services):
        return
    for route in routes(world.services, pod):
        if (route.entry.protocol, route.entry.number) == (protocol, port):
            yield f"{port} is the port of Service {route.service.key}; the pod listens on {route.port}"
            return


def _notes(world: Asked, source: End, target: End, service: Service | None) -> Iterator[str]:
    if service is not None:
        yield _translation(service, target)
        if source.pod is not None and not resolves(source.pod, world):
            yield f"{source.text} can't resolve the name, so a call by name fails: no policy lets it out to the DNS"
    same = same_pod(source, target)
    if same and service is not None and not service.headless:
        yield ITSELF
    for end, other, direction in ((source, target, EGRESS), (target, source, INGRESS)):
        if end.pod is not None and end.pod.host_network:
            yield (
                f"{end.text} uses its node's network: the API leaves open what policies mean for it; here it counts "
                f"as the node's address, so no policy applies to its {direction}"
            )
        elif (
            other.pod is not None
            and not other.addresses
            and end.pod is not None
            and not same
            and any(
                peer.block
                for policy in world.isolating(end.pod, direction)
                for rule in policy.rules(direction) or ()
                for peer in rule.peers
            )
        ):
            yield f"the address of {other.text} isn't known, so only an ipBlock of all IPv4 addresses means it"


def _overturning(world: Asked, source: End, target: End) -> Iterator[str]:
    """What isn't judged, and concerns one of the ends."""
    spaces = {end.pod.namespace for end in (source, target) if end.pod is not None}
    for one in world.unread:
        if one.overturns and (not one.namespaces or spaces & set(one.namespaces)):
            yield f"what isn't judged could overturn this: {one.sentence.removesuffix('.')}"


def _translation(service: Service, target: End) -> str:
    if target.pod is None:
        return (
            f"Service {service.key} leads to {target.text}, an address that no pod has: no selector means it, only "
            "an ipBlock does"
        )
    if service.headless:
        return (
            f"Service {service.key} is headless: its name means the pods themselves, and their port is dialled as it is"
        )
    return f"Service {service.key} was translated to the pod's own port, which is the one policies judge"

"""What is wrong with whom one workload may call: names it can't look up, arrows that are missing, calls besides."""

from __future__ import annotations

from collections.abc import Iterator

from helpers.lab.course.checks.answers import Answer, first, hint
from helpers.lab.course.checks.goals import bare
from helpers.lab.course.checks.score import arrows
from helpers.lab.course.checks.situation import Situation
from helpers.lab.course.checks.strangers import Stranger, addresses, doors, identity, strangers
from helpers.policies import Pod, World
from helpers.policies.judging.naming import DNS_PORT, dns_pods
from helpers.policies.model.addresses import OUTSIDE, Block

Need = tuple[Pod | str, int, str]
"""(a pod or an address, port, protocol): what may be called."""


def egress(situation: Situation, name: str, pod: Pod) -> Answer | None:
    """The first mistake at a workload's calling end."""
    if not situation.world.isolating(pod, "egress"):
        return hint("egress-open", f"{name} may call whatever it likes: no policy limits its egress.")
    return first(look(situation, name, pod) for look in (no_dns, missing, besides))


def needed(situation: Situation, pod: Pod) -> list[Need]:
    """The pods that a workload needs to call."""
    return [
        (situation.world.pod(bare(arrow.target)), arrow.port, arrow.protocol)
        for arrow in arrows(situation)
        if arrow.source != OUTSIDE and bare(arrow.source) == bare(pod.workload)
    ]


def no_dns(situation: Situation, name: str, pod: Pod) -> Answer | None:
    """Whether a pod that calls others by name can look up the names."""
    if not needed(situation, pod):
        return None
    for server in dns_pods(situation.world.pods):
        if not situation.world.judge(pod, server, DNS_PORT, "UDP").egress.allowed:
            return hint(
                "no-dns",
                f"{name} can't look up any name: DNS is egress too, port 53 of the pods in `kube-system` "
                "with the label `k8s-app=kube-dns`.",
            )
        if not situation.world.judge(pod, server, DNS_PORT, "TCP").egress.allowed:
            return hint(
                "dns-udp-only", f"{name} may ask the DNS over UDP only. Long answers come over TCP: allow both."
            )
    return None


def missing(situation: Situation, name: str, pod: Pod) -> Answer | None:
    """An arrow that doesn't get out."""
    for target, port, protocol in needed(situation, pod):
        if isinstance(target, Pod) and not situation.world.judge(pod, target, port, protocol).egress.allowed:
            return hint("egress-missing", f"{name} isn't let out to {bare(target.workload)} on port {port}.")
    return None


def besides(situation: Situation, name: str, pod: Pod) -> Answer | None:
    """Somebody whom it may call, and needn't."""
    wanted = [*needed(situation, pod), *lookups(situation.world)]
    for who, port, protocol in reachable(situation.world, pod, wanted):
        if isinstance(who, str):
            return hint(
                "egress-outside",
                f"{name} may call {who}, an address outside of the cluster: {letting(situation.world, pod, who, port)} "
                "lets it. An empty rule, or one without `to`, means everywhere.",
            )
        called = bare(who.workload) if isinstance(who, Pod) else str(who)
        end = who if isinstance(who, Pod) else who.pod
        return hint(
            "egress-wide",
            f"{name} may call {called} on {protocol} {port}, and nobody needs that: "
            f"{letting(situation.world, pod, end, port, protocol)} lets it.",
        )
    return None


def letting(world: World, pod: Pod, end: Pod | str, port: int, protocol: str = "TCP") -> str:
    """The policy that lets a pod out to an end, by its name."""
    rule = world.judge(pod, end, port, protocol).egress.rule
    return f"`{rule.policy.rpartition('/')[2]}`" if rule else "no policy stops it, which"


def lookups(world: World) -> list[Need]:
    """The questions to the cluster's DNS."""
    return [(server, DNS_PORT, kind) for server in dns_pods(world.pods) for kind in ("UDP", "TCP")]


def reachable(
    world: World, pod: Pod, wanted: list[Need], *blocks: Block
) -> Iterator[tuple[Pod | Stranger | str, int, str]]:
    """Whom a pod's egress reaches beyond `wanted`: running pods, pods that may come, addresses, on any port."""
    policies = world.isolating(pod, "egress")
    ports = doors(policies, "egress", world.pods, *((protocol, port) for _, port, protocol in wanted))
    targets: list[tuple[Pod | Stranger | str, Pod | str]] = [
        *((address, address) for address in addresses(policies, "egress", *blocks)),
        *((one, one) for one in world.pods if one.workload_key != pod.workload_key and not one.host_network),
        *((one, one.pod) for one in strangers(world, pod.namespace, policies, "egress")),
    ]
    for who, end in targets:
        for protocol, port in ports:
            if world.judge(pod, end, port, protocol).egress.allowed and not is_wanted(end, port, protocol, wanted):
                yield who, port, protocol
                break


def is_wanted(end: Pod | str, port: int, protocol: str, wanted: list[Need]) -> bool:
    """Whether one of the wanted calls is meant, to a pod that is known by the same labels too."""
    return any(
        (port, protocol) == (number, kind) and (end == known or (isinstance(end, Pod) and alike(end, known)))
        for known, number, kind in wanted
    )


def alike(pod: Pod, known: Pod | str) -> bool:
    return isinstance(known, Pod) and pod.namespace == known.namespace and identity(known).items() <= pod.labels.items()

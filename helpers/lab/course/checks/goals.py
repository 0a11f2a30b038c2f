"""What a task asks for one service, and which policy was meant for it.

Mistakes are recognised by asking what-if, never by comparing text: the judging engine decides here too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from helpers.lab.course.checks.answers import Answer, first, hint
from helpers.lab.course.checks.situation import Situation
from helpers.lab.course.checks.strangers import identity
from helpers.policies import Pod, Policy, World


@dataclass(frozen=True)
class Goal:
    """One service, the callers that may reach it, and its pod's port.

    Names are those of workloads, or `namespace/name`; `exposed` if the world outside is a caller too.
    """

    target: str
    callers: tuple[str, ...]
    port: int
    protocol: str = "TCP"
    exposed: bool = False

    @property
    def who(self) -> str:
        return " and ".join(self.callers)

    @property
    def stem(self) -> str:
        """What the course's names of its policies begin with."""
        return self.target.removesuffix("service")

    def names(self, world: World, pod: Pod) -> bool:
        """Whether a pod is one of the callers: by its namespace and the label that its workload is known by."""
        return any(
            pod.namespace == known.namespace and identity(known).items() <= pod.labels.items()
            for known in map(world.pod, self.callers)
        )


def bare(name: str) -> str:
    """A workload's name alone, from its key or its pods' name for it."""
    return name.partition("[")[0].rpartition("/")[2]


def isolating(world: World, goal: Goal) -> tuple[Policy, ...]:
    return world.isolating(world.pod(goal.target), "ingress")


def missed(world: World, goal: Goal, policies: Iterable[Policy]) -> Answer | None:
    """How one of these policies misses the target, if it seems to have meant it."""
    target = world.pod(goal.target)
    return first(misses(world, goal, policy, target) for policy in policies)


def misses(world: World, goal: Goal, policy: Policy, target: Pod) -> Answer | None:
    if policy.selects(target):
        return hint(
            "only-egress",
            f"`{policy.name}` limits what {goal.target} may call, not who may call it. Incoming calls are `ingress`.",
        )
    if policy.namespace != target.namespace and policy.pods.matches(target.labels):
        return hint(
            "other-namespace",
            f"`{policy.name}` lies in the namespace `{policy.namespace}`, and a policy "
            f"selects pods of its own namespace alone. {goal.target} runs in `{target.namespace}`.",
        )
    if turned_round(world, goal, policy):
        return hint(
            "turned-round",
            f"`{policy.name}` selects the caller, and names {goal.target} under `from`. It is "
            "the other way round: `podSelector` picks the pods to protect, `from` says who may call them.",
        )
    chosen = [bare(pod.workload) for pod in world.pods if policy.selects(pod)]
    if policy.namespace == target.namespace and not chosen:
        return hint(
            "selects-nothing",
            f"`{policy.name}` selects no pod: none carries {policy.pods}. "
            f"Try the selector: `kubectl get pods -l '{policy.pods}'`.",
        )
    if chosen and meant(goal, policy):
        return hint(
            "selects-other",
            f"`{policy.name}` selects {chosen[0]}, and not {goal.target}. If it was copied: "
            "its `podSelector` wants changing as well as its name.",
        )
    return None


def meant(goal: Goal, policy: Policy) -> bool:
    """Whether a policy is for this goal by its name."""
    return policy.name.startswith(f"{goal.stem}-") or policy.name.startswith(f"{goal.target}-")


def turned_round(world: World, goal: Goal, policy: Policy) -> bool:
    """Whether the policy protects a caller and lets the target in."""
    alone = world.with_policies([policy])
    return any(
        policy.selects(alone.pod(caller))
        and any(
            alone.judge(goal.target, caller, port).policies == (policy.key,)
            and alone.judge(goal.target, caller, port).allowed
            for port in (goal.port, *ports_of(policy))
        )
        for caller in goal.callers
    )


def ports_of(policy: Policy) -> Iterable[int]:
    return (port.first for rule in policy.ingress or () for port in rule.ports if not port.name)


def listed_names(policies: Iterable[Policy]) -> str:
    return " and ".join(f"`{policy.name}`" for policy in policies)


def service_ports(situation: Situation, goal: Goal) -> list[int]:
    """The ports of the Services in front of the target that differ from the pod's."""
    target = situation.world.pod(goal.target)
    return [
        port.number
        for service in situation.world.services
        if service.selects(target)
        for port in service.ports
        if port.number != goal.port
    ]

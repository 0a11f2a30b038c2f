"""Workloads: the pods that one template makes, which policies can hardly tell apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from helpers.policies.model.pods import Pod


@dataclass(frozen=True, slots=True, eq=False)
class Workload:
    """A workload with its pods, of which there is at least one; a template stands for those that don't exist yet.

    `members` is how many pods there are or shall be, as far as that is known.
    """

    key: str
    pods: tuple[Pod, ...]
    members: int

    @property
    def namespace(self) -> str:
        return self.pods[0].namespace

    @property
    def kind(self) -> str:
        return self.pods[0].kind

    @property
    def name(self) -> str:
        return self.pods[0].workload.partition("/")[2]

    @property
    def several(self) -> bool:
        """Whether one of its pods may call another one. A DaemonSet has a pod on every node."""
        return self.members > 1 or self.kind == "DaemonSet"

    def two(self) -> tuple[Pod, Pod]:
        """Two different pods of the workload."""
        if len(self.pods) > 1:
            return self.pods[0], self.pods[1]
        return self.pods[0], another(self.pods[0])


def another(pod: Pod) -> Pod:
    """A further pod of the same workload, of which only what the template says is known."""
    return replace(pod, member=pod.member + 1, addresses=(), parsed_addresses=(), host_addresses=(), node="")


def workloads(pods: Iterable[Pod]) -> dict[str, Workload]:
    """The workloads of some pods by key, in the order of their first pods."""
    found: dict[str, list[Pod]] = {}
    for pod in pods:
        found.setdefault(pod.workload_key, []).append(pod)
    return {key: Workload(key, tuple(members), sum(pod.replicas for pod in members)) for key, members in found.items()}

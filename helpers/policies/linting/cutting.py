"""Calls that the application needs and that policies deny."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from helpers.policies.application.arrows import Arrow
from helpers.policies.judging.verdicts import Miss, Verdict
from helpers.policies.model import Pod
from helpers.policies.model.addresses import is_address
from helpers.policies.wording import listed
from helpers.policies.world import World


class Cut(NamedTuple):
    """A call that the application needs, and the verdict that denies it."""

    arrow: Arrow
    source: Pod
    target: Pod | str
    verdict: Verdict

    @property
    def misses(self) -> list[Miss]:
        """The nearest miss at each end that denies the call."""
        nearest: dict[str, Miss] = {}
        for miss in self.verdict.misses:
            nearest.setdefault(miss.direction, miss)
        return list(nearest.values())

    @property
    def text(self) -> str:
        """`web → db TCP 5432 (env DB_ADDR)`."""
        return f"{self.arrow} ({self.evidence})" if self.evidence else str(self.arrow)

    @property
    def evidence(self) -> str:
        """How the need is known, such as `env DB_ADDR`."""
        return listed(dict.fromkeys(map(str, self.arrow.evidence)), most=3)


def cuts(world: World, arrows: Iterable[Arrow]) -> list[Cut]:
    """The needed calls between workloads, and from workloads to addresses, that policies deny."""
    found = []
    for arrow in arrows:
        ends = _ends(world, arrow)
        if ends is not None and not world.judge(*ends, arrow.port, arrow.protocol):
            verdict = world.explain(*ends, arrow.port, arrow.protocol)
            if verdict.misses:
                found.append(Cut(arrow, *ends, verdict))
    return found


def _ends(world: World, arrow: Arrow) -> tuple[Pod, Pod | str] | None:
    """A pod at the source, and a pod or an address at the target; None for ends that are neither."""
    source, target = (world.workloads.get(key) for key in (arrow.source, arrow.target))
    if source is None:
        return None
    if target is not None:
        return source.two() if source is target else (source.pods[0], target.pods[0])
    return (source.pods[0], arrow.target) if is_address(arrow.target) else None

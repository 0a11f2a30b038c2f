"""Rehearse an application: put its stand-ins on the lab, apply the policies, try the calls, and take all down again."""

from __future__ import annotations

import contextlib
import html
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from helpers.lab import tones
from helpers.lab.bar import Bar, interruptible
from helpers.lab.cluster import session
from helpers.lab.cluster.api import Cluster, Object
from helpers.lab.cluster.probing import IMAGE, Probe, probes
from helpers.lab.errors import LabError, Unfinished
from helpers.lab.rehearsal.standins import MOST, Attempt, Stage, stage_of
from helpers.lab.shop.workloads import is_ready
from helpers.policies.application.need import Arrow
from helpers.policies.wording import listed, plural, short

if TYPE_CHECKING:
    from helpers.policies import World
    from helpers.policies.writing.suggesting import Suggestion

PATIENCE = 10.0
"""Seconds that a cluster may take until new policies are in force."""

READY = 120.0
"""Seconds that stand-ins may take until they listen."""

_RESOURCES = {"Namespace": "namespaces", "Pod": "pods", "Service": "services", "NetworkPolicy": "networkpolicies"}


@dataclass(frozen=True)
class Rehearsed:
    """One call that was tried under the policies; `expected` is what they mean, as the engine reads them."""

    arrow: Arrow
    works: bool
    expected: bool
    said: str
    reason: str

    @property
    def sentence(self) -> str:
        if self.works and self.expected:
            return f"{self.arrow.through} works."
        if self.works:
            return f"{self.arrow.through} works, though the policies as they are read deny it: {self.reason}."
        why = self.reason if not self.expected else "the policies as they are read allow it, so look at the cluster"
        return f"{self.arrow.through} fails ({self.said}): {why}."


@dataclass(frozen=True)
class Rehearsal:
    """What came of a rehearsal: the declared calls, and the ports ("workload TCP port") that a newcomer reached.

    `ports` is how many it tried; `skipped` says what was not rehearsed. True if every declared call worked.
    """

    calls: tuple[Rehearsed, ...]
    open: tuple[str, ...]
    ports: int
    standins: int
    policies: int
    skipped: tuple[str, ...]
    seconds: float

    @property
    def broken(self) -> tuple[Rehearsed, ...]:
        """The declared calls that failed."""
        return tuple(one for one in self.calls if not one.works)

    @property
    def surprises(self) -> tuple[Rehearsed, ...]:
        """The calls that fared otherwise than the policies mean."""
        return tuple(one for one in self.calls if one.works != one.expected)

    @property
    def sentence(self) -> str:
        return (
            f"{plural(self.standins, 'stand-in')} under {plural(self.policies, 'policy', 'policies')}: "
            f"{len(self.calls) - len(self.broken)} of {plural(len(self.calls), 'declared call')} worked; a newcomer in "
            f"a namespace of its own reached {len(self.open)} of {plural(self.ports, 'port')}."
        )

    def lines(self) -> list[str]:
        """All of it, a line each."""
        lines = [
            f"{'✓' if one.works else '✗'} {one.sentence}" for one in (*self.broken, *(c for c in self.calls if c.works))
        ]
        if self.open:
            lines.append(f"○ A newcomer reached {listed(self.open, most=12)}.")
        return [*lines, *(f"Not rehearsed: {one}" for one in self.skipped)]

    def __bool__(self) -> bool:
        return not self.broken

    def __repr__(self) -> str:
        return "\n".join([*self.lines(), self.sentence])

    def _repr_html_(self) -> str:
        items = "".join(f"<li>{html.escape(line)}</li>" for line in self.lines())
        colour = tones.verdict(bool(self))
        return (
            f'<p><strong style="color:{colour}">{html.escape(self.sentence)}</strong></p>'
            f'<ul style="list-style:none;padding-left:0">{items}</ul>'
        )


def rehearse(application: World, policies: Suggestion | Sequence[Mapping[str, Any]] | None = None) -> Rehearsal:
    """Try an application's declared calls between stand-ins on this cluster, under its own policies or other ones.

    The stand-ins have the application's labels, ports and Services, and namespaces made for this rehearsal alone,
    which go again at its end. Raises LabError where there is nothing to rehearse, or too much.
    """
    given = policies if policies is not None else [policy.source for policy in application.policies]
    chosen: Sequence[Mapping[str, Any]] = given if isinstance(given, Sequence) else given.policies
    stage = stage_of(application, chosen, secrets.token_hex(3))
    standins = [item for item in stage.objects if item["kind"] == "Pod"]
    if not standins:
        raise LabError("There is no workload to rehearse. Give manifests that have some.")
    if len(standins) > MOST:
        raise LabError(
            f"The application has {len(standins)} workloads, and a rehearsal has room for {MOST}: give the manifests "
            "of fewer namespaces."
        )
    began = time.monotonic()
    with interruptible("lab.rehearse(…)"), _stand(session.current(), stage):
        return _played(session.current(), application, stage, chosen, began)


def _played(
    cluster: Cluster, world: World, stage: Stage, policies: Sequence[Mapping[str, Any]], began: float
) -> Rehearsal:
    addresses = _ready(cluster, stage)
    without = _settled(stage.attempts, addresses, [True] * len(stage.attempts))
    failing = [attempt.arrow for attempt, probe in zip(stage.attempts, without, strict=True) if not probe]
    if failing:
        raise LabError(
            f"Without any policy {listed(map(str, failing), most=3)} fails between the stand-ins already, so the "
            "rehearsal would say nothing about the policies."
        )
    for policy in stage.policies:
        cluster.create("networkpolicies", policy, policy["metadata"]["namespace"])
    spaces = set(stage.namespaces)
    kept = [policy.source for policy in world.policies if policy.namespace not in spaces]
    after = world.replace_policies([*kept, *policies])
    verdicts = [
        after.judge(one.arrow.source, one.arrow.target, one.arrow.port, one.arrow.protocol) for one in stage.attempts
    ]
    found = _settled(stage.attempts, addresses, [verdict.allowed for verdict in verdicts])
    doors = [(f"{short(key)} TCP {port}", f"{addresses[pod]}:{port}") for key, pod, port in stage.doors]
    tried = probes([(_newcomer(stage), target) for _, target in doors]) if doors else []
    return Rehearsal(
        tuple(
            Rehearsed(attempt.arrow, bool(probe), verdict.allowed, _told(probe), verdict.cause)
            for attempt, probe, verdict in zip(stage.attempts, found, verdicts, strict=True)
        ),
        tuple(name for (name, _), probe in zip(doors, tried, strict=True) if probe),
        len(doors),
        len(addresses) - 1,
        len(stage.policies),
        stage.skipped,
        time.monotonic() - began,
    )


def _told(probe: Probe) -> str:
    return "" if probe else probe.sentence.partition(": ")[2]


def _settled(attempts: Sequence[Attempt], addresses: Mapping[str, str], expected: Sequence[bool]) -> list[Probe]:
    """The answers, once they are what is expected, or Services and policies have had the time to be in force."""
    deadline = time.monotonic() + PATIENCE
    found = _try(attempts, addresses)
    while [bool(probe) for probe in found] != list(expected) and time.monotonic() < deadline:
        time.sleep(0.5)
        found = _try(attempts, addresses)
    return found


def _try(attempts: Sequence[Attempt], addresses: Mapping[str, str]) -> list[Probe]:
    """One answer an attempt, in their order."""
    calls = [
        (one.arrow.protocol, one.caller, one.service or f"{addresses[one.target]}:{one.arrow.port}") for one in attempts
    ]
    answers: dict[tuple[str, str, str], Probe] = {}
    for protocol in sorted({call[0] for call in calls}):
        pairs = list(dict.fromkeys(call[1:] for call in calls if call[0] == protocol))
        found = probes(pairs, protocol=protocol.lower())
        answers |= {(protocol, *pair): probe for pair, probe in zip(pairs, found, strict=True)}
    return [answers[call] for call in calls]


def _newcomer(stage: Stage) -> str:
    return f"{_own_space(stage)}/newcomer"


def _own_space(stage: Stage) -> str:
    """The newcomer's namespace, which no policy of the application knows."""
    run = next(iter(stage.namespaces.values())).split("-")[1]
    return f"rehearsal-{run}-newcomer"


@contextlib.contextmanager
def _stand(cluster: Cluster, stage: Stage) -> Iterator[None]:
    """The stand-ins and the newcomer, for as long as they are needed."""
    space = _own_space(stage)
    newcomer: Mapping[str, Any] = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "newcomer", "namespace": space},
        "spec": {
            "containers": [{"name": "pause", "image": IMAGE, "args": ["pause"]}],
            "terminationGracePeriodSeconds": 1,
        },
    }
    own = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}}
    try:
        for item in (*stage.objects, own, newcomer):
            cluster.create(_RESOURCES[item["kind"]], item, item["metadata"].get("namespace"))
        yield
    finally:
        for name in (*stage.namespaces.values(), space):
            with contextlib.suppress(LabError):
                cluster.delete("namespaces", name)


def _ready(cluster: Cluster, stage: Stage) -> dict[str, str]:
    """Wait until all stand-ins are Ready; their addresses by "namespace/pod"."""
    spaces = [*stage.namespaces.values(), _own_space(stage)]
    wanted = 1 + sum(item["kind"] == "Pod" for item in stage.objects)
    deadline, pause = time.monotonic() + READY, 0.05
    with Bar("Starting the stand-ins", wanted, unit="pods") as bar:
        while True:
            ready = dict(_addresses(pod for space in spaces for pod in cluster.list("pods", space)))
            bar.update(len(ready))
            if len(ready) == wanted:
                return ready
            if time.monotonic() > deadline:
                raise Unfinished(
                    f"{wanted - len(ready)} of {wanted} stand-ins are not Ready after {READY:.0f} s. Look at: kubectl "
                    f"get pods --namespace {spaces[0]}"
                )
            time.sleep(pause)
            pause = min(pause * 1.3, 0.5)


def _addresses(pods: Iterable[Object]) -> Iterator[tuple[str, str]]:
    for pod in filter(is_ready, pods):
        yield f"{pod['metadata']['namespace']}/{pod['metadata']['name']}", str(pod["status"]["podIP"])

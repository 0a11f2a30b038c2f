"""Why is this connection allowed or denied? And what would other policies change?"""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpers.lab import looking
from helpers.lab.arrows import Arrow, arrows_of
from helpers.lab.errors import LabError
from helpers.policies.wording import short

if TYPE_CHECKING:
    from helpers.policies import Verdict, World
    from helpers.policies.writing.suggesting import Suggestion

_NAMED = 3
"""So many names are written out."""


def explain(source: str, target: str, port: int, protocol: str = "TCP", *, service: str | None = None) -> Verdict:
    """Judge one new connection on the live cluster and say why: which policy and rule decided, and what came close.

    Ends are pods, workloads (`namespace/name` outside of `default`) or IP addresses; the port is the pod's.
    With `service` the port is that Service's, and is translated. Raises LabError for a name that isn't there.
    """
    from helpers.policies import NotFound

    try:
        return looking.world().explain(source, target, _port(port), protocol.upper(), service)
    except (NotFound, ValueError) as error:
        text = str(error)
        end = "" if text.endswith(("?", ".")) else "."
        raise LabError(f"{text[:1].upper()}{text[1:]}{end} Look at: kubectl get pods") from None


def _port(port: object) -> int:
    if str(port).isdecimal() and 0 < int(str(port)[:6]) < 65536:
        return int(str(port))
    raise LabError(f"{port!r} is no port: give a number such as 8080.")


@dataclass(frozen=True)
class Change:
    """One call between workloads that other policies would allow or deny; `needed` if the application needs it."""

    source: str
    target: str
    port: int
    allowed: bool
    needed: bool
    policies: tuple[str, ...]

    def __str__(self) -> str:
        return f"{_mark(self)} {short(self.source)} → {short(self.target)} {self.port}: {_outcome(self)}"


@dataclass(frozen=True)
class Comparison:
    """What other policies would change, on the ports that matter. `policies` are their names."""

    policies: tuple[str, ...]
    changes: tuple[Change, ...]
    instead: bool = True

    @property
    def same(self) -> bool:
        return not self.changes

    @property
    def sentence(self) -> str:
        how = "in the place of those that are applied" if self.instead else "besides those that are applied"
        given = ", ".join(self.policies) or "no policy"
        given = given if len(self.policies) <= _NAMED else f"these {len(self.policies)} policies"
        if self.same:
            return f"With {given} {how}, nothing would change: the same connections are allowed."
        opened = sum(change.allowed for change in self.changes)
        closed = len(self.changes) - opened
        broken = sum(change.needed and not change.allowed for change in self.changes)
        said = [f"{_connections(opened)} would be allowed that {_be(opened)} denied now"] * bool(opened)
        said += [f"{_connections(closed)} would be denied that {_be(closed)} allowed now"] * bool(closed)
        need = f" {broken} of them {_be(broken)} needed." if broken else " None of those that are needed would break."
        return f"With {given} {how}, {' and '.join(said)}.{need if closed else ''}"

    def lines(self) -> list[str]:
        """The changes: those that matter one by one, those that nobody needs by whom they lead to."""
        single = [change for change in self.changes if change.needed]
        groups: dict[tuple[str, int, bool], list[Change]] = {}
        for change in self.changes:
            if not change.needed:
                groups.setdefault((change.target, change.port, change.allowed), []).append(change)
        return [*map(str, single), *(_grouped(group) for group in groups.values())]

    def __repr__(self) -> str:
        return "\n".join([*self.lines(), self.sentence])

    def _repr_html_(self) -> str:
        rows = "".join(f"<li>{html.escape(line)}</li>" for line in self.lines())
        items = f'<ul style="list-style:none;padding-left:0">{rows}</ul>' if rows else ""
        said = f"<p><strong>{html.escape(self.sentence)}</strong></p>"
        return f'<div data-same="{str(self.same).lower()}">{said}{items}</div>'


def _grouped(group: Sequence[Change]) -> str:
    first = group[0]
    if len(group) == 1:
        return str(first)
    names = [short(change.source) for change in group]
    shown = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
    return f"{_mark(first)} {shown} → {short(first.target)} {first.port}: {_outcome(first)}"


def _mark(change: Change) -> str:
    return "✓" if change.allowed else "✗"


def _outcome(change: Change) -> str:
    return f"would be {'allowed' if change.allowed else 'denied'} ({'needed' if change.needed else 'nobody needs it'})"


def _connections(count: int) -> str:
    return f"{count} {'connection' if count == 1 else 'connections'}"


def _be(count: int) -> str:
    return "is" if count == 1 else "are"


def compare(policies: str | Path | Suggestion | Sequence[Mapping[str, Any]], *, besides: bool = False) -> Comparison:
    """What would change if these policies stood in the place of those applied: YAML text, a path, or objects.

    With `besides` they would be added instead; one of the same name replaces its namesake. Applies nothing.
    Raises LabError if they cannot be read, or the API server would reject them.
    """
    given = read_policies(policies)
    items = looking.objects()
    from helpers.policies import World

    world = World.of(items)
    system = [policy.source for policy in world.policies if policy.namespace in looking.SYSTEM]
    after = world.replace_policies([*system, *_merged(world, given, besides), *given])
    if after.problems:
        raise LabError(f"The API server would reject this: {after.problems[0]}")
    arrows = arrows_of(looking.of_application(items))
    return Comparison(tuple(item["metadata"]["name"] for item in given), tuple(_changes(world, after, arrows)),
                      not besides)


def read_policies(given: str | Path | Suggestion | Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Policies as objects, in the course's namespace unless they say otherwise. Raises LabError."""
    from helpers.lab.changes import yaml_of
    from helpers.policies import Suggestion, read

    found: list[Mapping[str, Any]] = []
    if isinstance(given, str | Path):
        for text in yaml_of(given):
            reading = read(text)
            if reading.problems:
                raise LabError(f"The YAML cannot be read: {reading.problems[0]}")
            found += reading.objects
    else:
        found = list(given.policies if isinstance(given, Suggestion) else given)
    for item in found:
        if item.get("kind") != "NetworkPolicy" or not item.get("metadata"):
            raise LabError("Only NetworkPolicy objects can be compared; this has something else in it, or no metadata.")
    return [{**item, "metadata": {"namespace": "default", **item["metadata"]}} for item in found]


def _merged(world: World, given: Sequence[Mapping[str, Any]], besides: bool) -> list[Mapping[str, Any]]:
    """The applied policies that stay."""
    names = {(item["metadata"]["namespace"], item["metadata"].get("name")) for item in given}
    return [policy.source for policy in world.policies
            if besides and policy.namespace not in looking.SYSTEM and (policy.namespace, policy.name) not in names]


def _changes(before: World, after: World, arrows: Iterable[Arrow]) -> Iterable[Change]:
    needed = {(arrow.source, arrow.target, arrow.port) for arrow in arrows}
    pods = looking.workloads(before)
    for target, found in pods.items():
        declared = {port.number for port in found[0].ports if port.protocol == "TCP"}
        for port in sorted(declared | {port for _, other, port in needed if other == target}):
            for source, others in pods.items():
                if source == target:
                    continue
                old, new = (world.judge(others[0], found[0], port) for world in (before, after))
                if old.allowed != new.allowed:
                    yield Change(source, target, port, new.allowed, (source, target, port) in needed, new.policies)

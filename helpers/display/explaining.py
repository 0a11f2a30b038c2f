"""Why is this connection allowed or denied? And what would other policies change?"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpers.display.view import view_of
from helpers.lab.cluster import looking
from helpers.lab.errors import LabError
from helpers.policies import home
from helpers.policies.application.change import Change, change
from helpers.policies.application.reach import Call
from helpers.policies.model.naming import is_system
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
class Comparison:
    """What other policies would change; `policies` are their names, `change` is the engine's answer."""

    policies: tuple[str, ...]
    change: Change
    instead: bool = True

    @property
    def same(self) -> bool:
        return self.change.same

    @property
    def sentence(self) -> str:
        """The comparison in words."""
        how = "in the place of those that are applied" if self.instead else "besides those that are applied"
        given = ", ".join(self.policies) or "no policy"
        given = given if len(self.policies) <= _NAMED else f"these {len(self.policies)} policies"
        if self.same:
            return f"With {given} {how}, nothing would change: the same connections are allowed."
        kept = "" if self.change.broken or not self.change.closed else " None of those that are needed would break."
        return f"With {given} {how}: {self.change.sentence}{kept}"

    def lines(self) -> list[str]:
        """The changes: those that matter one by one, those that nobody needs by whom they lead to."""
        single: list[str] = []
        groups: dict[tuple[str, int, str, bool], list[Call]] = {}
        for allowed, calls in ((True, self.change.opened), (False, self.change.closed)):
            for call in calls:
                if call in self.change.needed:
                    single.append(_line(str(call), allowed, needed=True))
                else:
                    groups.setdefault((*call[1:], allowed), []).append(call)
        return [*single, *(_line(_grouped(calls), key[3], needed=False) for key, calls in groups.items())]

    def __repr__(self) -> str:
        return "\n".join([*self.lines(), self.sentence])

    def _repr_html_(self) -> str:
        rows = "".join(f"<li>{html.escape(line)}</li>" for line in self.lines())
        items = f'<ul style="list-style:none;padding-left:0">{rows}</ul>' if rows else ""
        said = f"<p><strong>{html.escape(self.sentence)}</strong></p>"
        return f'<div data-same="{str(self.same).lower()}">{said}{items}</div>'


def _grouped(calls: Sequence[Call]) -> str:
    """Calls to one end on one port."""
    sources = [short(call.source) for call in calls]
    shown = ", ".join(sources[:_NAMED]) + (f" and {len(sources) - _NAMED} more" if len(sources) > _NAMED else "")
    return f"{shown} → {short(calls[0].target)} {calls[0].protocol} {calls[0].port}"


def _line(calls: str, allowed: bool, *, needed: bool) -> str:
    return (
        f"{'✓' if allowed else '✗'} {calls}: would be {'allowed' if allowed else 'denied'} "
        f"({'needed' if needed else 'nobody needs it'})"
    )


def compare(policies: str | Path | Suggestion | Sequence[Mapping[str, Any]], *, besides: bool = False) -> Comparison:
    """What would change if these policies stood in the place of those applied: YAML text, a path, or objects.

    With `besides` they would be added instead; one of the same name replaces its namesake. Applies nothing.
    Raises LabError if they cannot be read, or the API server would reject them.
    """
    given = read_policies(policies)
    world, needs = view_of()
    system = [policy.source for policy in world.policies if is_system(policy.namespace)]
    after = world.replace_policies([*system, *_merged(world, given, besides), *given])
    if after.problems:
        raise LabError(f"The API server would reject this: {after.problems[0]}")
    return Comparison(tuple(item["metadata"]["name"] for item in given), change(world, after, needs), not besides)


def read_policies(given: str | Path | Suggestion | Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Policies as objects, in the course's namespace unless they say otherwise. Raises LabError."""
    from helpers.lab.course.changes import yaml_of
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
    return [{**item, "metadata": {"namespace": home.namespace(), **item["metadata"]}} for item in found]


def _merged(world: World, given: Sequence[Mapping[str, Any]], besides: bool) -> list[Mapping[str, Any]]:
    """The applied policies that stay."""
    names = {(item["metadata"]["namespace"], item["metadata"].get("name")) for item in given}
    return [
        policy.source
        for policy in world.policies
        if besides and not is_system(policy.namespace) and (policy.namespace, policy.name) not in names
    ]

"""What there is to say of an application: one record, from which pages, Markdown and JSON are made.

The same objects give the same record: nothing in it depends on the time, the machine or the order of files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from helpers.policies.application.arrows import Arrow
from helpers.policies.application.change import Change, change
from helpers.policies.application.need import needs
from helpers.policies.application.reach import Call, Reach
from helpers.policies.linting import Finding, lint
from helpers.policies.reporting.baseline import unknown
from helpers.policies.reporting.rewriting import Rewriting, rewriting
from helpers.policies.reporting.standing import Count, Standing, folded, standings
from helpers.policies.wording import plural
from helpers.policies.writing.suggesting import Suggestion, suggest

if TYPE_CHECKING:
    from helpers.policies.judging.verdicts import Verdict
    from helpers.policies.reading.gathering import Problem
    from helpers.policies.reading.unread import Unread
    from helpers.policies.world import World

MOST_SUGGESTED = 400
"""Above so many workloads nothing is suggested: the proof looks at every pair."""

MOST_EXPLAINED = 500
"""So many cut calls come with how near each policy was to allowing them."""


@dataclass(frozen=True)
class Needed:
    """One call that is needed: its arrow with the evidence, and whether policies allow it. Of a question to the DNS,
    which no arrow says, the evidence is empty."""

    call: Call
    arrow: Arrow | None
    verdict: Verdict

    @property
    def why(self) -> tuple[str, ...]:
        """How the need is known, in sentences."""
        if self.arrow is None:
            return ("it looks up the names of what it calls",)
        return tuple(one.sentence for one in self.arrow.evidence)

    def as_dict(self) -> dict[str, Any]:
        return {
            **self.call._asdict(),
            "allowed": self.verdict.allowed,
            "policies": list(self.verdict.policies),
            "reason": self.verdict.sentence,
            "misses": [f"{miss.direction}: {miss}" for miss in self.verdict.misses],
            "why": list(self.why),
        }


@dataclass(frozen=True)
class Report:
    """An application as it is declared, what its policies make of it, and what should be done about it.

    `known` counts the findings that a baseline holds, and that are left out of `findings`. `suggestion` and
    `rewriting` (from the present policies to the suggested ones) are None where nothing is suggested; `silence` then
    says why.
    """

    world: World
    needed: tuple[Needed, ...]
    notes: tuple[str, ...]
    workloads: tuple[Standing, ...]
    namespaces: Mapping[tuple[str, str], Count]
    findings: tuple[Finding, ...]
    known: int
    suggestion: Suggestion | None
    rewriting: Rewriting | None
    change: Change | None
    silence: str
    problems: tuple[Problem, ...]

    @property
    def cut(self) -> tuple[Needed, ...]:
        """The needed calls that policies deny."""
        return tuple(one for one in self.needed if not one.verdict)

    @property
    def open(self) -> int:
        """How many calls are allowed though nothing needs them."""
        return sum(one.open for one in self.namespaces.values())

    @property
    def unread(self) -> tuple[Unread, ...]:
        return self.world.unread

    @property
    def unselected(self) -> tuple[Standing, ...]:
        """The workloads that no policy limits for what comes in."""
        return tuple(one for one in self.workloads if not one.ingress)

    @property
    def severities(self) -> dict[str, int]:
        """How many findings there are of each severity, the gravest first."""
        found = Counter(one.severity for one in self.findings)
        return {name: found[name] for name in ("error", "warning", "note") if found[name]}

    @property
    def good(self) -> bool:
        """Whether nothing needs mending: no finding, and no needed call cut."""
        return not self.findings and not self.cut

    @property
    def sentence(self) -> str:
        """The report in a few words."""
        parts = [
            f"{plural(len(self.workloads), 'workload')} in "
            f"{plural(len({one.namespace for one in self.workloads}), 'namespace')} under "
            f"{plural(len(self.world.policies), 'policy', 'policies')}",
            f"{len(self.needed) - len(self.cut)} of {plural(len(self.needed), 'needed call')} allowed",
            f"{plural(self.open, 'call')} open though nothing needs {'it' if self.open == 1 else 'them'}",
            plural(len(self.findings), "finding") + (f" ({self.known} more are known)" if self.known else ""),
        ]
        return f"{'; '.join(parts)}."

    def as_dict(self) -> dict[str, Any]:
        """All of it, for programs."""
        return {
            "sentence": self.sentence,
            "good": self.good,
            "needed": [one.as_dict() for one in self.needed],
            "notes": list(self.notes),
            "workloads": [one.as_dict() for one in self.workloads],
            "namespaces": [
                {"from": source, "to": target, **count.as_dict()} for (source, target), count in self.namespaces.items()
            ],
            "findings": [one.as_dict() for one in self.findings],
            "known": self.known,
            "suggestion": self.suggestion.as_dict() if self.suggestion else None,
            "diff": self.rewriting.text if self.rewriting else "",
            "notSuggested": self.silence,
            "unread": [one.as_dict() for one in self.unread],
            "problems": [str(one) for one in self.problems],
        }


def report(
    world: World,
    *,
    problems: Iterable[Problem] = (),
    skip: Iterable[str] = (),
    baseline: Sequence[Mapping[str, Any]] = (),
    suggesting: bool = True,
) -> Report:
    """Everything that there is to say of a world.

    `problems` are those of reading it; `skip` leaves lint rules out; `baseline` are findings (as `Finding.as_dict`)
    that are known already. Without `suggesting` no policies are proposed.
    """
    found = needs(world)
    reach = Reach.of(world, found)
    all_findings = lint(world, skip)
    fresh = unknown(all_findings, baseline)
    silence = _silence(world, len(found), suggesting)
    suggestion = None if silence else suggest(world)
    if suggestion is not None and not suggestion.policies:
        suggestion, silence = None, "no policy could be written from what the input declares"
    return Report(
        world,
        tuple(_needed(reach, found.arrows)),
        found.notes,
        standings(reach),
        folded(reach),
        tuple(fresh),
        len(all_findings) - len(fresh),
        suggestion,
        rewriting(world, suggestion) if suggestion else None,
        change(world, _after(world, suggestion), found) if suggestion else None,
        silence,
        (*problems, *world.problems),
    )


def _needed(reach: Reach, arrows: Iterable[Arrow]) -> list[Needed]:
    """The needed calls whose ends are known, sorted; those that are cut first."""
    known = {Call(one.source, one.target, one.port, one.protocol): one for one in arrows}
    cut = set(reach.broken)
    wanted = [call for call in reach.stage.needs if call in known]
    wanted += [call for call in reach.stage.lookups if call in cut and call not in known]
    ordered = sorted(wanted, key=lambda one: (one not in cut, one))
    return [
        Needed(call, known.get(call), _verdict(reach, call, number < MOST_EXPLAINED))
        for number, call in enumerate(ordered)
    ]


def _verdict(reach: Reach, call: Call, nearest: bool) -> Verdict:
    """Why a call fares as it does; where it is denied with the nearest miss of each policy, if that is wanted."""
    verdict = reach.verdict(call)
    return verdict if verdict or not nearest else reach.world.explain(*call)


def _silence(world: World, needed: int, suggesting: bool) -> str:
    """Why nothing is suggested; empty where something is."""
    if not suggesting:
        return "it was not asked for"
    if not needed:
        return "the input declares no call, so it isn't known what to allow"
    if len(world.workloads) > MOST_SUGGESTED:
        return (
            f"there are more than {MOST_SUGGESTED} workloads, and the proof looks at every pair: ask for one "
            "namespace, with `python -m helpers suggest -n NAMESPACE`"
        )
    return ""


def _after(world: World, suggestion: Suggestion) -> World:
    """The world under the suggested policies, which take the place of those of their namespaces."""
    own = {str(item["metadata"]["namespace"]) for item in suggestion.policies}
    kept = [policy.source for policy in world.policies if policy.namespace not in own]
    return world.replace_policies([*kept, *suggestion.policies])

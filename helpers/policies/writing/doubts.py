"""What the proof of a suggestion can't show: what wasn't read, what isn't known, what the policies don't hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from helpers.policies import home
from helpers.policies.model.naming import API_SERVER, INGRESS_CONTROLLER
from helpers.policies.reading.gathering import Problem
from helpers.policies.reading.unread import Unread
from helpers.policies.wording import listed, plural, short
from helpers.policies.world import World
from helpers.policies.writing.drafting import Draft


def doubts(world: World, draft: Draft, policies: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """One sentence each."""
    return (*_unread(world), *_unknown(draft), *_members(draft), *_elsewhere(draft), *_standing(world, draft, policies))


def unread(world: World, namespace: str) -> list[Problem | Unread]:
    """The objects of a namespace that were not read, and that may make pods there."""
    return [
        *(problem for problem in world.problems if problem.source is None or _namespace(problem) == namespace),
        *(one for one in world.unread if one.pods and (not one.namespaces or namespace in one.namespaces)),
    ]


def _namespace(problem: Problem) -> str:
    metadata = problem.source.get("metadata") if problem.source is not None else None
    return home.namespace_of(metadata if isinstance(metadata, Mapping) else {})


def _unread(world: World) -> Iterator[str]:
    if world.problems:
        names = listed((problem.what for problem in world.problems if problem.what), most=4)
        yield f"{plural(len(world.problems), 'object')} could not be read or judged: {names}."
    yield from (f"Not read: {one.sentence}" for one in world.unread if one.pods or one.overturns)


def _unknown(draft: Draft) -> Iterator[str]:
    if draft.unknown:
        one = len(draft.unknown) == 1
        it = "it" if one else "them"
        names = listed(map(short, draft.unknown), most=6)
        yield (
            f"Nothing was found of what {names} {'needs' if one else 'need'}, so no policy holds {it}: watch "
            f"{it} in the flow log, or deny {it} everything with deny_unknown "
            "(--deny-unknown)."
        )
    if draft.inseparable:
        yield (
            f"No label tells {listed(map(short, draft.inseparable), most=6)} from pods of which nothing is known, "
            "so nothing is suggested there: give the pods a label of their own."
        )


def _members(draft: Draft) -> Iterator[str]:
    """Replicated workloads of which nothing says whether their members call each other."""
    calling = {arrow.source for arrow in draft.arrows if arrow.source == arrow.target}
    silent = [short(key) for key, one in draft.covered.items() if one.several and key not in calling]
    if silent:
        yield (
            f"{listed(silent, most=6)} {'has' if len(silent) == 1 else 'have'} several pods, and nothing says that "
            "these call each other: they may not."
        )


def _elsewhere(draft: Draft) -> Iterator[str]:
    """Ends that aren't in the input, for which the rules are wider than the arrows."""
    doors: dict[str, set[str]] = {}
    for arrow in draft.from_elsewhere():
        doors.setdefault(arrow.source, set()).add(f"{short(arrow.target)} {arrow.protocol} {arrow.port}")
    open_doors = set().union(*doors.values())
    if INGRESS_CONTROLLER in doors:
        yield (
            f"The ingress controller isn't in the input, so pods of every namespace but "
            f"{listed(sorted(draft.peers.inside))} and addresses outside may call "
            f"{_doors(doors[INGRESS_CONTROLLER])}: add its pods to narrow it."
        )
    if API_SERVER in doors or any(arrow.target == API_SERVER for arrow in draft.to_elsewhere()):
        yield (
            "The API server's address isn't in the input, so it counts as any address outside, on the ports 443 and "
            "6443: add the Service and EndpointSlice default/kubernetes to narrow it."
        )
    if not draft.peers.networks and (doors or any(draft.to_elsewhere())):
        may = f", and may call {_doors(open_doors)}" if doors else ""
        yield (
            "The addresses of pods and nodes aren't in the input, so the private ranges count as outside, with the "
            f"nodes and pods in them{may}. Take your pods' range out of the blocks."
        )


def _doors(doors: set[str]) -> str:
    return listed(sorted(doors), most=4)


def _standing(world: World, draft: Draft, policies: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Policies that are there already: the proof counts them as gone."""
    written = {f"{item['metadata']['namespace']}/{item['metadata']['name']}" for item in policies}
    held = {one.namespace for one in draft.covered.values()}
    standing = [policy.key for policy in world.policies if policy.namespace in held and policy.key not in written]
    if standing:
        one = len(standing) == 1
        yield (
            f"{plural(len(standing), 'policy', 'policies')} that {'is' if one else 'are'} there now "
            f"({listed(standing, most=4)}) would still allow what {'it allows' if one else 'they allow'}: the proof "
            f"holds without {'it' if one else 'them'}."
        )

"""The command `diff`: it sets one set of policies against another."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from helpers.cli.policy_input import BadInput, from_options, from_paths, report
from helpers.cli.policy_output import answer, drawn
from helpers.policies import home
from helpers.policies.application.change import Change, change
from helpers.policies.application.formats import as_json, comparison_as
from helpers.policies.application.need import needs
from helpers.policies.application.redundancy import removable
from helpers.policies.reading.texts import Reading
from helpers.policies.wording import clean_line, listed, plural
from helpers.policies.world import World

Json = Mapping[str, Any]


def differences(options: argparse.Namespace) -> int:
    """`diff`: print the comparison; returns the exit status."""
    paths: Sequence[str] = options.paths
    sides = [from_paths([path]) for path in paths]
    base = Reading()
    if len(paths) == 1 or options.filename or options.kustomize or options.context or not any(map(_has_pods, sides)):
        base = from_options(options)
    worlds = [World.of(_applied(base.objects, side.objects)) for side in sides]
    before = worlds[0] if len(worlds) == 2 else World.of(base.objects)
    problems = [problem for one in (base, *sides) for problem in one.problems]
    problems += [*before.problems, *(problem for problem in worlds[-1].problems if problem not in before.problems)]
    report(problems)
    found = change(before, worlds[-1], [*needs(before), *needs(worlds[-1])])
    notes = list(_notes(before, worlds[-1]))
    unread = sum(not problem.minor for problem in problems)
    if unread and found.same:
        notes.append(
            f"no difference was found, but {plural(unread, 'object')} could not be read or judged, so there may be one"
        )
    _show(options, found, notes)
    if unread or (options.strict and found.unread):
        return 2
    return 0 if found.same else 1


def _notes(before: World, after: World) -> Iterator[str]:
    """What keeps a comparison from saying all. Raises BadInput when there is nothing to compare."""
    bare = [side for side, world in (("before", before), ("after", after)) if not world.pods]
    if len(bare) == 2:
        raise BadInput(
            "neither side has a pod or a workload, so it can't be said what the policies change; add the "
            "workloads with -f PATH"
        )
    for side in bare:
        yield (
            f"the side {side} has no pod and no workload, so all its connections count as none; if both sides are "
            "about the same workloads, add them with -f PATH"
        )


def _show(options: argparse.Namespace, found: Change, notes: Sequence[str]) -> None:
    spare = [one.policy.key for one in removable(found.after.world)]
    for note in notes:
        print(f"python -m helpers diff: note: {clean_line(note)}", file=sys.stderr)
    if options.output == "json":
        data = found.as_dict(options.by)
        answer(
            as_json(
                {
                    **data,
                    "same": data["same"] and not notes,
                    "redundant": spare,
                    "notes": list(notes),
                    "unread": [one.as_dict() for one in found.unread],
                }
            ),
            form="json",
        )
        return
    if options.output == "markdown":
        from helpers.policies.reporting.comment import change_comment

        answer(change_comment(found, by=options.by, spare=spare, notes=notes), form="markdown")
        return
    text = drawn(comparison_as, options.output, found.detailed(options.by))
    if options.output == "text":
        lines = (
            [] if found.same and notes else [found.sentence] if found.same or found.unjudged else [text, found.sentence]
        )
        text = "\n".join([*lines, *([f"Redundant afterwards: {listed(spare, most=20)}."] if spare else [])])
    answer(text, found.unread, options.output)


def _has_pods(reading: Reading) -> bool:
    return bool(World.of(reading.objects).pods)


def _applied(base: Iterable[Json], more: Iterable[Json]) -> list[Json]:
    """The objects as they are after applying some: same kind, namespace and name are replaced."""
    found = {_identity(item): item for item in base}
    found.update({_identity(item): item for item in more})
    return list(found.values())


def _identity(item: Json) -> tuple[str, str, str]:
    metadata = item.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    return str(item.get("kind")), home.namespace_of(metadata), str(metadata.get("name"))

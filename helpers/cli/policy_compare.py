"""The command `diff`: it sets one set of policies against another."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from helpers.cli.policy_input import from_options, from_paths, report
from helpers.policies.application.comparing import compare
from helpers.policies.application.formats import as_json, comparison_as
from helpers.policies.application.redundancy import removable
from helpers.policies.reading.texts import Reading
from helpers.policies.wording import listed
from helpers.policies.world import World

Json = Mapping[str, Any]


def differences(options: argparse.Namespace) -> int:
    """`diff`: print the comparison; returns the exit status."""
    paths: Sequence[str] = options.paths
    sides = [from_paths([path]) for path in paths]
    base = Reading()
    if len(paths) == 1 or options.filename or options.context or not any(map(_has_pods, sides)):
        base = from_options(options)
    worlds = [World.of(_applied(base.objects, side.objects)) for side in sides]
    before = worlds[0] if len(worlds) == 2 else World.of(base.objects)
    problems = [problem for one in (base, *sides) for problem in one.problems]
    problems += [*before.problems, *(problem for problem in worlds[-1].problems if problem not in before.problems)]
    report(problems)
    _show(options, before, worlds[-1])
    if not all(problem.minor for problem in problems):
        return 2
    return 0 if compare(before, worlds[-1], options.by).same else 1


def _show(options: argparse.Namespace, before: World, after: World) -> None:
    comparison = compare(before, after, options.by)
    spare = [one.policy.key for one in removable(after)]
    if options.output == "json":
        print(as_json({**comparison.as_dict(), "redundant": spare}))
        return
    text = comparison_as("dot" if options.output == "svg" else options.output, comparison)
    if options.output == "svg":
        from helpers.cli.policy_output import svg

        text = svg(text)
    print(text)
    if options.output == "text" and spare:
        print(f"Redundant afterwards: {listed(spare, most=20)}.")


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
    return str(item.get("kind")), str(metadata.get("namespace") or "default"), str(metadata.get("name"))

"""The commands `diff` and `suggest`: they set one set of policies against another."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from helpers.cli.policy_input import BadInput, cluster_command, from_options, from_paths, report
from helpers.policies.application.arrows import Arrow, Arrows, declared
from helpers.policies.application.change import Change, change
from helpers.policies.application.formats import as_json, comparison_as
from helpers.policies.application.redundancy import removable
from helpers.policies.reading.texts import Reading
from helpers.policies.wording import listed
from helpers.policies.world import World
from helpers.policies.writing.suggesting import suggest

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
    found = change(before, worlds[-1], [*needed(before), *needed(worlds[-1])])
    notes = list(_notes(before, worlds[-1]))
    _show(options, found, notes)
    if not all(problem.minor for problem in problems):
        return 2
    return 0 if found.same else 1


def _notes(before: World, after: World) -> Iterator[str]:
    """What keeps a comparison from saying all. Raises BadInput when there is nothing to compare."""
    bare = [side for side, world in (("before", before), ("after", after)) if not world.pods]
    if len(bare) == 2:
        raise BadInput("neither side has a pod or a workload, so it can't be said what the policies change; add the "
                       "workloads with -f PATH")
    for side in bare:
        yield (f"the side {side} has no pod and no workload, so all its connections count as none; if both sides are "
               "about the same workloads, add them with -f PATH")


def _show(options: argparse.Namespace, found: Change, notes: Sequence[str]) -> None:
    spare = [one.policy.key for one in removable(found.after.world)]
    for note in notes:
        print(f"python -m helpers diff: note: {note}", file=sys.stderr)
    if options.output == "json":
        print(as_json({**found.as_dict(options.by), "redundant": spare, "notes": list(notes)}))
        return
    text = comparison_as("dot" if options.output == "svg" else options.output, found.detailed(options.by))
    if options.output == "svg":
        from helpers.cli.policy_output import svg

        text = svg(text)
    print(text)
    if options.output != "text":
        return
    if not found.same:
        print(found.sentence)
    if spare:
        print(f"Redundant afterwards: {listed(spare, most=20)}.")


def needed(world: World) -> tuple[Arrow, ...]:
    """SEAM"""
    found = Arrows()
    declared(world, found)
    return found.listed()


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


def suggestion(options: argparse.Namespace, world: World) -> int:
    """`suggest`: print the policies, say notes and proof on standard error; 0 when the proof is exact, else 1."""
    flows = _flows(options) if options.origin != "manifests" else None
    found = suggest(world, flows, declarations=options.origin != "flows", style=options.style,
                    ingress=not options.no_ingress, egress=not options.no_egress, dns=not options.no_dns,
                    namespaces=options.namespace or None)
    if options.output == "json":
        print(as_json(found.as_dict()))
        return 0 if found.proof.exact else 1
    print(found.yaml(), end="")
    for note in found.notes:
        print(f"note: {note}", file=sys.stderr)
    for word, lines in (("not allowed", found.proof.missing), ("allowed besides", found.proof.extra)):
        for line in lines:
            print(f"{word}: {line}", file=sys.stderr)
    print(f"proof: {found.proof.sentence}", file=sys.stderr)
    return 0 if found.proof.exact else 1


def _flows(options: argparse.Namespace) -> list[Json]:
    """The flow log from a file, standard input or the cluster; raises BadInput."""
    try:
        if options.flows == "-":
            text = sys.stdin.read()
        elif options.flows:
            text = Path(options.flows).read_text(encoding="utf-8")
        else:
            text = cluster_command(["get", "flows", "-o", "json"], options.context)
        found = json.loads(text)
    except OSError as error:
        raise BadInput(f"{options.flows} can't be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise BadInput(f"{options.flows or 'the flow log'} is no JSON") from None
    found = found.get("items", found.get("flows")) if isinstance(found, Mapping) else found
    if not isinstance(found, list) or not all(isinstance(entry, Mapping) for entry in found):
        raise BadInput("the flow log is a list of flows, as `python -m helpers flows -o json` prints it")
    return found

"""The commands `diff` and `suggest`: they set one set of policies against another."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from helpers.cli.policy_input import BadInput, cluster_command, from_options, from_paths, report
from helpers.policies.comparing import compare
from helpers.policies.formats import as_json, comparison_as
from helpers.policies.reading import Reading
from helpers.policies.redundancy import removable
from helpers.policies.suggesting import suggest
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
            text = Path(options.flows).read_text("utf-8")
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

"""The command `rehearse`: an application's declared calls, tried between stand-ins on the lab.

Exit status: 0 every declared call worked, 1 one failed, 2 bad input.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from helpers.cli.policy_input import BadInput, add_source, from_options, from_paths, report
from helpers.cli.policy_output import answer
from helpers.lab.cluster import local, session
from helpers.lab.errors import LabError
from helpers.lab.rehearsal.rehearsing import Rehearsal, rehearse
from helpers.policies.application.formats import as_json
from helpers.policies.wording import clean_line
from helpers.policies.world import World
from helpers.policies.writing.suggesting import suggest


def main(name: str, argv: list[str]) -> int:
    """Run the command; returns the exit status."""
    options = _parser(name).parse_args(argv)
    try:
        reading = from_options(options)
        world = World.of(reading.objects)
        problems = [*reading.problems, *world.problems]
        report(problems)
        policies = _policies(options, world)
        _connect(options.on)
        found = rehearse(world, policies)
    except (BadInput, LabError) as error:
        print(f"python -m helpers {name}: {clean_line(str(error))}", file=sys.stderr)
        return 2
    answer(as_json(_data(found)) if options.output == "json" else repr(found))
    return 2 if any(not one.minor for one in problems) else 0 if found else 1


def _parser(name: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"python -m helpers {name}",
        description="Put stand-ins for an application's workloads on the lab's cluster, in namespaces made for it, "
        "apply the policies, try every call that the manifests declare, and take all of it down again. What is read "
        "with -f, -k or --context is only read.",
    )
    add_source(parser)
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument(
        "--policies", action="append", default=[], metavar="PATH", help="these policies in place of the input's own"
    )
    chosen.add_argument("--suggested", action="store_true", help="the policies that `suggest` writes")
    parser.add_argument(
        "--on", default="", metavar="CONTEXT", help="rehearse on this cluster in place of the lab's own"
    )
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text", help="the form of the answer")
    return parser


def _policies(options: argparse.Namespace, world: World) -> Sequence[Mapping[str, Any]] | None:
    if options.suggested:
        return suggest(world).policies
    if not options.policies:
        return None
    given = World.of(from_paths(options.policies).objects)
    report(given.problems)
    if not given.policies:
        raise BadInput("--policies holds no NetworkPolicy")
    return [policy.source for policy in given.policies]


def _connect(context: str) -> None:
    if not context and not local.find().running:
        raise BadInput("no lab runs to rehearse on. Start it: python -m helpers up")
    session.connect(context or None)


def _data(found: Rehearsal) -> dict[str, Any]:
    return {
        "sentence": found.sentence,
        "calls": [
            {**one.arrow.as_dict(), "works": one.works, "expected": one.expected, "sentence": one.sentence}
            for one in found.calls
        ],
        "open": list(found.open),
        "skipped": list(found.skipped),
    }

"""The command `suggest`: policies for what the application needs."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from helpers.cli.policy_input import BadInput, cluster_command
from helpers.cli.policy_output import answer
from helpers.policies.application.formats import as_json
from helpers.policies.wording import clean_line, listed, nearest
from helpers.policies.world import World
from helpers.policies.writing.suggesting import Suggestion, suggest

Json = Mapping[str, Any]


def suggestion(options: argparse.Namespace, world: World) -> int:
    """Print the policies, say what they rest on and what isn't proven on standard error.

    Returns 0 when the proof is exact, 1 when it isn't or when nothing could be suggested. Raises BadInput.
    """
    _check_namespaces(options.namespace, world)
    flows = _flows(options) if options.origin != "manifests" else None
    found = suggest(
        world,
        flows,
        declarations=options.origin != "flows",
        style=options.style,
        ingress=not options.no_ingress,
        egress=not options.no_egress,
        dns=not options.no_dns,
        namespaces=options.namespace or None,
        deny_unknown=options.deny_unknown,
    )
    status = 0 if found.proof.exact and found.policies else 1
    if options.output == "json":
        answer(as_json({**found.as_dict(), "unread": [one.as_dict() for one in world.unread]}))
        return status
    for one in world.unread:
        print(f"# Not read: {one.sentence}")
    answer(found.yaml().rstrip("\n"))
    for line in _said(found):
        print(clean_line(line), file=sys.stderr)
    return status


def _said(found: Suggestion) -> list[str]:
    lines = [f"found: {found.found}", *(f"note: {note}" for note in found.notes)]
    lines += [f"not proven: {doubt}" for doubt in found.proof.unproven]
    lines += [f"not allowed: {line}" for line in found.proof.missing]
    lines += [f"allowed besides: {line}" for line in found.proof.extra]
    if not found.policies:
        return [
            *lines,
            "proof: nothing is suggested, so there is nothing to prove. Suggest from the flow log too "
            "(--from both), or give the manifests that name the Services.",
        ]
    return [*lines, f"proof: {found.proof.sentence}"]


def _check_namespaces(chosen: list[str], world: World) -> None:
    known = sorted({pod.namespace for pod in world.pods})
    for name in chosen:
        if name not in known:
            near = nearest(name, known)
            hint = f"did you mean {near[0]}?" if near else f"they are in {listed(known) or 'no namespace'}"
            raise BadInput(f"no workload of the input is in the namespace {name!r}; {hint}")


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

"""The command `lint`: findings in every form, the list of rules, and one rule explained by example."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from importlib.resources import files
from typing import NamedTuple

from helpers.cli.policy_baseline import known_left_out, read_baseline
from helpers.cli.policy_input import BadInput, from_options, report
from helpers.cli.policy_output import answer
from helpers.policies.application.formats import as_csv, as_json, as_markdown
from helpers.policies.linting import REMARKS, RULES, Finding, about, lint
from helpers.policies.reading.texts import read
from helpers.policies.reading.unread import Unread
from helpers.policies.wording import nearest
from helpers.policies.world import World

_GRAVITY = ("error", "warning", "note")


def findings(options: argparse.Namespace) -> int:
    """`lint`: print the findings; returns the exit status. Raises BadInput."""
    for rule in (*options.skip, *([options.explain] if options.explain else [])):
        _known(rule)
    if options.rules:
        print(_listed(options.output))
        return 0
    if options.explain:
        print(_explained(options.explain, options.output))
        return 0
    baseline = read_baseline(options.baseline)
    reading = from_options(options)
    report(reading.problems)
    counted = _GRAVITY[: _GRAVITY.index(options.least) + 1]
    world = World.of(reading.objects)
    if not world.pods:
        print(
            "python -m helpers lint: the input has no pods or workloads, so only what a policy alone shows is "
            "checked; add them with -f.",
            file=sys.stderr,
        )
    found = [one for one in lint(world, options.skip) if one.severity in counted]
    if options.baseline:
        found = known_left_out(found, baseline)
    if options.output == "github":
        from helpers.cli.policy_github import github

        print(github(found, world.unread))
    else:
        answer(
            _findings_as(options.output, found, world.unread),
            world.unread,
            "json" if options.output == "sarif" else options.output,
        )
    if not all(problem.minor for problem in reading.problems) or (options.strict and world.unread):
        return 2
    return 1 if any(one.id not in REMARKS for one in found) else 0


def _known(rule: str) -> None:
    if rule not in RULES:
        near = nearest(rule, list(RULES))
        hint = f"did you mean {near[0]}?" if near else "`python -m helpers lint --rules` lists them"
        raise BadInput(f"there is no rule {rule[:100]!r}; {hint}")


def _findings_as(form: str, found: list[Finding], unread: Sequence[Unread]) -> str:
    if form == "sarif":
        from helpers.cli.policy_sarif import sarif

        return sarif(found, unread)
    if form == "json":
        return as_json({"findings": [one.as_dict() for one in found], "unread": [one.as_dict() for one in unread]})
    if form == "text":
        return "\n".join(map(str, found))
    header = ("severity", "id", "file", "line", "column", "policy", "sentence", "mend")
    shown = [one.as_dict() for one in found]
    rows = [[one[name] if one[name] is not None else "" for name in header] for one in shown]
    return as_csv(header, rows) if form == "csv" else as_markdown(header, rows)


def _listed(form: str) -> str:
    rows = [[name, about(name)] for name in RULES]
    if form == "json":
        return as_json([{"id": name, "about": text} for name, text in rows])
    if form == "csv":
        return as_csv(("id", "about"), rows)
    if form == "markdown":
        return as_markdown(("id", "about"), rows)
    width = max(map(len, RULES))
    return "\n".join(f"{name:{width}}  {text}" for name, text in rows)


class Example(NamedTuple):
    """A rule's example: YAML of what is given, of the mistake beside it, and of the mistake mended."""

    given: str
    wrong: str
    right: str


def example(rule: str) -> Example:
    """The example of a rule."""
    text = files("helpers.policies.linting.examples").joinpath(f"{rule}.yaml").read_text(encoding="utf-8")
    return Example(
        *(
            part.strip().removesuffix("---").rstrip()
            for part in re.split(r"^# (?:Given|Wrong|Right)\n", text, flags=re.MULTILINE)[1:]
        )
    )


def _explained(rule: str, form: str) -> str:
    shown = example(rule)
    found = [one for one in lint(read(f"{shown.given}\n---\n{shown.wrong}", "").objects) if one.id == rule]
    if form == "json":
        return as_json(
            {
                "id": rule,
                "about": about(rule),
                **shown._asdict(),
                "finding": {"severity": found[0].severity, "sentence": found[0].sentence, "mend": found[0].mend},
            }
        )
    parts = (
        (f"{rule}: {about(rule)}", ""),
        ("Given:", shown.given),
        ("Wrong:", shown.wrong),
        (f"{found[0].severity}: {found[0].sentence} {found[0].mend}", ""),
        ("Right:", shown.right),
    )
    return "\n\n".join(f"{title}\n\n{text}" if text else title for title, text in parts)

"""The command `report`: everything that there is to say of an application, as a page, as Markdown or as JSON."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from helpers.cli.policy_baseline import read_baseline
from helpers.cli.policy_input import BadInput, from_options
from helpers.cli.policy_input import report as say
from helpers.policies.application.formats import as_json
from helpers.policies.reporting.report import Report, report
from helpers.policies.world import World

ENDINGS = {".html": "html", ".htm": "html", ".md": "markdown", ".markdown": "markdown", ".json": "json"}
FORMS = ("html", "markdown", "md", "json")


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command takes besides its source."""
    parser.add_argument(
        "-o",
        "--output",
        default="html",
        metavar="FORM|FILE",
        help="html, markdown or json, which are printed; or a file, whose ending (.html, .md, .json) says the form",
    )
    parser.add_argument("--title", default="", help="the report's title; without it the input's name")
    parser.add_argument("--skip", action="append", default=[], metavar="ID", help="leave a lint rule out; repeatable")
    parser.add_argument("--no-suggestion", action="store_true", help="propose no policies")
    parser.add_argument(
        "--baseline", default="", metavar="FILE", help="findings that are known, as `lint -o json` prints them"
    )


def reported(options: argparse.Namespace) -> int:
    """Print or write the report; returns 0 if nothing needs mending, 1 if something does, 2 for unread input."""
    form = _form(options.output)
    baseline = read_baseline(options.baseline)
    reading = from_options(options)
    world = World.of(reading.objects)
    say([*reading.problems, *world.problems])
    found = report(
        world,
        problems=reading.problems,
        skip=options.skip,
        baseline=baseline,
        suggesting=not options.no_suggestion,
    )
    text = _written(form)(found, options.title or _title(options))
    if options.output in FORMS:
        print(text.rstrip("\n"))
    else:
        Path(options.output).write_text(text, encoding="utf-8")
        print(f"{options.output}: {found.sentence}", file=sys.stderr)
    if not all(problem.minor for problem in found.problems) or (options.strict and found.unread):
        return 2
    return 0 if found.good else 1


def _form(output: str) -> str:
    if output in FORMS:
        return "markdown" if output == "md" else output
    form = ENDINGS.get(Path(output).suffix.lower())
    if form is None:
        raise BadInput(f"-o {output}: give html, markdown or json, or a file that ends in .html, .md or .json")
    if not Path(output).absolute().parent.is_dir():
        raise BadInput(f"-o {output}: there is no directory {Path(output).parent}")
    return form


def _written(form: str) -> Callable[[Report, str], str]:
    """The function that writes a report in a form; each is loaded only when it is wanted."""
    if form == "html":
        from helpers.display.report.application import report_page

        return report_page
    if form == "markdown":
        from helpers.policies.reporting.markdown import report_markdown

        return report_markdown
    return lambda found, title: as_json({"title": title, **found.as_dict()})


def _title(options: argparse.Namespace) -> str:
    """What the report is about."""
    given = [*options.filename, *options.kustomize]
    if not given:
        return f"Who may call whom in {options.context or 'the lab'}"
    names = [Path(one).name or Path(one).absolute().name for one in given if one != "-"]
    return f"Who may call whom in {', '.join(names)}" if names else "Who may call whom"

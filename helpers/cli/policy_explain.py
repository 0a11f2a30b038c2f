"""The commands `can` and `explain`: one connection, or every declared one that is denied."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from helpers.cli.policy_input import BadInput
from helpers.cli.policy_output import answer
from helpers.policies.application.formats import as_json
from helpers.policies.application.need import Arrow, needs
from helpers.policies.judging.leading import NoRoute
from helpers.policies.judging.verdicts import Verdict
from helpers.policies.reading.unread import Unread
from helpers.policies.wording import clean_line, listed, plural
from helpers.policies.world import World


def shown(options: argparse.Namespace, world: World, good: bool, *, short: bool = False) -> int:
    """Print the verdict on the connection that the options name; returns the exit status."""
    try:
        if options.target:
            verdicts = [
                world.explain(options.source, options.target, options.port, options.protocol, options.service or None)
            ]
        else:
            verdicts = world.explain_service(options.source, options.service, options.port, options.protocol)
    except NoRoute as error:
        raise BadInput(str(error)) from None
    found = [verdict.as_dict() for verdict in verdicts]
    data = found[0] if len(found) == 1 else {"verdicts": found}
    _print(options.output, verdicts, data, world.unread, short)
    return _status(good, all(verdicts))


def denied(options: argparse.Namespace, world: World, good: bool) -> int:
    """Print the verdict on each call that the input declares and that policies deny; returns the exit status."""
    found = needs(world)
    wrong = [(arrow, verdict) for arrow in found.arrows if not (verdict := _judged(world, arrow))]
    if options.output == "json" or wrong:
        listing = [
            {**verdict.as_dict(), "evidence": [one.as_dict() for one in arrow.evidence]} for arrow, verdict in wrong
        ]
        _print(
            options.output,
            [_with_evidence(arrow, verdict) for arrow, verdict in wrong],
            {"verdicts": listing},
            world.unread,
        )
    else:
        answer(
            f"None of the {plural(len(found), 'call')} that the input declares is denied."
            if len(found)
            else "The input declares no call: no workload names another one. Give FROM and TO.",
            world.unread,
        )
    return _status(good, not wrong)


def _judged(world: World, arrow: Arrow) -> Verdict:
    return world.explain(arrow.source, arrow.target, arrow.port, arrow.protocol)


def _with_evidence(arrow: Arrow, verdict: Verdict) -> Verdict:
    return verdict.noting(f"it is needed by {listed([one.sentence for one in arrow.evidence], most=3)}")


def _print(
    form: str, verdicts: list[Verdict], data: Mapping[str, Any], unread: Sequence[Unread], short: bool = False
) -> None:
    if form == "json":
        answer(as_json({**data, "unread": [one.as_dict() for one in unread]}))
    elif form == "html":
        from helpers.display.answers import verdict_html

        answer("\n".join(map(verdict_html, verdicts)), unread, form)
    else:
        answer("\n".join(clean_line(line) for verdict in verdicts for line in _lines(verdict, short)), unread)


def _lines(verdict: Verdict, short: bool) -> Iterator[str]:
    yield verdict.sentence
    if not short:
        yield from (f"  {miss.direction}: {miss}" for miss in verdict.misses)
        yield from (f"  note: {note}" for note in verdict.notes)


def _status(good: bool, allowed: bool) -> int:
    if not good:
        return 2
    return 0 if allowed else 1

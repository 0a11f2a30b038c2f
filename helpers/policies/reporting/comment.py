"""What a change of policies does, as a Markdown comment for a pull request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from helpers.policies.application.change import Change
from helpers.policies.application.comparing import Comparison
from helpers.policies.application.formats import as_markdown, plain
from helpers.policies.application.reach import Call
from helpers.policies.wording import listed, plural, short

MARK = "<!-- network-policies -->"
"""The first line, by which a bot finds its own comment to renew it."""

MOST = 50
"""So many rows a table has; a comment holds 65,536 characters."""


def change_comment(
    change: Change, *, by: str = "workload", spare: Sequence[str] = (), notes: Sequence[str] = ()
) -> str:
    """The comment; `spare` are policies that are redundant afterwards, `notes` what keeps it from saying all."""
    return "\n\n".join([MARK, *_parts(change, change.detailed(by), spare, notes)])


def _parts(change: Change, details: Comparison, spare: Sequence[str], notes: Sequence[str]) -> Iterator[str]:
    yield f"### Network policies: {_verdict(change, bool(notes))}"
    if not change.same or not notes:
        yield plain(change.sentence)
    for title, calls in (
        ("Needed, and would be cut", change.broken),
        ("Needed, and would work again", change.mended),
        ("Would be opened, though nothing needs it", _idle(change, change.opened)),
        ("Would be closed, and nothing needs it", _idle(change, change.closed)),
    ):
        if calls:
            yield _table(title, calls)
    if details.changes:
        yield _details(details)
    if spare:
        yield f"Redundant afterwards: {plain(listed(spare, most=20))}."
    yield from (f"Note: {plain(note)}." for note in notes)
    yield from (f"Not read: {plain(one.sentence)}" for one in change.unread)


def _verdict(change: Change, doubted: bool) -> str:
    if change.broken:
        return f"{plural(len(change.broken), 'needed call')} would be cut"
    if change.same:
        return "it isn't known whether anything changes" if doubted else "nothing changes"
    opened = len(_idle(change, change.opened))
    return f"{plural(opened, 'call')} would be opened that nothing needs" if opened else "nothing that is needed breaks"


def _idle(change: Change, calls: Iterable[Call]) -> tuple[Call, ...]:
    return tuple(call for call in calls if call not in change.needed)


def _table(title: str, calls: Sequence[Call]) -> str:
    rows = [(short(call.source), short(call.target), f"{call.protocol} {call.port}") for call in calls[:MOST]]
    left = f"\n\nand {len(calls) - MOST} more" if len(calls) > MOST else ""
    return f"**{title}: {len(calls)}**\n\n{as_markdown(('caller', 'called', 'port'), rows)}{left}"


def _details(details: Comparison) -> str:
    rows = [(one.kind, one.source, one.target, one.before, one.after) for one in details.changes[:MOST]]
    header = ("diff-type", "source", "destination", "before", "after")
    left = f"\n\nand {len(details.changes) - MOST} more" if len(details.changes) > MOST else ""
    summary = f"Every port and address: {plural(len(details.changes), 'pair')} of ends"
    return f"<details><summary>{summary}</summary>\n\n{as_markdown(header, rows)}{left}\n\n</details>"

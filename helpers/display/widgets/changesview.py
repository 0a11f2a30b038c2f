"""What a proposal would change, as HTML and as text: one line, the calls one by one, and the answer to a question."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from helpers.display.widgets.bench import Bench
from helpers.display.widgets.pane import does, esc, select
from helpers.display.widgets.proposal import Proposal
from helpers.display.widgets.yamltext import Mark
from helpers.policies import Verdict, home
from helpers.policies.application.reach import Call
from helpers.policies.model.addresses import OUTSIDE

MOST_SHOWN = 12
"""Calls listed before the rest is folded."""
MOST_LISTED = 400
"""Calls listed at all; what is beyond is counted."""


def line(bench: Bench) -> str:
    """One line for all that applying would do: the needed calls first."""
    proposal = bench.proposal
    if bench.elsewhere:
        said = f'<span class="lab-no">! {esc(bench.elsewhere)}</span>'
    elif proposal.plan:
        said = _counted(proposal)
    else:
        said = esc(proposal.summary())
    return f'<span class="lab-summary{" lab-faded" if bench.fault else ""}">{said}</span>'


def _counted(proposal: Proposal) -> str:
    found, needed = proposal.change, proposal.change.needed
    counts = (
        ("mended", len(found.mended), "works again", "work again"),
        ("broken", len(found.broken), "breaks", "break"),
        ("opened", len(_rest(found.opened, needed)), "opened", "opened"),
        ("closed", len(_rest(found.closed, needed)), "closed", "closed"),
    )
    last = "No policy is left · " if not proposal.policies else ""
    return last + " · ".join(
        f'<span class="{f"lab-call lab-{kind}" if count else "lab-label"}">{count} {one if count == 1 else many}</span>'
        for kind, count, one, many in counts
    )


def unfolder(bench: Bench, unfolded: bool) -> str:
    """The line, as the button that unfolds what it counts."""
    return (
        f'<button type="button" class="lab-unfold" aria-expanded="{str(unfolded).lower()}" '
        f'title="What would change, call by call" {does("unfold", key="unfold")}>'
        f"{'▾' if unfolded else '▸'} {line(bench)}</button>"
    )


def changes(bench: Bench, answered: str = "") -> str:
    """What applying would do to connections, the needed ones first; beside it the answer for the chosen one."""
    proposal, found = bench.proposal, bench.proposal.change
    groups = (
        ("Would break, though the application needs it", found.broken, "lab-broken", "✗"),
        ("Would work again", found.mended, "lab-mended", "✓"),
        ("Would be denied, and nothing needs it", _rest(found.closed, found.needed), "lab-closed", "−"),
        ("Would be allowed, though nothing needs it", _rest(found.opened, found.needed), "lab-opened", "+"),
        ("Needed, and denied already", _rest(proposal.broken, found.closed), "lab-broken", "✗"),
    )
    lists = "".join(_calls(title, calls, kind, sign, bench.question) for title, calls, kind, sign in groups)
    said = bench.elsewhere or proposal.summary()
    hint = '<p class="lab-hint">Click a call, and the reason is here.</p>' if lists else ""
    return (
        f'<div class="lab-changes"><div data-keep="changes"><p><b>{esc(said)}</b></p>{lists}</div>'
        f'<div data-keep="reason">{answered or hint}</div></div>'
    )


def _rest(calls: Iterable[Call], without: Iterable[Call]) -> list[Call]:
    left_out = set(without)
    return [call for call in calls if call not in left_out]


def _calls(title: str, calls: Sequence[Call], kind: str, sign: str, asked: Call | None) -> str:
    if not calls:
        return ""
    rows = [_call(call, kind, sign, call == asked) for call in calls[:MOST_LISTED]]
    shown, folded = rows[:MOST_SHOWN], rows[MOST_SHOWN:]
    more = f"<li>and {len(calls) - MOST_LISTED:,} further ones</li>" if len(calls) > MOST_LISTED else ""
    rest = (
        f'<details data-key="{esc(title)}, more"><summary>and {len(calls) - MOST_SHOWN:,} more</summary>'
        f"<ul>{''.join(folded)}{more}</ul></details>"
        if folded
        else ""
    )
    return (
        f'<details open class="lab-group" data-key="{esc(title)}"><summary>{title} ({len(calls):,})</summary>'
        f"<ul>{''.join(shown)}</ul>{rest}</details>"
    )


def _call(call: Call, kind: str, sign: str, chosen: bool) -> str:
    current = ' aria-current="true"' if chosen else ""
    return (
        f'<li><button type="button" class="lab-call {kind}" {does("ask-here", *call, key=f"{kind} {call}")}{current} '
        f'title="Why?">{sign} {esc(call)}</button></li>'
    )


def question(bench: Bench, answered: str = "") -> str:
    """One call, chosen by its ends and port, with the answer."""
    call = bench.question
    chosen = call or Call("", "", 0)
    ends = [(one.key, one.name, one.namespace) for one in bench.around.workloads]
    sources = [("", "who calls", ""), *ends, (OUTSIDE, "the outside", "not in the cluster")]
    asked = "".join(
        (
            '<span class="lab-label">May</span>',
            select(sources, chosen.source, "source", "question", "source"),
            '<span class="lab-label">call</span>',
            select([("", "whom", ""), *ends], chosen.target, "target", "question", "target"),
            '<span class="lab-label">on</span>',
            select(_ports(bench, chosen), _port(chosen), "port", "question", "port"),
        )
    )
    return f'<div class="lab-question"><div role="group" aria-label="Question">{asked}</div>{answered or _HINT}</div>'


_HINT = '<p class="lab-hint">Choose a call, or click an arrow or a cell of the matrix.</p>'


def _port(call: Call) -> str:
    return f"{call.port}/{call.protocol}" if call.port else ""


def _ports(bench: Bench, call: Call) -> list[tuple[str, str, str]]:
    found = {
        f"{number}/{protocol}": f"{protocol} {number}{f' ({name})' if name else ''}"
        for one in bench.around.workloads
        if one.key == call.target
        for name, number, protocol in one.ports
    }
    if call.port:
        found.setdefault(_port(call), f"{call.protocol} {call.port}")
    return [(value, text, "") for value, text in found.items()] or [("", "which port", "")]


def answer(bench: Bench) -> str:
    """The engine's answer to the question; empty without one, or when an end of it has gone."""
    if bench.question is None:
        return ""
    try:
        now, then = bench.proposal.verdicts(bench.question)
    except KeyError as error:
        return f'<p class="lab-hint">{esc(error)}.</p>'
    needed = "The application needs it." if bench.question in bench.proposal.change.needed else ""
    if not bench.proposal.plan or now.sentence == then.sentence:
        return (
            f'<div class="lab-answer">{_verdict("Now" if not bench.proposal.plan else "Now and then", now)}'
            f"<p>{needed}</p></div>"
        )
    return f'<div class="lab-answer">{_verdict("Now", now)}{_verdict("If applied", then)}<p>{needed}</p></div>'


def _verdict(when: str, verdict: Verdict) -> str:
    mark = "✓ allowed" if verdict.allowed else "✗ denied"
    kind = "lab-yes" if verdict.allowed else "lab-no"
    said = readable(f"{verdict.connection}: {verdict.cause}.")
    return f'<p><b>{when}:</b> <b class="{kind}">{mark}</b> {esc(said)}</p>'


def readable(sentence: str) -> str:
    """A verdict's sentence without the namespace that everything of the course is in."""
    return home.spoken(sentence)


def text(bench: Bench, marks: Sequence[Mark] = ()) -> str:
    """The workbench where no widget can be shown: the draft, what it would change, and what is wrong with it."""
    proposal = bench.proposal
    count = len(bench.draft.sheets)
    said = bench.elsewhere or proposal.summary()
    lines = [f"A workbench with {count or 'no'} {'policy' if count == 1 else 'policies'}. {said}"]
    lines += [f"  would be denied:  {call}{_need(proposal, call)}" for call in proposal.change.closed]
    lines += [f"  would be allowed: {call}{_need(proposal, call)}" for call in proposal.change.opened]
    lines += [f"  line {mark.span.line}: {mark.message}" for mark in marks]
    return "\n".join([*lines, "", bench.draft.text]).rstrip()


def _need(proposal: Proposal, call: Call) -> str:
    return " (the application needs it)" if call in proposal.change.needed else ""

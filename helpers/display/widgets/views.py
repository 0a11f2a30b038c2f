"""The workbench's parts as HTML: toolbar, list of policies, findings, what would change, questions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from helpers.display.widgets import templates
from helpers.display.widgets.bench import Bench
from helpers.display.widgets.draft import Sheet
from helpers.display.widgets.pane import button, does, esc, select
from helpers.display.widgets.proposal import Proposal
from helpers.display.widgets.yamltext import Mark, read
from helpers.policies import Verdict, home
from helpers.policies.application.reach import Call
from helpers.policies.model.addresses import OUTSIDE

MOST_SHOWN = 12
"""Calls listed before the rest is counted."""

_WORDS = {"new": "new", "changed": "changed", "applied": "in the cluster", "": "no policy yet"}


def toolbar(bench: Bench, chosen: Mapping[str, str], busy: bool = False) -> str:
    """Templates on the left, history in the middle, the cluster on the right."""
    ways = [(one.id, one.title, "") for one in templates.TEMPLATES]
    start = "".join(
        (
            '<span class="lab-label">Start from</span>',
            select(ways, chosen["template"], "template", "choose", "template"),
            '<span class="lab-label">for</span>',
            _workloads(bench, chosen["target"], "workload to protect", "target"),
            '<span class="lab-label">and</span>',
            _workloads(bench, chosen["other"], "the other workload", "other"),
            button("Add", "add", title="Add a policy made from this template"),
        )
    )
    history = "".join(
        (
            button("↶ Undo", "undo", off=not bench.history.past),
            button("↷ Redo", "redo", off=not bench.history.future),
            button("Reset", "reset", title="Back to the policies that the cluster has"),
            f'<label class="lab-button">Import<input type="file" accept=".yaml,.yml,.txt" {does("import")}></label>',
            button("Export", "export", title="Save all policies of the list as one YAML file"),
        )
    )
    plan = bench.proposal.plan
    cluster = "".join(
        (
            button("Look again", "refresh", title="Read the cluster's policies anew"),
            button(
                "Take back",
                "take-back",
                off=busy or not bench.can_take_back,
                title="Give the cluster the policies that it had before the last apply",
            ),
            button("Apply", "apply", off=busy or not plan, kind="lab-primary", title=f"To do: {plan}"),
        )
    )
    groups = (("Templates", start), ("Editing", history), ("Cluster", cluster))
    return (
        '<div class="lab-toolbar">'
        + "".join(f'<div role="group" aria-label="{label}">{inner}</div>' for label, inner in groups)
        + "</div>"
    )


def _workloads(bench: Bench, chosen: str, label: str, name: str) -> str:
    choices = [(f"{one.namespace}/{one.name}", one.name, one.namespace) for one in bench.around.workloads]
    return select(choices, chosen, label, "choose", name)


def message(text: str, fault: bool = False) -> str:
    """The line that says what was done or why not; screen readers read it aloud."""
    return f'<div class="lab-message{" lab-fault" if fault else ""}" role="status" aria-live="polite">{esc(text)}</div>'


def sheets(bench: Bench) -> str:
    """The policies of the draft, and those that applying would delete."""
    rows = [_sheet(sheet, sheet.id == bench.draft.selected, bench.proposal) for sheet in bench.draft.sheets]
    for gone in bench.proposal.plan.delete:
        rows.append(
            f'<li class="lab-gone"><s>{esc(home.short(gone))}</s> <span class="lab-badge">will be deleted</span></li>'
        )
    body = "".join(rows) or "<li>No policy yet: every pod may reach every other. Start from a template, or type.</li>"
    return f'<ul class="lab-sheets" aria-label="Policies" data-keep="sheets">{body}</ul>'


def _sheet(sheet: Sheet, is_open: bool, proposal: Proposal) -> str:
    faults = sum(mark.severity == "error" for mark in read(sheet.text).marks)
    status = proposal.status(sheet.policies)
    word = f"{faults} to mend" if faults else _WORDS[status]
    kind = "faulty" if faults else status
    current = ' aria-current="true"' if is_open else ""
    badge = f'<span class="lab-badge lab-{kind}">{word}</span>'
    return (
        f'<li{" class=lab-open" if is_open else ""}><button type="button" class="lab-sheet" '
        f"{does('open', sheet.id)}{current}>{esc(sheet.title)} {badge}</button>"
        f'<button type="button" class="lab-x" aria-label="Remove {esc(sheet.title)}" '
        f"{does('remove', sheet.id)}>×</button></li>"
    )


def faces(face: str) -> str:
    """The two faces of a policy."""
    tabs = "".join(
        f'<button type="button" role="tab" class="lab-tab" aria-selected="{str(name == face).lower()}" '
        f"{does('face', name)}>{text}</button>"
        for name, text in (("yaml", "YAML"), ("form", "Form"))
    )
    return f'<div role="tablist" aria-label="Ways to write the policy" class="lab-tabs">{tabs}</div>'


def findings(marks: Sequence[Mark], elsewhere: Sequence[Mark] = ()) -> str:
    """What is wrong or odd in the open policy, with a way to its line; then what concerns the rest of the cluster."""
    rows = [
        f'<li class="lab-{mark.severity}"><button type="button" class="lab-finding" '
        f"{does('goto', mark.span.line)}><b>{_SEVERITY[mark.severity]}</b> line {mark.span.line}: "
        f"{_sentence(mark)}</button></li>"
        for mark in marks
    ]
    body = "".join(rows) or '<li class="lab-fine">✓ Nothing to mend here.</li>'
    others = "".join(
        f'<li class="lab-{mark.severity}"><b>{_SEVERITY[mark.severity]}</b> {_sentence(mark)}</li>'
        for mark in elsewhere
    )
    more = (
        f"<details data-key='elsewhere'><summary>Elsewhere in the cluster ({len(elsewhere)})</summary>"
        f"<ul>{others}</ul></details>"
    )
    return (
        f'<div class="lab-findings" data-count="{len(rows)}"><ul aria-label="Findings">{body}</ul>'
        f"{more if elsewhere else ''}</div>"
    )


_SEVERITY = {"error": "✗ error", "warning": "! warning", "info": "i note"}


def _sentence(mark: Mark) -> str:
    return esc(mark.message) + (f" <i>{esc(mark.mend)}</i>" if mark.mend else "")


def changes(proposal: Proposal) -> str:
    """What applying would do to connections, the needed ones first."""
    found = proposal.change
    lists = "".join(
        (
            _calls("Would break, though the application needs it", found.broken, "lab-broken", "✗"),
            _calls("Would work again", found.mended, "lab-mended", "✓"),
            _calls("Would be denied, and nothing needs it", _rest(found.closed, found.needed), "lab-closed", "−"),
            _calls("Would be allowed, though nothing needs it", _rest(found.opened, found.needed), "lab-opened", "+"),
            _calls("Needed, and denied already", _rest(proposal.broken, found.closed), "lab-broken", "✗"),
        )
    )
    return f'<div class="lab-changes"><p class="lab-summary">{esc(proposal.summary())}</p>{lists}</div>'


def _rest(calls: Iterable[Call], without: Iterable[Call]) -> list[Call]:
    left_out = set(without)
    return [call for call in calls if call not in left_out]


def _calls(title: str, calls: Sequence[Call], kind: str, sign: str) -> str:
    if not calls:
        return ""
    rows = "".join(
        f'<li><button type="button" class="lab-call {kind}" {does("ask", *call, key=f"{kind} {call}")} '
        f'title="Why?">{sign} {esc(call)}</button></li>'
        for call in calls[:MOST_SHOWN]
    )
    more = f"<li>and {len(calls) - MOST_SHOWN} more</li>" if len(calls) > MOST_SHOWN else ""
    return (
        f'<details open class="lab-group" data-key="{esc(title)}"><summary>{title} ({len(calls)})</summary>'
        f"<ul>{rows}{more}</ul></details>"
    )


def question(bench: Bench) -> str:
    """One call, chosen by its ends and port, and why it is allowed or denied: now, and if the draft were applied."""
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
    return f'<div class="lab-question"><div role="group" aria-label="Question">{asked}</div>{answer(bench)}</div>'


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
        return '<p class="lab-hint">Choose a call, or click one in the lists or in the matrix.</p>'
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
    lines = [f"A workbench with {count or 'no'} {'policy' if count == 1 else 'policies'}. {proposal.summary()}"]
    lines += [f"  would be denied:  {call}{_need(proposal, call)}" for call in proposal.change.closed]
    lines += [f"  would be allowed: {call}{_need(proposal, call)}" for call in proposal.change.opened]
    lines += [f"  line {mark.span.line}: {mark.message}" for mark in marks]
    return "\n".join([*lines, "", bench.draft.text]).rstrip()


def _need(proposal: Proposal, call: Call) -> str:
    return " (the application needs it)" if call in proposal.change.needed else ""

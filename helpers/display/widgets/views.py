"""The workbench's parts as HTML: toolbar, list of policies, findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from helpers.display.widgets import templates
from helpers.display.widgets.bench import Bench
from helpers.display.widgets.draft import Sheet
from helpers.display.widgets.pane import button, does, esc, select
from helpers.display.widgets.proposal import Proposal
from helpers.display.widgets.yamltext import Mark, read
from helpers.policies import home

_NONE = "No policy yet: every pod may reach every other. Start from a template, or type."
_LAST = "No policy would be left: every pod may reach every other then. Undo brings it back."
_WORDS = {"new": "new", "changed": "changed", "applied": "in the cluster", "": "no policy yet"}


def toolbar(bench: Bench, chosen: Mapping[str, str]) -> str:
    """Templates on the left, what is done to the draft on the right."""
    ways = [(one.id, one.title, "") for one in templates.TEMPLATES]
    start = "".join(
        (
            '<span class="lab-label">Start from</span>',
            select(ways, chosen["template"], "template", "choose", "template"),
            *(_choice(bench, chosen, name) for name in templates.template(chosen["template"]).asks),
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
            '<button type="button" class="lab-button" data-full data-key="full" aria-pressed="false" '
            'title="The workbench alone, as large as the window; Escape leaves it">Full window</button>',
        )
    )
    groups = (("Templates", start), ("Editing", history))
    return (
        '<div class="lab-toolbar">'
        + "".join(f'<div role="group" aria-label="{label}">{inner}</div>' for label, inner in groups)
        + "</div>"
    )


_CHOICES = {
    "target": ("for", "workload to protect"),
    "other": ("and", "the other workload"),
    "namespace": ("in", "namespace"),
}
"""What a template asks for: the word before it, and its name for screen readers."""


def _choice(bench: Bench, chosen: Mapping[str, str], name: str) -> str:
    word, label = _CHOICES[name]
    if name == "namespace":
        choices = [(one, one, "") for one in bench.around.namespaces]
    else:
        choices = [(f"{one.namespace}/{one.name}", one.name, one.namespace) for one in bench.around.workloads]
    return f'<span class="lab-label">{word}</span>' + select(choices, chosen[name], label, "choose", name)


def cluster(bench: Bench, busy: bool = False) -> str:
    """What is done to the cluster; *Apply* is the last, and disabled with its reason."""
    refused = bench.refusal
    parts = (
        button(
            "Look again",
            "refresh",
            title="Read the cluster's policies anew",
            kind="lab-primary" if bench.elsewhere else "",
        ),
        button(
            "Take back",
            "take-back",
            off=busy or not bench.can_take_back,
            title="Give the cluster the policies that it had before the last apply",
        ),
        button(
            "Apply",
            "apply",
            off=busy or bool(refused),
            kind="lab-primary",
            title=refused or f"To do: {bench.proposal.plan}",
        ),
    )
    return f'<div class="lab-cluster" role="group" aria-label="Cluster">{"".join(parts)}</div>'


def message(text: str, fault: bool = False) -> str:
    """The line that says what was done or why not; screen readers read it aloud."""
    return f'<div class="lab-message{" lab-fault" if fault else ""}" role="status" aria-live="polite">{esc(text)}</div>'


def sheets(bench: Bench) -> str:
    """The policies of the draft, and those that applying would delete."""
    rows = [_sheet(sheet, sheet.id == bench.draft.selected, bench.proposal) for sheet in bench.proposal.fitted.sheets]
    for gone in bench.proposal.plan.delete:
        rows.append(
            f'<li class="lab-gone"><s>{esc(home.short(gone))}</s> <span class="lab-badge">will be deleted</span></li>'
        )
    if not bench.draft.sheets:
        rows.append(f"<li>{_LAST if rows else _NONE}</li>")
    body = "".join(rows)
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


_FACES = (("yaml", "YAML"), ("form", "Form"))


def faces(face: str) -> str:
    """The two faces of a policy."""
    return tabs(_FACES, face, "face", "Ways to write the policy")


VIEWS = (("graph", "Graph"), ("matrix", "Matrix"))


def view_tabs(view: str) -> str:
    """The views of what would change, and how large the graph is."""
    whole = (
        '<button type="button" class="lab-button" data-whole data-key="whole" aria-pressed="false" '
        'title="The whole graph in its frame, or as large as its words need">Fit</button>'
    )
    chosen = tabs(VIEWS, view, "view", "Views of what would change")
    return f'<div class="lab-views">{chosen}{whole if view == "graph" else ""}</div>'


def tabs(choices: Sequence[tuple[str, str]], chosen: str, action: str, label: str) -> str:
    """A row of tabs, (name, text) each; one that is clicked sends `action` with its name."""
    shown = "".join(
        f'<button type="button" role="tab" class="lab-tab" aria-selected="{str(name == chosen).lower()}" '
        f"{does(action, name)}>{text}</button>"
        for name, text in choices
    )
    return f'<div role="tablist" aria-label="{esc(label)}" class="lab-tabs">{shown}</div>'


def findings(marks: Sequence[Mark], elsewhere: Sequence[Mark] = ()) -> str:
    """What is wrong or odd in the open policy, with a way to its line; then what concerns the rest of the cluster."""
    rows = [
        f'<li class="lab-{mark.severity}"><button type="button" class="lab-finding" '
        f"{does('goto', mark.span.line)}><b>{_SEVERITY[mark.severity]}</b> line {mark.span.line}: "
        f"{_sentence(mark)}</button> {_fix(mark)}</li>"
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


def _fix(mark: Mark) -> str:
    return button(esc(mark.fix.name), "fix", mark.fix.as_dict(), kind="lab-fix") if mark.fix else ""


_SEVERITY = {"error": "✗ error", "warning": "! warning", "info": "i note"}


def _sentence(mark: Mark) -> str:
    return esc(mark.message) + (f" <i>{esc(mark.mend)}</i>" if mark.mend else "")

"""The flow log as HTML: filter, table or groups, and the account of the opened flow."""

from __future__ import annotations

import json
from collections.abc import Sequence

from helpers.display.flowtable import end_cell, service_note
from helpers.display.widgets.changesview import readable
from helpers.display.widgets.flowbook import (
    GROUPS,
    MOST_SHOWN,
    VERDICTS,
    Account,
    Filter,
    Flow,
    FlowBook,
    Group,
)
from helpers.display.widgets.pane import button, copied, does, esc, select
from helpers.lab.cluster.looking import end_name
from helpers.policies import home

_HEADS = ("Time", "Source", "Target", "Port", "Verdict", "Policies")
_SIGNS = {"allowed": "✓", "denied": "✗", "refused": "∅"}


def controls(chosen: Filter, running: bool) -> str:
    """What filters and groups, and the switch between live and standing still."""
    live = json.dumps(["words"])
    words = (
        f'<input type="search" aria-label="Filter" placeholder="filter: frontend 50051 …" '
        f'value="{esc(chosen.words)}" data-live="{esc(live)}" data-key="words">'
    )
    dns = f'<label><input type="checkbox"{" checked" * chosen.dns} {does("dns")}> DNS too</label>'
    verdicts = [(value, text, "") for value, text in VERDICTS.items()]
    groups = [(value, text, "") for value, text in GROUPS.items()]
    parts = (
        words,
        select(verdicts, chosen.verdict, "verdict", "verdict"),
        select(groups, chosen.group, "group by", "group"),
        dns,
        button("Pause" if running else "Go on", "running", not running, title="Follow the log, or hold still"),
    )
    return f'<div class="lab-toolbar"><div role="group" aria-label="Filter">{"".join(parts)}</div></div>'


def table(book: FlowBook) -> str:
    """The flows, newest first, or their groups."""
    if book.filter.group:
        return _groups(book)
    flows = book.chosen
    rows = "".join(_row(flow, flow["metadata"]["name"] == book.opened) for flow in flows[:MOST_SHOWN])
    heads = "".join(f'<th scope="col">{head}</th>' for head in _HEADS)
    return (
        f'<div class="lab-scroll" data-keep="flows"><table class="lab-flows">'
        f"<caption>{_counted(flows, book)}</caption>"
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _counted(flows: Sequence[Flow], book: FlowBook) -> str:
    if not book.flows:
        return "No connection was logged yet. Open a page of the shop, or probe something."
    shown = "" if len(flows) <= MOST_SHOWN else f", the newest {MOST_SHOWN} shown"
    return f"{len(flows)} of {len(book.flows)} connections{shown}, the newest first. Click one for its reason."


def _row(flow: Flow, is_open: bool) -> str:
    name = flow["metadata"]["name"]
    times = f" ×{flow['attempts']}" if int(flow.get("attempts") or 1) > 1 else ""
    verdict = str(flow.get("verdict"))
    policies = ", ".join(map(home.short, flow.get("policies") or [])) or "none"
    time = (
        f'<button type="button" class="lab-finding" aria-expanded="{str(is_open).lower()}" '
        f"{does('open', name)}>{esc(str(flow.get('time', ''))[11:23])}</button>"
    )
    cells = (
        time,
        end_cell(flow["source"]),
        end_cell(flow["target"]) + service_note(flow),
        esc(f"{flow.get('port')}/{flow.get('protocol')}"),
    )
    # The whole row takes clicks; the keyboard has the button in its first cell.
    return (
        f'<tr class="lab-row{" lab-open" if is_open else ""}" {does("open", name, key=f"row {name}")}>'
        + "".join(f"<td>{cell}</td>" for cell in cells)
        + f'<td class="lab-{esc(verdict)}">{_SIGNS.get(verdict, "")} {esc(verdict)}{times}</td>'
        f"<td>{esc(policies)}</td></tr>"
    )


def _groups(book: FlowBook) -> str:
    groups = book.groups
    rows = "".join(_group(group, book.opened) for group in groups)
    return (
        f'<p class="lab-hint">{len(groups)} groups of {len(book.chosen)} connections.</p>'
        f'<ul class="lab-groups" data-keep="flows">{rows}</ul>'
    )


def _group(group: Group, opened: str) -> str:
    newest = group.flows[0]
    name = newest["metadata"]["name"]
    verdict = str(newest.get("verdict"))
    current = ' aria-current="true"' if any(flow["metadata"]["name"] == opened for flow in group.flows) else ""
    return (
        f'<li><button type="button" class="lab-finding lab-{esc(verdict)}" {does("open", name)}{current}>'
        f"{_SIGNS.get(verdict, '')} {esc(home.spoken(group.title))}</button> "
        f'<span class="lab-badge">{group.attempts}×, last {esc(str(newest.get("time", ""))[11:19])}</span></li>'
    )


def account(flow: Flow | None, told: Account | None, suggestion: str) -> str:
    """Why the opened flow fared as it did; for a denied one the policy that would let it through."""
    if flow is None or told is None:
        return ""
    head = f"{end_name(flow['source'])} → {end_name(flow['target'])} {flow.get('protocol')} {flow.get('port')}"
    verdict = str(flow.get("verdict"))
    lines = [
        f'<p><b>{esc(head)}</b> <b class="lab-{esc(verdict)}">{_SIGNS.get(verdict, "")} {esc(verdict)}</b></p>',
        f"<p>{esc(told.logged.removeprefix(f'{head} is {verdict}: '))}</p>",
    ]
    if told.note:
        lines.append(f"<p>{esc(told.note)}</p>")
    if told.verdict is not None and (told.note or not told.logged):
        lines.append(f"<p><b>Now:</b> {esc(readable(told.verdict.sentence))}</p>")
    if suggestion:
        lines.append(
            "<p>The smallest policy that would let it through:</p>"
            + copied(suggestion, "Copy the smallest policy")
            + button("Open in the workbench", "workbench", title="Nothing is applied yet")
        )
    return f'<div class="lab-answer" role="region" aria-label="Explanation">{"".join(lines)}</div>'

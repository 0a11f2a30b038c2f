"""The flow log as a table."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from helpers.display import palette
from helpers.display.drawing.words import workload_name
from helpers.lab.cluster import looking
from helpers.lab.course import changes
from helpers.policies.wording import short

Flow = dict[str, Any]
_NOBODY = "No connection was logged yet."


class FlowTable(looking.Flows):
    """Flows as a table, the newest first; prints like `kubectl get flows`. `since` is the moment from which all are
    listed; what is older is the last of its verdict."""

    def __init__(
        self, flows: Iterable[Flow] = (), nobody: str = _NOBODY, since: str = "", *, missing: bool = False
    ) -> None:
        super().__init__(flows, nobody, missing=missing)
        self.since = since

    def _repr_html_(self) -> str:
        if not self:
            return f"<p>{html.escape(self.nobody)}</p>"
        head = "".join(
            f'<th scope="col">{name}</th>' for name in ("time", "source", "target", "port", "verdict", "decided by")
        )
        body = "".join(_flow_row(flow, _is_older(flow, self.since)) for flow in reversed(self))
        words = "Connections as the cluster judged them" + " since the last reset" * bool(self.since)
        region = f'<div class="lab-flows" tabindex="0" role="region" aria-label="{words}">'
        return (
            f"{region}<style>{_FLOW_STYLE}</style>"
            f"<table><caption>{words}, the newest first</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
        )


_VERDICTS = {"allowed": ("✓", palette.ALLOWED), "denied": ("✗", palette.BLOCKED), "refused": ("!", palette.EXTRA)}
_FLOW_STYLE = (
    ".lab-flows{overflow-x:auto}"
    ".lab-flows table{font-size:13px;margin:0}"
    ".lab-flows tr td,.lab-flows tr th{text-align:left!important;padding:.15em .7em}"
    ".lab-flows caption{text-align:left;font-weight:bold;padding:.2em 0}"
    + "".join(
        f".lab-flows .{word}{{color:{colour};font-weight:bold;white-space:nowrap}}"
        f'[data-jp-theme-light="false"] .lab-flows .{word}{{color:{palette.DARK[colour]}}}'
        for word, (_, colour) in _VERDICTS.items()
    )
)


def flows(source: str = "", target: str = "", *, verdict: str = "", last: int = 30) -> FlowTable:
    """The flow log as a table: what was judged since the last reset, each once with how often.

    `source` and `target` pick by workload or pod; `last` keeps that many of the newest. The last connection of each
    verdict is always there, however old.
    """
    found = looking.flows(source, target, verdict=verdict)
    since = looking.moment(changes.begun())
    return FlowTable(told(found, since, last), found.nobody, since, missing=found.missing)


def told(flows: Sequence[Flow], since: str = "", last: int = 30) -> list[Flow]:
    """Of flows (oldest first) the newest `last` since a moment, repeats as one with all their attempts; and besides
    the last one of each verdict."""
    whole = folded(flows)
    fresh = folded([flow for flow in flows if not _is_older(flow, since)])[-last:]
    shown = {flow["verdict"] for flow in fresh}
    newest = {flow["verdict"]: flow for flow in whole if flow["verdict"] not in shown}
    return [*sorted(newest.values(), key=_when), *fresh]


def folded(flows: Iterable[Flow]) -> list[Flow]:
    """Flows that differ in time alone as one: the newest of them, with the attempts of all."""
    found: dict[tuple[Any, ...], Flow] = {}
    for flow in flows:
        key = (
            workload_name(flow["source"]),
            workload_name(flow["target"]),
            *(flow.get(name) for name in ("port", "protocol", "verdict")),
            tuple(flow.get("policies") or ()),
        )
        before = found.pop(key, None)
        attempts = int(flow.get("attempts") or 1) + (int(before["attempts"]) if before else 0)
        newer = flow if before is None or _when(flow) >= _when(before) else before
        found[key] = {**newer, "attempts": attempts}
    return sorted(found.values(), key=_when)


def _when(flow: Flow) -> str:
    return str(flow.get("time") or "")


def _is_older(flow: Flow, since: str) -> bool:
    return bool(since) and _when(flow) < since


def end_cell(end: dict[str, Any]) -> str:
    """One end of a flow by its workload; pointing at it tells the pod."""
    pod = html.escape(looking.end_name(end), quote=True)
    return f'<span title="{pod}">{html.escape(workload_name(end))}</span>'


def service_note(flow: Mapping[str, Any]) -> str:
    """The Service that was called, where its name isn't the workload's."""
    service = short(str(flow["target"].get("service") or ""))
    told = service and service != workload_name(flow["target"])
    return f' <small class="lab-label">(Service {html.escape(service)})</small>' if told else ""


def _flow_row(flow: Mapping[str, Any], older: bool) -> str:
    mark, _ = _VERDICTS.get(flow["verdict"], ("", ""))
    times = f" ×{flow['attempts']}" if flow.get("attempts", 1) > 1 else ""
    before = " <small>before the reset</small>" if older else ""
    cells = [
        html.escape(str(flow["time"])[11:23]) + before,
        end_cell(flow["source"]),
        end_cell(flow["target"]) + service_note(flow),
        html.escape(f"{flow['port']}/{flow['protocol']}"),
    ]
    decided = html.escape(", ".join(flow.get("policies") or [])) or "no policy"
    return (
        f'<tr title="{html.escape(str(flow.get("reason", "")), quote=True)}">'
        + "".join(f"<td>{cell}</td>" for cell in cells)
        + f'<td class="{html.escape(flow["verdict"])}">{mark} {html.escape(flow["verdict"])}{times}</td>'
        f"<td>{decided}</td></tr>"
    )

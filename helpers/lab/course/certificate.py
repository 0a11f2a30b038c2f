"""`lab.certificate("Ada")`: a page to print, with what was done of the course, when, and who may now call whom.

Nobody signs it: it says what this lab has seen.
"""

import html
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from helpers.lab.cluster import looking
from helpers.lab.course import checks
from helpers.lab.course.record import Attempt
from helpers.lab.errors import LabError
from helpers.plain_text import clean_line
from helpers.policies.application.need import needs
from helpers.policies.application.reach import Reach
from helpers.policies.model.naming import is_system
from helpers.policies.wording import short

LONGEST_NAME = 80
_MARKS = {
    "needed": ("●", "needed, and allowed"),
    "blocked": ("✗", "needed, but blocked"),
    "open": ("○", "allowed, though nobody needs it"),
    "denied": ("·", "denied, and nobody needs it"),
}
_WEIGHT = ("blocked", "needed", "open", "denied")


@dataclass(frozen=True)
class Certificate:
    """A page that was written; shows itself in a notebook."""

    path: Path
    page: str

    def __repr__(self) -> str:
        return f"Written to {self.path}: open it in a browser and print it."

    def _repr_html_(self) -> str:
        shown = html.escape(self.page, quote=True)
        return (
            f'<p>Written to <a href="{html.escape(self.path.name, quote=True)}" target="_blank">'
            f"{html.escape(self.path.name)}</a>, beside this notebook: open it and print it.</p>"
            f'<iframe srcdoc="{shown}" sandbox="" title="Certificate" style="width:100%;height:34em;border:1px solid '
            f'#8886"></iframe>'
        )


def certificate(name: str, folder: str | Path = ".") -> Certificate:
    """Write the certificate of somebody as an HTML page into a folder. Raises LabError if nothing is done yet."""
    whose = clean_line(" ".join(str(name).split()))[:LONGEST_NAME]
    if not whose:
        raise LabError('Say whose: lab.certificate("Ada Lovelace").')
    attempts = checks.progress().attempts
    if not any(attempt.done for attempt in attempts.values()):
        raise LabError("No task of the course is done yet. Each notebook ends with one; then ask again.")
    page = _page(whose, attempts, matrix(Reach.of((world := looking.world()), needs(world))))
    stem = re.sub(r"[^\w-]+", "-", whose.lower()).strip("-_") or "attendee"
    path = Path(folder).expanduser().absolute() / f"certificate-{stem}.html"
    try:
        path.write_text(page, "utf-8")
    except OSError as error:
        raise LabError(f"{path} can't be written: {error.strerror}. Name another folder.") from None
    return Certificate(path, page)


def matrix(reach: Reach) -> str:
    """Who may call whom, as a table of HTML; a sentence where nothing runs."""
    states: dict[tuple[str, str], str] = {}
    for call in {*reach.stage.needed, *reach.calls}:
        if all(not is_system(end.partition("/")[0]) for end in call[:2]):
            state = ("needed" if call in reach.stage.needed else "open") if call in reach else "blocked"
            pair = call.source, call.target
            states[pair] = min(states.get(pair, "denied"), state, key=_WEIGHT.index)
    columns = sorted({target for _, target in states if "/" in target})
    rows = sorted({*columns, *(source for source, target in states if target in columns)}, key=_outside_first)
    if not columns:
        return "<p>No application was running when this was written.</p>"
    head = "".join(f'<th scope="col"><span>{_text(column)}</span></th>' for column in columns)
    lines = "".join(
        f'<tr><th scope="row">{_text(row)}</th>'
        + "".join(_cell(states.get((row, column), "denied"), row == column) for column in columns)
        + "</tr>"
        for row in rows
    )
    key = " ".join(f"<span><b>{mark}</b> {words}</span>" for mark, words in _MARKS.values())
    return (
        f"<table><caption>Who may call whom: rows call, columns are called</caption><thead><tr><td></td>{head}</tr>"
        f'</thead><tbody>{lines}</tbody></table><p class="key">{key}</p>'
    )


def _cell(state: str, itself: bool) -> str:
    mark, words = ("", "itself") if itself and state == "denied" else _MARKS[state]
    return f'<td class="{state}" title="{words}">{mark}</td>'


def _outside_first(end: str) -> tuple[bool, str]:
    return "/" in end, end


def _text(end: str) -> str:
    return html.escape(short(end))


def _page(whose: str, attempts: Mapping[str, Attempt], drawn: str) -> str:
    done = [(task, attempt) for task, attempt in attempts.items() if attempt.done]
    rows = "".join(
        f"<tr><td>{html.escape(task)}</td><td>{_day(attempt.done)}</td>"
        f"<td>{attempt.tries} {'try' if attempt.tries == 1 else 'tries'}</td></tr>"
        for task, attempt in done
    )
    days = [day for day in (_day(attempt.done) for _, attempt in sorted(done, key=lambda it: it[1].done)) if day]
    when = days[0] if days and days[0] == days[-1] else f"{days[0]} to {days[-1]}" if days else ""
    name = html.escape(whose)
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{name}: Network policies on the Hipster Shop</title><style>{_STYLE}</style>
<body><main>
<p class="course">Network policies on the Hipster Shop</p>
<h1>{name}</h1>
<p>has done {len(done)} of the course's {len(attempts)} tasks{f", {when}" if when else ""}. Each was checked on a
running cluster.</p>
<h2>Tasks</h2>
<table class="tasks"><thead><tr><th scope="col">task</th><th scope="col">done</th><th scope="col">after</th></tr>
</thead><tbody>{rows}</tbody></table>
<h2>The shop in the end</h2>
{drawn}
<footer>Written by the course's lab on {_day(time.time())}. It is not signed: it says what the lab has seen, and nobody
vouches for it.</footer>
</main></body></html>
"""


def _day(at: float) -> str:
    """A date in words; none for a task whose time an earlier version didn't keep."""
    return time.strftime("%d %B %Y", time.localtime(at)).lstrip("0") if at > 86400 else ""


_STYLE = """
@page{size:A4;margin:14mm}
:root{color-scheme:light dark}
body{margin:0;font:15px/1.5 Georgia,serif;background:light-dark(#fff,#14181d);color:light-dark(#1b1f24,#e8ecf1)}
main{max-width:46em;margin:2em auto;padding:0 1.2em}
.course{letter-spacing:.06em;margin:0;border-bottom:3px double currentColor;padding-bottom:.5em}
h1{font-size:2.3em;margin:.7em 0 .1em;overflow-wrap:anywhere}
h2{font-size:1.1em;margin:1.3em 0 .3em}
table{border-collapse:collapse;font:13px/1.3 system-ui,sans-serif}
.tasks th,.tasks td{text-align:left;padding:.12em 1.6em .12em 0;font-weight:normal}
caption{text-align:left;padding-bottom:.4em}
th{font-weight:normal}
table:not(.tasks) td{border:1px solid light-dark(#d5dae0,#343b44);text-align:center;width:1.9em;height:1.7em}
table:not(.tasks) thead td{border:0}
table:not(.tasks) tbody th{text-align:right;padding-right:.6em}
thead th{vertical-align:bottom}
thead th span{writing-mode:vertical-rl;transform:rotate(180deg);padding-top:.3em;text-align:left}
.needed{color:light-dark(#116329,#5bd183)}
.blocked{color:light-dark(#b3151f,#ff8b84)}
.open{color:light-dark(#9a3b00,#ffab5e)}
.key{font:12px/1.6 system-ui,sans-serif}
.key span{margin-right:1.2em;white-space:nowrap}
footer{margin-top:2em;border-top:1px solid;padding-top:.6em;font-size:.85em}
@media print{:root{color-scheme:light}main{margin:0;padding:0;max-width:none}}
"""

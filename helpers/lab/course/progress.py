"""How far one has come, as a table with a bar: HTML in a notebook, lines elsewhere."""

import html
import time
from collections.abc import Mapping
from dataclasses import dataclass

from helpers.lab import tones
from helpers.lab.course.record import Attempt

_STATES = {
    "done": ("✓", "done", tones.GOOD),
    "tried": ("→", "tried", tones.WARN),
    "skipped": ("–", "skipped", tones.QUIET),
    "untouched": ("·", "open", tones.QUIET),
}
_NO_DATE = 86400.0  # an earlier version kept no times


@dataclass(frozen=True)
class Progress:
    """The course's tasks in their order, each with what was tried of it."""

    attempts: Mapping[str, Attempt]

    @property
    def done(self) -> tuple[str, ...]:
        return tuple(task for task, attempt in self.attempts.items() if attempt.done)

    @property
    def open(self) -> tuple[str, ...]:
        return tuple(task for task, attempt in self.attempts.items() if not attempt.done)

    @property
    def sentence(self) -> str:
        """The whole in words."""
        skipped = sum(attempt.state == "skipped" for attempt in self.attempts.values())
        words = f", {skipped} skipped" if skipped else ""
        return f"{len(self.done)} of {len(self.attempts)} tasks are done{words}."

    def __repr__(self) -> str:
        width = max(map(len, self.attempts), default=0)
        lines = [
            f"{'[ OK ]' if attempt.done else '[ .. ]'} {task:<{width}}  {_words(attempt)}".rstrip()
            for task, attempt in self.attempts.items()
        ]
        return "\n".join([*lines, self.sentence])

    def _repr_html_(self) -> str:
        total, done = len(self.attempts), len(self.done)
        names = ("task", "state", "tries", "first", "done", "last hint")
        heads = "".join(f'<th scope="col">{name}</th>' for name in names)
        rows = "".join(_row(task, attempt) for task, attempt in self.attempts.items())
        return (
            f'<div class="lab-tasks" role="group" aria-label="Your progress"><style>{_STYLE}</style>'
            f'<p><progress max="{total}" value="{done}" aria-label="Tasks done"></progress> {self.sentence}</p>'
            f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
        )


def _row(task: str, attempt: Attempt) -> str:
    mark, word, colour = _STATES[attempt.state]
    cells = (
        f'<th scope="row"><code>{html.escape(task)}</code></th>',
        f'<td><span style="color:{colour}">{mark} {word}</span></td>',
        f"<td>{attempt.tries or ''}</td>",
        f"<td>{_moment(attempt.first)}</td>",
        f"<td>{_moment(attempt.done)}</td>",
        f'<td class="said">{html.escape(attempt.said.replace("`", ""))}</td>',
    )
    return f"<tr>{''.join(cells)}</tr>"


def _words(attempt: Attempt) -> str:
    """One task in words: what came of it, after how many tries, when."""
    tries = f"{attempt.tries} {'try' if attempt.tries == 1 else 'tries'}" if attempt.tries else ""
    if attempt.done:
        return ", ".join(filter(None, ("done", tries, _moment(attempt.done))))
    found = ", ".join(filter(None, (attempt.state if attempt.state == "skipped" else "", tries)))
    return f"{found}: {attempt.said.replace('`', '')}" if attempt.said and attempt.tries else found


def _moment(at: float) -> str:
    """A time of today as `14:05`, another with its day; nothing if there is none."""
    if at < _NO_DATE:
        return ""
    when = time.localtime(at)
    return time.strftime("%H:%M" if when[:3] == time.localtime()[:3] else "%d %b, %H:%M", when)


_STYLE = """
.lab-tasks{font:13px/1.5 system-ui,sans-serif;max-width:62em}
.lab-tasks progress{width:16em;vertical-align:middle;accent-color:#1a7f37}
.lab-tasks table{border-collapse:collapse}
.lab-tasks th,.lab-tasks td{text-align:left;padding:.15em .9em .15em 0;font-weight:normal;vertical-align:top;
white-space:nowrap}
.lab-tasks td.said{white-space:normal}
.lab-tasks thead th{opacity:.75}
"""

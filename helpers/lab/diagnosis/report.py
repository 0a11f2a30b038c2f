"""What the doctor says: lines that are fine, or name the next step. Prints as text, shows as a table."""

import html
from dataclasses import asdict, dataclass
from typing import Any

from helpers.lab import tones

MARKS = {"ok": "[ OK ]", "note": "[note]", "mend": "[mend]"}
COLOURS = {"ok": tones.GOOD, "note": tones.WARN, "mend": tones.BAD}


@dataclass(frozen=True)
class Line:
    """One look: `state` is "ok", "note" (the course works without it) or "mend"; `advice` is the next step."""

    state: str
    subject: str
    text: str
    advice: str = ""

    def __str__(self) -> str:
        line = f"{MARKS[self.state]} {self.subject}: {self.text}"
        return f"{line}\n       → {self.advice}" if self.advice else line


class Report(list[Line]):
    """The doctor's lines; true if nothing needs mending."""

    def __bool__(self) -> bool:
        return all(line.state != "mend" for line in self)

    def __repr__(self) -> str:
        return "\n".join([*map(str, self), self.sentence])

    @property
    def sentence(self) -> str:
        """The lines in one sentence."""
        count = sum(line.state == "mend" for line in self)
        if not count:
            return "All is well."
        return f"{count} {'thing needs' if count == 1 else 'things need'} mending, as said above."

    def as_dict(self) -> dict[str, Any]:
        return {"ok": bool(self), "lines": [asdict(line) for line in self]}

    def _repr_html_(self) -> str:
        rows = "".join(map(_row, self))
        return f'<table style="margin-left:0"><tbody>{rows}</tbody></table><p>{html.escape(self.sentence)}</p>'


def _row(line: Line) -> str:
    advice = f"<br>→ {html.escape(line.advice)}" if line.advice else ""
    cells = (
        (f"color:{COLOURS[line.state]};font-family:monospace;white-space:pre", MARKS[line.state]),
        ("font-weight:bold", html.escape(line.subject)),
        ("", html.escape(line.text) + advice),
    )
    return "<tr>" + "".join(f'<td style="text-align:left;{style}">{text}</td>' for style, text in cells) + "</tr>"

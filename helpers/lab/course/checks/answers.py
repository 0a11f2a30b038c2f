"""What a check answers: whether it is done, and if not, the one hint that this mistake earns."""

import html
from collections.abc import Iterable
from dataclasses import dataclass

from helpers.lab import tones


@dataclass(frozen=True)
class Answer:
    """The result of a check; `mistake` names what was recognised (empty when passed), `text` is for the learner."""

    passed: bool
    text: str
    mistake: str = ""

    @property
    def word(self) -> str:
        return "Done." if self.passed else "Not yet." if self.mistake == "nothing-yet" else "Not quite."

    def __bool__(self) -> bool:
        return self.passed

    def __repr__(self) -> str:
        return f"{'[ OK ]' if self.passed else '[ .. ]'} {self.word} {self.text}"

    def _repr_html_(self) -> str:
        colour, mark = (tones.GOOD, "✓") if self.passed else (tones.WARN, "→")
        return (
            f'<div role="status" style="border-left:4px solid {colour};padding:.5em .9em;margin:.3em 0;'
            f'max-width:62em"><strong>{mark} {self.word}</strong> {markup(self.text)}</div>'
        )


def done(text: str) -> Answer:
    return Answer(True, text)


def hint(mistake: str, text: str) -> Answer:
    return Answer(False, text, mistake)


def first(answers: Iterable[Answer | None]) -> Answer | None:
    """The first hint among these; they are asked for one after the other."""
    return next((answer for answer in answers if answer is not None), None)


def markup(text: str) -> str:
    """Text with `code` between backticks, as HTML."""
    parts = html.escape(text).split("`")
    return "".join(f"<code>{part}</code>" if index % 2 else part for index, part in enumerate(parts))

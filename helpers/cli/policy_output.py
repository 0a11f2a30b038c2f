"""What the commands print: an answer with what isn't known of, and pictures by graphviz."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

from helpers.cli.policy_input import BadInput
from helpers.policies.reading.unread import Unread
from helpers.policies.wording import clean


def answer(text: str, unread: Sequence[Unread] = (), form: str = "text") -> None:
    """Print what a command answers, with what it doesn't know of: in the answer where that is text, else beside it.

    JSON has its own field for that.
    """
    if text:
        print(clean(text))
    for one in unread:
        if form != "json":
            print(f"Not read: {one.sentence}", file=sys.stdout if form == "text" else sys.stderr)


def drawn(as_form: Callable[[str, Any], str], form: str, value: Any) -> str:
    """A table or graph in a form of its own, or as SVG; raises BadInput when there is no graphviz."""
    return svg(as_form("dot", value)) if form == "svg" else as_form(form, value)


def svg(dot: str) -> str:
    """A graph drawn by graphviz; raises BadInput when there is none."""
    from helpers.display.drawing.dot import draw
    from helpers.lab.errors import LabError

    try:
        return draw(dot, "svg").decode()
    except LabError as error:
        raise BadInput(f"{error} (-o dot needs no graphviz.)") from None

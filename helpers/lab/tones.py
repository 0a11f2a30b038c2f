"""Colours of words in HTML. Each is mixed with the page's own text colour: legible on a light page and on a dark one.

A browser that cannot mix shows the words in the text's colour; no colour means anything alone.
"""


def _tone(colour: str) -> str:
    return f"color-mix(in srgb, {colour} 65%, var(--jp-content-font-color1, CanvasText))"


GOOD = _tone("#1a7f37")
BAD = _tone("#d1242f")
WARN = _tone("#b36b00")
QUIET = _tone("#6e7781")


def verdict(good: bool) -> str:
    """The colour of what is allowed, works or is done, and of what isn't."""
    return GOOD if good else BAD

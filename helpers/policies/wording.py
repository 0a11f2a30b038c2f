"""Small helpers for sentences."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from helpers import plain_text
from helpers.policies import home

_COMMAND = re.compile(r"(?m)(?P<colons>^[ \t]*::)(?=[\w-]{0,40}[g-zG-Z])|##(?=\w{0,20}\[)")
_JOINERS = {0x200C: r"\u200c", 0x200D: r"\u200d"}
"""They join and part letters, which a page may need; in a name they only hide."""


def clean(text: str) -> str:
    """Text for a terminal or a log: what steers, hides, turns the order of letters or commands a CI runner is written
    as an escape. Lines and tabs stay."""
    return _harmless(plain_text.clean(text))


def clean_line(text: str) -> str:
    """The same for what must stay on one line: a name, a value, a sentence about them."""
    return _harmless(plain_text.clean_line(text))


def clean_lines(lines: Iterable[str]) -> str:
    """Many lines as one text, each as `clean_line` gives it."""
    listed = list(lines)
    text = "\n".join(listed)
    whole = text.count("\n") + 1 == len(listed) and text.replace("\n", " ").isprintable()
    return _harmless(text) if whole else "\n".join(map(clean_line, listed))


def _harmless(text: str) -> str:
    """Without commands to a CI runner (`::error::…`, `##[error]…`), whose log the text may be printed to."""
    text = text if text.isprintable() else text.translate(_JOINERS)
    if "::" not in text and "##" not in text:
        return text
    return _COMMAND.sub(lambda found: found[0].replace("::", r"\u003a:") if found["colons"] else r"#\u0023", text)


def listed(items: Iterable[str], word: str = "and", most: int = 6) -> str:
    """`a, b and c`; a long list ends with how many more there are."""
    names = list(items)
    if len(names) > most:
        names = [*names[: most - 1], f"{len(names) - most + 1} more"]
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {word} {names[-1]}"


def plural(count: int, noun: str, many: str = "") -> str:
    """`1 pod`, `3 pods`."""
    return f"{count} {noun}" if count == 1 else f"{count} {many or noun + 's'}"


def nearest(name: str, known: Sequence[str], most: int = 1, alike: float = 0.6) -> list[str]:
    """The known names that look most like this one; bounded, so that a hostile name costs nothing."""
    import difflib  # takes long, and is seldom needed

    return difflib.get_close_matches(name[:100], known[:2000], n=most, cutoff=alike)


_SPOKEN = {
    "outside": "the outside world",
    "{ingress-controller}": "the ingress controller",
    "{api-server}": "the API server",
}


def short(end: str) -> str:
    """An end of an arrow for a reader: `default/web[Deployment]` as `web` where one works in
    `default`, `shop/web[Deployment]` as `shop/web`."""
    return _SPOKEN.get(end) or home.short(end.partition("[")[0])

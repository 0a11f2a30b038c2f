"""Small helpers for sentences."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_STEERING = (*range(0x09), *range(0x0B, 0x20), *range(0x7F, 0xA0),  # C0 but tab and line feed, DEL, C1
             0x00AD, 0x061C, 0x180E, *range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x2070), 0xFEFF,
             *range(0xD800, 0xE000),  # surrogates, which no encoding takes
             *range(0xFFF9, 0xFFFC), *range(0xE0000, 0xE0080))
_COMMAND = re.compile(r"(?m)(?P<colons>^[ \t]*::)(?=[\w-]{0,40}[g-zG-Z])|##(?=\w{0,20}\[)")


def _escaped(text: str) -> str:
    r"""As `\u001b`: what JSON and YAML read as the same character."""
    units = text.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


_SHOWN = {code: _escaped(chr(code)) for code in _STEERING}
_ON_ONE_LINE = _SHOWN | {0x09: "\\t", 0x0A: "\\n"}


def clean(text: str) -> str:
    """Text for a terminal or a log: what steers, hides, turns the order of letters or commands a CI runner is written
    as an escape. Lines and tabs stay."""
    return _harmless(text if text.isprintable() else text.replace("\r\n", "\n").translate(_SHOWN))


def clean_line(text: str) -> str:
    """The same for what must stay on one line: a name, a value, a sentence about them."""
    return _harmless(text if text.isprintable() else text.translate(_ON_ONE_LINE))


def _harmless(text: str) -> str:
    """Without commands to a CI runner (`::error::…`, `##[error]…`), whose log the text may be printed to."""
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


_SPOKEN = {"outside": "the outside world", "{ingress-controller}": "the ingress controller",
           "{api-server}": "the API server"}


def short(end: str) -> str:
    """An end of an arrow for a reader: `default/web[Deployment]` as `web`, `shop/web[Deployment]` as `shop/web`."""
    return _SPOKEN.get(end) or end.partition("[")[0].removeprefix("default/")

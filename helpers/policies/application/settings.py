"""What a configuration text sets: its lines without comments, prose and documentation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

LONGEST = 200_000
"""Longer texts, such as certificates in ConfigMaps, are searched so far and no further."""

_DOCUMENTS = (".md", ".markdown", ".rst", ".adoc", ".html", ".htm", ".css", ".svg", ".js", ".txt.tmpl", ".po")
_ABOUT = re.compile(
    r"(?:.*[-_.])?(?:description|help|docs?|documentation|comments?|notes?|message|title|summary|"
    r"annotations?|runbook|homepage|license|readme|examples?|see|links?|schema|wiki|changelog)"
    r"(?:[-_.]?ur[il])?",
    re.IGNORECASE,
)
_KEY = re.compile(r"[\s\-{]{0,200}[\"']?([A-Za-z$][\w.$-]{0,100})(?:[\"']?\s{0,20}=|[\"']\s{0,20}:|\s{0,20}:(?=\s|$))")
_COMMENT_LINE = ("#", ";", "//", "--  ", "-- ", "!", "REM ", "rem ", "%")
_COMMENT_AFTER = re.compile(r"(?:(?<=\s)|^)(?:#|//)(?=\s|$|[^/\s])")
_BLOCKS = (("<!--", "-->"), ("/*", "*/"))
_SMALL_WORDS = frozenset(
    "a an and are at be but by can for from has have here how if in is it its more not of on or "
    "our please see so than that the their then there these they this to uses was we what when "
    "where which who why will with you your".split()
)
_CODE = re.compile(r"[;|&{}$<>=\\]")
_WORD = re.compile(r"(?<![\w:/.@-])[A-Za-z]{1,30}(?![\w:/@-]|\.\w)")


class Setting(NamedTuple):
    """A line that sets something: its key, if it has one, and the text of it all; `indent` are the blanks before."""

    key: str
    text: str
    indent: int


def settings(text: str, name: str = "") -> Iterator[Setting]:
    """The lines of a text that set something; `name` is the text's own key, such as `app.conf` or a variable's name."""
    if name.lower().endswith(_DOCUMENTS) or _ABOUT.fullmatch(name):
        return
    about: int | None = None
    for line in _without_blocks(_broken(text[:LONGEST])).splitlines():
        bare = line.lstrip()
        indent = len(line) - len(bare)
        if about is not None and (not bare or indent > about):
            continue
        about = None
        if not bare.strip("[]{}()<>,;\"' "):
            continue
        if bare.startswith(_COMMENT_LINE) or bare in ("--", "REM"):
            continue
        line = _without_remark(line)
        found = _KEY.match(line)
        key = found[1] if found else ""
        if key and _ABOUT.fullmatch(key):
            about = indent
        elif line.strip() and not is_prose(line[found.end() :] if found else line):
            yield Setting(key, line, indent)


def is_prose(text: str) -> bool:
    """Whether a line is written for people: small words of English, or many words and nothing of a language."""
    if _CODE.search(text):
        return False
    words = _WORD.findall(text)
    return len(words) > 4 or sum(word.lower() in _SMALL_WORDS for word in words) > 1


def _broken(text: str) -> str:
    """JSON on one line as one line an entry."""
    if text.lstrip()[:1] in ("{", "[") and "\n" not in text.strip():
        return re.sub(r"([,{}\[\]])[ \t]*", r"\1\n", text)
    return text


def _without_blocks(text: str) -> str:
    for start, end in _BLOCKS:
        parts = text.split(start)
        text = parts[0] + "".join(f" {part.partition(end)[2]}" for part in parts[1:])
    return text


def _without_remark(line: str) -> str:
    """A line without the comment at its end: a `#` or `//` after a blank, outside of quotes."""
    for found in _COMMENT_AFTER.finditer(line):
        before = line[: found.start()]
        if before.count('"') % 2 == 0 and before.count("'") % 2 == 0:
            return before
    return line

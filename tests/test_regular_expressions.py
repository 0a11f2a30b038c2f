"""No regular expression of the project takes long over a long run of its own characters."""

from __future__ import annotations

import ast
import importlib
import re
import signal
import types
import warnings
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from re import _parser as parser  # type: ignore[attr-defined]

ROOT = Path(__file__).resolve().parents[1]
LENGTH = 20_000
SECONDS = 2.0
"""Of CPU for all texts of one pattern; a quadratic one would need minutes, an exponential one for ever."""


def sources() -> Iterator[Path]:
    yield from sorted(path for path in (ROOT / "helpers").rglob("*.py") if "node_modules" not in path.parts)


def patterns() -> dict[tuple[str, int], set[str]]:
    """(pattern, flags) -> the methods that it is used with, of every literal pattern and every compiled constant."""
    found: dict[tuple[str, int], set[str]] = {}
    for path in sources():
        text = path.read_text()
        if "re." not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("re.") and node.args:
                try:
                    pattern = ast.literal_eval(node.args[0])
                except ValueError:
                    continue
                if isinstance(pattern, str):
                    found.setdefault((pattern, 0), set()).add(ast.unparse(node.func).partition(".")[2])
        for pattern, method in constants(path, text):
            found.setdefault((pattern.pattern, pattern.flags), set()).add(method)
    return found


def constants(path: Path, text: str) -> Iterator[tuple[re.Pattern[str], str]]:
    """The compiled patterns among a module's globals, or bound methods of them."""
    if "re.compile" not in text:
        return
    module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))
    for value in vars(module).values():
        if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
            yield value, "compile"
        own = value.__self__ if isinstance(value, types.BuiltinMethodType) else None
        if isinstance(own, re.Pattern) and isinstance(own.pattern, str):
            yield own, value.__name__


def characters(node: Any) -> Iterator[str]:
    """Characters that a parsed pattern speaks of: its literals, and one or two of each range and class."""
    for entry in node:
        kind, argument = entry
        name = str(kind)
        if name in ("LITERAL", "NOT_LITERAL"):
            yield chr(argument)
        elif name == "RANGE":
            yield from (chr(argument[0]), chr(argument[1]))
        elif name == "CATEGORY":
            yield {"CATEGORY_DIGIT": "1", "CATEGORY_SPACE": " ", "CATEGORY_WORD": "a"}.get(str(argument), "-")
        elif name == "IN":
            yield from characters(argument)
        elif name == "ANY":
            yield "a"
        else:
            yield from nested(argument)


def nested(argument: Any) -> Iterator[str]:
    if isinstance(argument, parser.SubPattern):
        yield from characters(argument)
    elif isinstance(argument, list | tuple):
        for part in argument:
            yield from nested(part)


def texts(pattern: str, flags: int) -> Iterator[str]:
    """Long runs of each character, of each pair of neighbours, and of the pattern's literal words, with an end that
    fits nothing."""
    own = list(dict.fromkeys(characters(parser.parse(pattern, flags))))[:24]
    units = [*own, *(one + other for one, other in pairwise(own)), "".join(own)]
    for unit in units:
        for end in ("", "\0", "\n\0"):
            yield unit * (LENGTH // len(unit)) + end


USED: dict[str, Callable[[re.Pattern[str], str], object]] = {
    "match": lambda pattern, text: pattern.match(text),
    "fullmatch": lambda pattern, text: pattern.fullmatch(text),
    "search": lambda pattern, text: pattern.search(text),
    "findall": lambda pattern, text: pattern.findall(text),
    "finditer": lambda pattern, text: list(pattern.finditer(text)),
    "split": lambda pattern, text: pattern.split(text),
    "sub": lambda pattern, text: pattern.sub("", text),
    "compile": lambda pattern, text: pattern.match(text),
}


class TooLong(Exception):
    pass


def stop(*_: object) -> None:
    raise TooLong


PATTERNS = patterns()


def test_there_are_patterns_to_try() -> None:
    assert len(PATTERNS) > 60 and any("compile" not in methods for methods in PATTERNS.values())


@pytest.mark.parametrize(("pattern", "flags"), PATTERNS, ids=lambda value: ascii(value)[:60])
def test_each_is_quick_over_its_own_characters(pattern: str, flags: int) -> None:
    taken = took(pattern, flags, PATTERNS[pattern, flags])
    assert taken < SECONDS, f"{pattern!r} takes {taken:.1f} s"


def took(pattern: str, flags: int, methods: set[str]) -> float:
    """CPU seconds for all texts, at most SECONDS."""
    compiled = re.compile(pattern, flags)
    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    try:
        for text in texts(pattern, flags):
            for method in methods & USED.keys():
                USED[method](compiled, text)
        return SECONDS - signal.getitimer(signal.ITIMER_VIRTUAL)[0]
    except TooLong:
        return SECONDS
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@pytest.mark.parametrize("pattern", [r"(\s|#[^\n]*|%[^\n]*|\.\.\.)*\Z", r"(a+)+b", r"(a|a)*c"])
def test_a_hanging_one_would_be_found(pattern: str) -> None:
    assert took(pattern, 0, {"match"}) >= SECONDS

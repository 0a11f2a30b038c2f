"""Tables and graphs of connections as text: CSV, Markdown, JSON and DOT.

The columns and the shape of the graphs are those of netpol-analyzer, so that outputs can be compared.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from helpers.policies.application.comparing import Comparison
from helpers.policies.matrix.listing import Connection
from helpers.policies.wording import clean, clean_line, clean_lines

_COLOURS = {"added": "#1a7f37", "removed": "#c62828", "changed": "#8250df"}


_FORMULA = ("=", "+", "-", "@")
"""How a cell begins that a spreadsheet would run."""


def as_json(value: Any) -> str:
    return clean(json.dumps(value, indent=2, ensure_ascii=False))


def as_csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Rows as CSV, without a last line break."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([_cell(value) for value in row] for row in (header, *rows))
    return out.getvalue().removesuffix("\n")


def _cell(value: object) -> str:
    """A cell as text, even where it looks like a formula."""
    text = clean_line(str(value))
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text


def as_markdown(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(plain(str(cell)) for cell in line) + " |" for line in lines)


def plain(text: str) -> str:
    """Text as Markdown that shows it: no cell ends in it, no HTML, link, image or code begins."""
    return clean_line(text.replace("\n", " ")).translate(_MARKDOWN).replace("](", "]\\(")


_MARKDOWN = str.maketrans({"|": r"\|", "\\": r"\\", "`": r"\`", "<": "&lt;", "&": "&amp;", "!": r"\!"})


def matrix_as(form: str, connections: Sequence[Connection]) -> str:
    """A matrix's connections as "text", "json", "csv", "markdown" or "dot"."""
    if form == "json":
        return as_json([line.as_dict() for line in connections])
    if form == "dot":
        return dot((line.source, line.target, line.text, "") for line in connections)
    rows = [(line.source, line.target, line.text) for line in connections]
    if form == "csv":
        return as_csv(("src", "dst", "conn"), rows)
    if form == "markdown":
        return as_markdown(("src", "dst", "conn"), rows)
    return clean_lines(map(str, connections))


def comparison_as(form: str, comparison: Comparison) -> str:
    """A comparison as "text", "json", "csv", "markdown" or "dot"."""
    if form == "json":
        return as_json(comparison.as_dict())
    if form == "dot":
        return dot(
            (one.source, one.target, f"{one.before} → {one.after}", _COLOURS[one.kind]) for one in comparison.changes
        )
    header = ("diff-type", "source", "destination", "before", "after")
    rows = [(one.kind, one.source, one.target, one.before, one.after) for one in comparison.changes]
    if form == "csv":
        return as_csv(header, rows)
    return as_markdown(header, rows) if form == "markdown" else str(comparison)


def dot(arrows: Iterable[tuple[str, str, str, str]]) -> str:
    """A graph of (source, target, label, colour) arrows; the workloads of a namespace share a frame."""
    listed = list(arrows)
    spaces: dict[str, dict[str, None]] = {}
    outside: dict[str, None] = {}
    for source, target, _, _ in listed:
        for end in (source, target):
            namespace, slash, _ = end.partition("/")
            (spaces.setdefault(namespace, {}) if slash else outside)[end] = None
    lines = [
        "digraph {",
        '  rankdir="LR" fontname="Helvetica"',
        '  node [shape=box style=rounded fontname="Helvetica" margin="0.25,0.1"]',
        '  edge [fontname="Helvetica" fontsize=10]',
    ]
    for number, (namespace, ends) in enumerate(sorted(spaces.items())):
        lines += [f"  subgraph cluster_{number} {{", f"    label={quoted(namespace)}"]
        lines += [f"    {quoted(end)} [label={quoted(end.partition('/')[2])}]" for end in sorted(ends)]
        lines.append("  }")
    lines += [f"  {quoted(end)} [shape=ellipse]" for end in sorted(outside)]
    lines += [
        f"  {quoted(source)} -> {quoted(target)} [{_attributes({'label': label, 'color': colour})}]"
        for source, target, label, colour in listed
    ]
    return "\n".join([*lines, "}"])


def _attributes(values: Mapping[str, str]) -> str:
    return " ".join(f"{name}={quoted(value)}" for name, value in values.items() if value)


def quoted(text: str) -> str:
    """A DOT string."""
    escaped = clean(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'

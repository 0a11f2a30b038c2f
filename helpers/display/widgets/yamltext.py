"""The text of policies: read it with the place of every field, write it tidily.

`read` never raises: what a person types is wrong most of the time, and every fault becomes a `Mark` at its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from typing import Any

import yaml

from helpers.policies import default, home, validate
from helpers.policies.reading.texts import documents
from helpers.policies.reading.yamltext import BadYaml, Loader, load

_API_VERSION, _KIND = "networking.k8s.io/v1", "NetworkPolicy"
_NOT_WRITTEN_BY_PEOPLE = "kubectl.kubernetes.io/last-applied-configuration"


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of one line: `line` and `column` from 1, `end` is the column after the last character."""

    line: int
    column: int
    end: int


@dataclass(frozen=True, slots=True)
class Fix:
    """A mend that one click makes: `new` in the place of `old`, which stands at `span`."""

    span: Span
    old: str
    new: str

    @property
    def name(self) -> str:
        return f"Write {self.new}"

    def on(self, text: str) -> str:
        """The text, mended; as it is when `old` doesn't stand there any more."""
        lines = text.split("\n")
        line = lines[self.span.line - 1] if self.span.line <= len(lines) else ""
        before, after = line[: self.span.column - 1], line[self.span.end - 1 :]
        if before + self.old + after != line:
            return text
        lines[self.span.line - 1] = before + self.new + after
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self.span), "name": self.name, "old": self.old, "new": self.new}


@dataclass(frozen=True, slots=True)
class Mark:
    """Something to underline: `severity` is error, warning or info; the message is one sentence."""

    span: Span
    severity: str
    message: str
    mend: str = ""
    fix: Fix | None = None

    def as_dict(self) -> dict[str, Any]:
        """The mark as the editor takes it."""
        message = f"{self.message}\n{self.mend}" if self.mend else self.message
        return {
            "line": self.span.line,
            "column": self.span.column,
            "end": self.span.end,
            "severity": self.severity,
            "message": message,
            "fix": self.fix.as_dict() if self.fix else None,
        }


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document of a text: what it says, and where each field (`spec.ingress[0].from[1]`) stands."""

    value: Any
    spans: Mapping[str, Span]

    def span(self, field: str) -> Span:
        """Where a field stands, or the nearest field around it that is written down."""
        while field and field not in self.spans:
            field = re.sub(r"(\[\d+\]|\.[^.\[]*|^[^.\[]*)$", "", field)
        return self.spans.get(field) or Span(1, 1, 1)


_MOST_READ = 4096
"""So many texts are remembered: the sheets of a large cluster, and what was typed of late."""


@dataclass(frozen=True)
class Reading:
    """A text, read: its documents, and the faults for which the API server would refuse it."""

    documents: tuple[Document, ...]
    marks: tuple[Mark, ...]

    @property
    def sound(self) -> bool:
        """Whether the API server would accept all of it."""
        return not any(mark.severity == "error" for mark in self.marks)

    @cached_property
    def policies(self) -> tuple[dict[str, Any], ...]:
        """The policies of a sound text, with the API's defaults; empty for an unsound one."""
        return tuple(with_defaults(document.value) for document in self.documents) if self.sound else ()


@lru_cache(maxsize=_MOST_READ)
def read(text: str) -> Reading:
    """Read a text of one or more YAML documents that should be policies."""
    found, marks = [], []
    for line, part in documents(text):
        try:
            values = load(part)
        except BadYaml as error:
            marks.append(_syntax_mark(error, line, text))
            continue
        found += [Document(value, _spans(part, line)) for value in values if value is not None]
    marks += [mark for document in found for mark in _faults(document)]
    return Reading(tuple(found), tuple(marks))


def _spans(text: str, first: int) -> Mapping[str, Span]:
    """Where each field of a document stands; `first` is the document's own line."""
    node = yaml.compose(text, Loader=Loader)
    spans: dict[str, Span] = {}
    if node is not None:
        spans[""] = _span(node, first)
        _walk(node, "", first, spans)
    return spans


def _walk(node: yaml.Node, path: str, first: int, spans: dict[str, Span]) -> None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = f"{path}.{key.value}" if path else str(key.value)
            spans[inner] = _joined(_span(key, first), value, first)
            _walk(value, inner, first, spans)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            spans[f"{path}[{index}]"] = _span(value, first)
            _walk(value, f"{path}[{index}]", first, spans)


def _span(node: yaml.Node, first: int) -> Span:
    start, end = node.start_mark, node.end_mark
    same = end.line == start.line and end.column > start.column
    return Span(start.line + first, start.column + 1, end.column + 1 if same else 0)


def _joined(key: Span, value: yaml.Node, first: int) -> Span:
    """A field's key, with its value when that is a scalar on the same line."""
    end = value.end_mark
    same = isinstance(value, yaml.ScalarNode) and end.line + first == key.line
    return Span(key.line, key.column, end.column + 1 if same else key.end)


def _syntax_mark(error: BadYaml, first: int, text: str) -> Mark:
    line = min(first + (error.line or 0), text.rstrip("\n").count("\n") + 1)
    tab = "\t" in text.split("\n")[line - 1]
    return Mark(Span(line, 1, 0), "error", error.reason, "Indent with spaces, two a level." if tab else "")


def _faults(document: Document) -> Iterator[Mark]:
    value = document.value
    if not isinstance(value, dict):
        yield Mark(document.span(""), "error", "not a policy: a policy is a mapping that starts with apiVersion")
        return
    for field, wanted in (("apiVersion", _API_VERSION), ("kind", _KIND)):
        if value.get(field) != wanted:
            said = f"{field} is {value[field]!r}" if value.get(field) else f"{field} is missing"
            yield Mark(document.span(field), "error", f"{said}: the workbench edits {field}: {wanted}")
            return
    for fault in validate(value):
        yield Mark(document.span(fault.field), "error", str(fault))


def with_defaults(policy: Mapping[str, Any]) -> dict[str, Any]:
    """A policy as the API server would store it: its defaults, and the course's namespace where none is named."""
    full = dict(default(dict(policy)))
    full["metadata"] = {**full["metadata"], "namespace": home.namespace_of(full["metadata"])}
    return full


def key(policy: Mapping[str, Any]) -> str:
    """A policy's key, `namespace/name`."""
    metadata = policy.get("metadata") or {}
    return f"{home.namespace_of(metadata)}/{metadata.get('name') or '(unnamed)'}"


def clean(live: Mapping[str, Any]) -> dict[str, Any]:
    """A live object without what the cluster added: what a person would keep in a file."""
    metadata = live.get("metadata") or {}
    kept = {"name": metadata.get("name", ""), "namespace": home.namespace_of(metadata)}
    notes = {
        name: value for name, value in (metadata.get("annotations") or {}).items() if name != _NOT_WRITTEN_BY_PEOPLE
    }
    more = {name: value for name, value in (("labels", metadata.get("labels")), ("annotations", notes)) if value}
    spec = dict(live.get("spec") or {})
    return {"apiVersion": _API_VERSION, "kind": _KIND, "metadata": {**kept, **more}, "spec": spec}


_ORDER = {
    name: place
    for place, name in enumerate(
        (
            "apiVersion",
            "kind",
            "metadata",
            "spec",
            "name",
            "namespace",
            "podSelector",
            "policyTypes",
            "ingress",
            "egress",
            "from",
            "to",
            "ports",
            "namespaceSelector",
            "matchLabels",
            "matchExpressions",
            "protocol",
            "port",
            "endPort",
        )
    )
}


def write(policy: Mapping[str, Any], comments: str = "") -> str:
    """A policy as tidy YAML, its fields in the order in which the documentation writes them."""
    text = yaml.safe_dump(_ordered(policy), sort_keys=False, default_flow_style=False, allow_unicode=True, width=10_000)
    return comments + str(text)


def scalar(text: str) -> str:
    """A text as YAML that is a text again: in quotes where it would be a number, a boolean or a comment."""
    tidy = yaml.safe_dump([text], default_flow_style=True, allow_unicode=True, width=10_000)
    return str(tidy).strip()[1:-1]


def _ordered(value: Any, parent: str = "") -> Any:
    if isinstance(value, Mapping):
        names = (
            value
            if parent in ("matchLabels", "labels", "annotations")
            else sorted(value, key=lambda name: (_ORDER.get(name, len(_ORDER)), name))
        )
        return {name: _ordered(value[name], name) for name in names}
    return [_ordered(item) for item in value] if isinstance(value, (list, tuple)) else value


def split(text: str) -> list[str]:
    """The documents of a text as texts of their own, comments kept; separators and empty documents dropped."""
    parts = re.split(r"^---[ \t]*(?:#[^\n]*)?\n", text if text.endswith("\n") else text + "\n", flags=re.MULTILINE)
    return [part for part in parts if re.sub(r"#[^\n]*", "", part).strip()]


def join(texts: list[str]) -> str:
    """Several documents as one text."""
    return "---\n".join(text if text.endswith("\n") else text + "\n" for text in texts)

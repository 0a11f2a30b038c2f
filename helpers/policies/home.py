"""The namespace in which one works, as a kubeconfig's context has one: whatever names no namespace means it, and
sentences leave it out.

It is the one setting of the engine, and of the whole process: `default` until `work_in` says otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_namespace = "default"


def namespace() -> str:
    """The namespace that is meant where none is named."""
    return _namespace


def work_in(name: str) -> None:
    """Work in this namespace from now on."""
    global _namespace
    _namespace = name


def namespace_of(metadata: Mapping[str, Any]) -> str:
    """The namespace of an object with these metadata."""
    return str(metadata.get("namespace") or _namespace)


def full(name: str) -> str:
    """`ns/name` of a name that may have no namespace."""
    return name if "/" in name else f"{_namespace}/{name}"


def short(key: str) -> str:
    """A key `ns/name` without the namespace in which one works."""
    return key.removeprefix(f"{_namespace}/")


def spoken(text: str) -> str:
    """A text whose keys are all as `short` gives them."""
    return re.sub(rf"(?<![\w./-]){re.escape(_namespace)}/", "", text)


def first(key: str) -> tuple[bool, str]:
    """What keys are sorted by: those of the namespace in which one works come first."""
    return not key.startswith(f"{_namespace}/"), key

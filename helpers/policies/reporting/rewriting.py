"""How to come from the present policies to suggested ones: a diff of their YAML, policy by policy."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from helpers.policies.world import World
from helpers.policies.writing.suggesting import Suggestion

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Rewriting:
    """The names ("ns/name") of policies that come, go, and change, and the diff of all of them as text."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    text: str


def rewriting(world: World, suggestion: Suggestion) -> Rewriting:
    """From a world's policies, in the namespaces for which some are suggested, to those."""
    after = {_key(item): item for item in suggestion.policies}
    spaces = {key.partition("/")[0] for key in after}
    before = {policy.key: policy.source for policy in world.policies if policy.namespace in spaces}
    texts = {key: (_text(before.get(key)), _text(after.get(key))) for key in sorted({*before, *after})}
    return Rewriting(
        tuple(key for key in texts if key not in before),
        tuple(key for key in texts if key not in after),
        tuple(key for key, (old, new) in texts.items() if old and new and old != new),
        "\n".join(line for key, (old, new) in texts.items() for line in _lines(key, old, new)),
    )


def _key(policy: Json) -> str:
    return f"{policy['metadata']['namespace']}/{policy['metadata']['name']}"


def _text(policy: Json | None) -> list[str]:
    """A policy's YAML without what the cluster wrote into it, in lines."""
    if policy is None:
        return []
    import yaml

    about = policy.get("metadata") or {}
    kept = {
        "apiVersion": policy.get("apiVersion"),
        "kind": policy.get("kind"),
        "metadata": {name: about[name] for name in ("name", "namespace", "labels") if about.get(name)},
        "spec": policy.get("spec"),
    }
    return str(yaml.safe_dump(_plain(kept), sort_keys=False, allow_unicode=True)).splitlines()


def _plain(value: Any) -> Any:
    """The value in plain dictionaries and lists, without the places of its text."""
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value


def _lines(key: str, old: list[str], new: list[str]) -> Iterator[str]:
    names = (f"a/{key}" if old else "/dev/null", f"b/{key}" if new else "/dev/null")
    yield from difflib.unified_diff(old, new, *names, lineterm="", n=3)

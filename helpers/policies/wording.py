"""Small helpers for sentences."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


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
    return difflib.get_close_matches(name[:100], known[:2000], n=most, cutoff=alike)


_SPOKEN = {"outside": "the outside world", "{ingress-controller}": "the ingress controller",
           "{api-server}": "the API server"}


def short(end: str) -> str:
    """An end of an arrow for a reader: `default/web[Deployment]` as `web`, `shop/web[Deployment]` as `shop/web`."""
    return _SPOKEN.get(end) or end.partition("[")[0].removeprefix("default/")

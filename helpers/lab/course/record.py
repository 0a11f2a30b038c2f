"""What was tried of each task, and how it went: kept in LAB_HOME, across kernels and across `down`."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from helpers.lab.home import read_json, update_json

KEPT = "progress.json"
UNTRIED = "nothing-yet"
"""The mistake of an answer to somebody who hasn't begun: no try."""


@dataclass(frozen=True)
class Attempt:
    """One task so far. Times are seconds as `time.time()` gives them, 0 for never."""

    first: float = 0.0
    """When its check was first asked."""
    done: float = 0.0
    tries: int = 0
    """Answers until it was done, that one included."""
    hint: str = ""
    """The key of the last hint, such as `service-port`."""
    said: str = ""
    """The last hint's sentence."""
    skipped: bool = False
    """Passed over by `lab.catch_up`."""

    @property
    def state(self) -> str:
        """`done`, `skipped`, `tried` or `untouched`."""
        if self.done:
            return "done"
        return "skipped" if self.skipped else "tried" if self.tries else "untouched"

    def after(self, passed: bool, mistake: str, said: str, now: float) -> "Attempt":
        """The task after one more answer; what is done stays as it was."""
        if self.done:
            return self
        begun = replace(self, first=self.first or now)
        if passed:
            return replace(begun, done=now, tries=self.tries + 1, hint="", said="")
        return replace(begun, tries=self.tries + (mistake != UNTRIED), hint=mistake, said=said)


_TYPES = {field.name: type(field.default) for field in fields(Attempt)}


def attempts() -> dict[str, Attempt]:
    """Every task that was asked for or skipped on this machine."""
    return {task: _read(kept) for task, kept in read_json(KEPT).items()}


def note(task: str, *, passed: bool, mistake: str, said: str) -> None:
    """Keep one more answer."""
    now = time.time()
    _change(lambda known: {task: known.get(task, Attempt()).after(passed, mistake, said, now)})


def skip(tasks: Iterable[str]) -> list[str]:
    """Mark those of the tasks that aren't done as skipped; returns them."""
    listed = [*tasks]
    missing: list[str] = []

    def marked(known: Mapping[str, Attempt]) -> dict[str, Attempt]:
        missing[:] = [task for task in listed if not known.get(task, Attempt()).done]
        return {task: replace(known.get(task, Attempt()), skipped=True) for task in missing}

    _change(marked)
    return missing


def _change(changed: Callable[[Mapping[str, Attempt]], dict[str, Attempt]]) -> None:
    def renewed(kept: dict[str, Any]) -> dict[str, Any]:
        known = {task: _read(value) for task, value in kept.items()}
        return {task: asdict(attempt) for task, attempt in (known | changed(known)).items()}

    update_json(KEPT, renewed)


def _read(kept: object) -> Attempt:
    """An attempt as it was kept; of a damaged one what is whole. An earlier version kept `true` for done, no more."""
    if kept is True:
        return Attempt(first=1.0, done=1.0, tries=1)
    if not isinstance(kept, dict):
        return Attempt()
    whole = {name: value for name, value in kept.items() if name in _TYPES and _fits(value, _TYPES[name])}
    return Attempt(**whole)


def _fits(value: object, kind: type) -> bool:
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
    return type(value) is kind and (kind is not int or int(str(value)) >= 0)

"""What a person is working on: a set of policy texts, with undo and redo. Pure values; no widget, no cluster.

A `Draft` never changes; every edit gives a new one, and `History` keeps those that undo and redo walk through.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from helpers.display.widgets import yamltext
from helpers.policies import home

TYPING_PAUSE = 1.0
"""Seconds without a keystroke after which the next one starts a new undo step."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One text of the draft: usually one policy. `sound` is its newest text that the API server would accept."""

    id: int
    text: str
    sound: str = ""

    def edited(self, text: str) -> Sheet:
        return Sheet(self.id, text, text if yamltext.read(text).sound else self.sound)

    @property
    def policies(self) -> tuple[dict[str, Any], ...]:
        """The policies of the newest sound text, with the API's defaults."""
        return yamltext.read(self.sound).policies

    @property
    def title(self) -> str:
        """The name to list it under."""
        keys = [yamltext.key(policy) for policy in self.policies]
        return ", ".join(home.short(key) for key in keys) or "(not a policy yet)"


@dataclass(frozen=True, slots=True)
class Draft:
    """Policy texts and which of them is open in the editor (None when there is none)."""

    sheets: tuple[Sheet, ...] = ()
    selected: int | None = None
    next_id: int = 1

    @classmethod
    def of(cls, policies: Iterable[Mapping[str, Any]]) -> Draft:
        """The draft that says what the cluster says."""
        return cls().add(*(yamltext.write(yamltext.clean(policy)) for policy in policies)).select_first()

    @property
    def open(self) -> Sheet | None:
        """The sheet in the editor."""
        return next((sheet for sheet in self.sheets if sheet.id == self.selected), None)

    @property
    def policies(self) -> tuple[dict[str, Any], ...]:
        """All policies of all sheets; of two with one key the later counts, as `kubectl apply` would have it."""
        return tuple({yamltext.key(policy): policy for sheet in self.sheets for policy in sheet.policies}.values())

    @property
    def text(self) -> str:
        """The whole draft as one YAML text."""
        return yamltext.join([sheet.text for sheet in self.sheets])

    def add(self, *texts: str) -> Draft:
        """With further sheets, the last of them open."""
        sheets = tuple(Sheet(self.next_id + place, "").edited(text) for place, text in enumerate(texts))
        if not sheets:
            return self
        return Draft((*self.sheets, *sheets), sheets[-1].id, self.next_id + len(sheets))

    def edit(self, text: str) -> Draft:
        """With another text on the open sheet; without an open sheet, with a new one."""
        if self.open is None:
            return self.add(text)
        sheets = tuple(sheet.edited(text) if sheet.id == self.selected else sheet for sheet in self.sheets)
        return replace(self, sheets=sheets)

    def remove(self, id: int) -> Draft:
        """Without a sheet; the one after it, or before it, is open then."""
        place = next((place for place, sheet in enumerate(self.sheets) if sheet.id == id), None)
        if place is None:
            return self
        rest = tuple(sheet for sheet in self.sheets if sheet.id != id)
        near = rest[min(place, len(rest) - 1)].id if rest else None
        return replace(self, sheets=rest, selected=near if self.selected == id else self.selected)

    def select(self, id: int) -> Draft:
        return replace(self, selected=id) if any(sheet.id == id for sheet in self.sheets) else self

    def select_first(self) -> Draft:
        return replace(self, selected=self.sheets[0].id if self.sheets else None)

    def find(self, key: str) -> int | None:
        """The id of the sheet that holds a policy, by its key `namespace/name`."""
        found = [sheet.id for sheet in self.sheets for policy in sheet.policies if yamltext.key(policy) == key]
        return found[-1] if found else None


@dataclass
class History:
    """The present draft and the ones before and after it. Keystrokes close together are one step."""

    present: Draft
    past: list[Draft] = field(default_factory=list)
    future: list[Draft] = field(default_factory=list)
    _typing: tuple[int | None, float] | None = None

    def do(self, draft: Draft) -> None:
        """Make a step."""
        if draft.sheets != self.present.sheets:
            self.past.append(self.present)
            self.future.clear()
        self.present, self._typing = draft, None

    def type(self, text: str, now: float) -> None:
        """Take the text of the open sheet as typed at `now` (seconds of a steady clock)."""
        before, going_on = self.present, self._typing
        sheet = before.selected
        if going_on and going_on[0] == sheet and now - going_on[1] < TYPING_PAUSE:
            self.present = before.edit(text)
            self.future.clear()
        else:
            self.do(before.edit(text))
        self._typing = (self.present.selected, now)

    def undo(self) -> bool:
        """Go back one step; False at the beginning."""
        return self._move(self.past, self.future)

    def redo(self) -> bool:
        """Go forward one step; False at the end."""
        return self._move(self.future, self.past)

    def _move(self, source: list[Draft], target: list[Draft]) -> bool:
        if not source:
            return False
        target.append(self.present)
        self.present, self._typing = source.pop(), None
        return True

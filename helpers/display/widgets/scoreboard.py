"""The score of the application's arrows, live while one writes: which are right, stopped, too wide or open."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import Any

from helpers.display.widgets.feed import PERIOD, Feed
from helpers.display.widgets.pane import Pane, esc
from helpers.display.widgets.views import message
from helpers.display.widgets.worker import SHARED, Worker
from helpers.lab import tones
from helpers.lab.course.checks.score import Mark, Score

_running: weakref.WeakSet[Scoreboard] = weakref.WeakSet()
_SIGNS = {"right": ("✓", tones.GOOD), "stopped": ("✗", tones.BAD), "too wide": ("↔", tones.WARN), "open": ("○", "")}


class Scoreboard:
    """Shows the marks of all arrows, and follows the policies until `stop()`.

    `read` gives the policies, `score` judges the cluster as it is now.
    """

    def __init__(
        self,
        read: Callable[[], Sequence[Any]],
        score: Callable[[], Score],
        worker: Worker = SHARED,
        period: float = PERIOD,
    ) -> None:
        self._score, self._worker = score, worker
        self.score = score()
        self.pane = Pane(page(self.score))
        self._feed = Feed(read, self._changed, self._failed, period)

    @property
    def running(self) -> bool:
        """Whether the policies are followed."""
        return self._feed.running

    def start(self) -> Scoreboard:
        """Follow the policies on a thread of its own; returns this widget."""
        self._feed.start()
        _running.add(self)
        return self

    def stop(self) -> None:
        """Stop following; what is shown stays."""
        self._feed.stop()
        _running.discard(self)

    def _changed(self, _: Sequence[Any]) -> None:
        self._worker.submit(self._judge, key=(id(self), "policies"), failed=self._failed)

    def _judge(self) -> None:
        self.score = self._score()
        self.pane.html = page(self.score)

    def _failed(self, error: Exception) -> None:
        self.pane.html = message(str(error) or type(error).__name__, fault=True)

    def __repr__(self) -> str:
        return "\n".join([headline(self.score), *map(str, self.score.marks)])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        found = self.pane._repr_mimebundle_()
        data, metadata = found if isinstance(found, tuple) else (found or {}, {})
        return {**data, "text/plain": repr(self), "text/html": page(self.score)}, metadata


def headline(score: Score) -> str:
    """The score in one line."""
    return f"{score.right} of {len(score.marks)}. {score}"


def page(score: Score) -> str:
    """The score as HTML: a bar, the sentence, and a row for each arrow."""
    rows = "".join(map(_row, sorted(score.marks, key=lambda mark: (mark.target, mark.source))))
    total = max(1, len(score.marks))
    return (
        '<div class="lab-score" style="max-width:62em">'
        f'<p role="status"><strong>{score.right} of {len(score.marks)}</strong> '
        f'<progress max="{total}" value="{score.right}" aria-label="Arrows that are right"></progress> '
        f'{esc(score)}</p><details open><summary>Each arrow</summary><table style="text-align:left">'
        "<thead><tr><th>is</th><th>from</th><th>to</th><th>port</th><th>let in by</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></details></div>"
    )


def _row(mark: Mark) -> str:
    sign, colour = _SIGNS[mark.state]
    style = f' style="color:{colour}"' if colour else ""
    cells = (mark.source, mark.target, mark.port, ", ".join(mark.policies))
    return f"<tr><td{style}>{sign} {mark.state}</td>{''.join(f'<td>{esc(cell)}</td>' for cell in cells)}</tr>"


def score() -> Scoreboard:
    """The score of the application's arrows, filling up while policies are applied; `stop()` ends it.

    One that was opened before stops following. Raises LabError without a cluster.
    """
    from helpers.lab.cluster import belonging, looking, session
    from helpers.lab.course.checks.score import scored
    from helpers.lab.course.checks.situation import Situation

    for other in list(_running):
        other.stop()
    cluster = session.current()
    board = Scoreboard(
        lambda: belonging.policies(cluster), lambda: scored(Situation(tuple(looking.objects()))), period=PERIOD
    )
    return board.start()

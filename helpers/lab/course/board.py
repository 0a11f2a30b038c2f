"""A seat's side of a workshop's board: joining, leaving, the hand. Nobody reports unless asked to, by variable or call.

What is told is in `report`, and always the whole of it: who was offline, or a board that restarts, loses nothing.
"""

import atexit
import os
import secrets
import threading
import time
from dataclasses import dataclass, replace
from typing import Any

from helpers.lab.bar import shell
from helpers.lab.course import record
from helpers.lab.course.report import LONGEST_HAND, LONGEST_NICKNAME, Hand, Report, line
from helpers.lab.course.sending import Address, Folder, NotSent, way
from helpers.lab.errors import LabError
from helpers.lab.home import read_json, update_json

KEPT = "board.json"
LIFE_SECONDS = 20.0
"""A sign of life is told no more often."""
_LONGEST_PAUSE = 60.0
_AT_THE_END = 1.5
_EXPLAINED = (
    "It sends your nickname, the tasks with your tries and the hints' names, and your hand; never code or YAML."
)


@dataclass(frozen=True)
class _Choice:
    """What this machine keeps about the board."""

    seat: str = ""
    where: str = ""
    nickname: str = ""
    left: bool = False
    hand: str = ""
    hand_since: float = 0.0

    @classmethod
    def kept(cls) -> "_Choice":
        found = read_json(KEPT)
        known = {name: found[name] for name, value in vars(cls()).items() if type(found.get(name)) is type(value)}
        return cls(**known)

    @property
    def place(self) -> str:
        """Where the board is; empty if there is none, or it was left."""
        return "" if self.left else self.where or os.environ.get("LAB_BOARD", "").strip()

    @property
    def name(self) -> str:
        return self.nickname or line(os.environ.get("LAB_NICKNAME", ""), LONGEST_NICKNAME) or f"guest {self.seat[:4]}"

    def report(self) -> Report:
        hand = Hand(self.hand, self.hand_since) if self.hand_since else None
        return Report(self.name, record.attempts(), hand)


def join_board(where: str = "", nickname: str = "") -> None:
    """Report to a workshop's board from now on: its address as the board shows it, or a folder, and your nickname.

    Raises LabError if the board doesn't let one in. One that can't be reached now is tried again later.
    """
    name = line(nickname, LONGEST_NICKNAME)
    place = where or _Choice.kept().where or os.environ.get("LAB_BOARD", "").strip()
    if not place:
        raise LabError('Say which board: lab.join_board("https://teacher:8800/CODE", "your nickname").')
    target = way(place)
    choice = _change(where=where or _Choice.kept().where, left=False, **({"nickname": name} if name else {}))
    try:
        target.send(choice.seat, choice.report().as_dict())
        print(_said(choice, target))
    except NotSent as error:
        if error.for_good:
            _change(where="", left=True)
            raise LabError(f"{error}. Ask your teacher for the address, and call lab.join_board again.") from None
        print(f"{_said(choice, target)}\nNow {error}; it is tried again.")
        _reporter.wake()


def leave_board() -> None:
    """Report to no board any more, whatever LAB_BOARD says. What was reported stays there."""
    told = _Choice.kept().place
    _change(where="", left=True, hand="", hand_since=0.0)
    print("This lab reports to no board any more." if told else "This lab didn't report to any board.")


def hand_up(about: str = "") -> None:
    """Ask for help: the board shows the hand, and what it is about."""
    if not _Choice.kept().place:
        raise LabError('Nobody would see it: this lab reports to no board. First: lab.join_board("https://…/CODE").')
    _change(hand=line(about, LONGEST_HAND), hand_since=time.time())
    tell()
    print("Your hand is up. lab.hand_down() takes it down.")


def hand_down() -> None:
    """Take the hand down."""
    _change(hand="", hand_since=0.0)
    tell()
    print("Your hand is down.")


def greeting() -> str:
    """What the first cell says: nothing where no board is meant. From then on, running a cell is a sign of life."""
    choice = _Choice.kept()
    if not choice.place:
        return ""
    try:
        target = way(choice.place)
    except LabError as error:
        return f"Nothing is reported to a board: {error}"
    choice = choice if choice.seat else _change()
    _watch_cells()
    tell()
    return _said(choice, target)


def tell() -> None:
    """Report in the background, if there is a board."""
    if _Choice.kept().place:
        _reporter.wake()


def _said(choice: _Choice, target: Folder | Address) -> str:
    plain = " It goes over the network as plain text." if isinstance(target, Address) and not target.secure else ""
    return (
        f"This lab reports to the workshop's board, {target.place}, as {choice.name!r}. {_EXPLAINED}{plain} "
        "lab.leave_board() stops it."
    )


def _change(**fields: Any) -> _Choice:
    """Keep something of the choice; the seat's own secret name is made at the first time."""

    def changed(_: dict[str, Any]) -> dict[str, Any]:
        choice = _Choice.kept()
        return vars(replace(choice, seat=choice.seat or secrets.token_hex(16), **fields))

    update_json(KEPT, changed)
    return _Choice.kept()


class _Reporter:
    """A thread that sends the newest state until the board has it; it starts when it is first needed."""

    def __init__(self) -> None:
        self._wanted = threading.Event()
        self._idle = threading.Event()
        self._idle.set()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def wake(self) -> None:
        """Send what is known now, soon."""
        with self._lock:
            self._idle.clear()
            self._wanted.set()
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="board", daemon=True)
                self._thread.start()

    def finish(self, seconds: float) -> None:
        """Give what is on its way a moment: a program that ends takes the thread with it."""
        self._idle.wait(seconds)

    def _run(self) -> None:
        pause = 1.0
        while True:
            self._wanted.wait()
            self._wanted.clear()
            try:
                choice = _Choice.kept()
                if choice.place:
                    way(choice.place).send(choice.seat, choice.report().as_dict())
                pause = 1.0
            except NotSent as error:
                if not error.for_good:
                    self._wanted.wait(pause)
                    pause = min(2 * pause, _LONGEST_PAUSE)
                    self._wanted.set()
                    continue
            except LabError:
                pass
            with self._lock:
                if not self._wanted.is_set():
                    self._idle.set()


_reporter = _Reporter()
atexit.register(_reporter.finish, _AT_THE_END)

_last_life = 0.0


def _watch_cells() -> None:
    running = shell()
    if running is not None and _alive not in running.events.callbacks["post_run_cell"]:
        running.events.register("post_run_cell", _alive)


def _alive(*_: object) -> None:
    """A cell was run: a sign of life, whatever was in it."""
    global _last_life
    if time.monotonic() - _last_life > LIFE_SECONDS:
        _last_life = time.monotonic()
        tell()

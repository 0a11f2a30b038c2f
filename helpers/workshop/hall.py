"""All seats of a class on this server: started together, watched, ended together. It runs in a process of its own."""

import asyncio
import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from helpers.lab.errors import LabError
from helpers.localcluster.node.private import make_directory, temporary_directory, write_private
from helpers.workshop.entrance import Certificate, listening
from helpers.workshop.front import Front
from helpers.workshop.seat import Seat, made_token

KEPT = "seats.json"
LOCK = "seats.lock"
AT_ONCE = max(os.cpu_count() or 1, 2)
"""So many JupyterLabs start at a time: more would only wait for each other."""
START_SECONDS = 120.0
STOP_SECONDS = 8.0
_LONGEST_SOCKET = 70
_PAUSE = 5.0


@dataclass(frozen=True)
class Plan:
    """What a class gets: kept in its folder, so that cards stay good."""

    folder: Path
    tokens: dict[str, str]
    listen: str
    port: int
    board: str = ""
    memory: int = 2 << 30
    certificate: Certificate | None = None

    @classmethod
    def of(cls, folder: Path, count: int, **fields: object) -> "Plan":
        """Seats 1 to `count`; those that the folder knows keep their tokens."""
        known = read(folder)
        names = [f"seat-{number:02}" for number in range(1, count + 1)]
        tokens = {name: known.get(name) or made_token() for name in names}
        return cls(folder, tokens, **fields)  # type: ignore[arg-type]

    def seats(self, sockets: Path) -> list[Seat]:
        """All seats, their sockets in a directory with a short path."""
        return [Seat(name, self.folder / name, sockets / f"{name}.sock", token) for name, token in self.tokens.items()]


def read(folder: Path) -> dict[str, str]:
    """The tokens of a folder's seats by their names; none if it holds none."""
    try:
        found = json.loads((folder / KEPT).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(name): str(token) for name, token in found.items()} if isinstance(found, dict) else {}


@dataclass
class Hall:
    """The running seats."""

    plan: Plan
    _running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, ready: Callable[[str], None]) -> None:
        """Start everything, call `ready` with an empty text or with what is wrong, and go on until SIGTERM."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self._ended.set)
        sockets = temporary_directory(_LONGEST_SOCKET)
        seats = self.plan.seats(sockets)
        front = Front({seat.name: seat.socket for seat in seats})
        try:
            listener = listening(self.plan.listen, self.plan.port)
            await front.start(listener, self.plan.certificate)
            await self._start(seats)
            ready("")
            await self._watch(seats)
        except (LabError, OSError) as error:
            ready(str(error))
        finally:
            await front.stop()
            await asyncio.to_thread(self._stop, seats)
            shutil.rmtree(sockets, ignore_errors=True)

    async def _start(self, seats: list[Seat]) -> None:
        """A few at a time. Raises LabError for one that doesn't start."""
        turns = asyncio.Semaphore(AT_ONCE)

        async def start(seat: Seat) -> None:
            async with turns:
                if not self._ended.is_set():
                    await asyncio.to_thread(seat.prepare)
                    self._open(seat)
                    await self._answers(seat)

        await asyncio.gather(*map(start, seats))

    def _open(self, seat: Seat) -> None:
        self._running[seat.name] = seat.open(board=self.plan.board, memory=self.plan.memory)

    async def _answers(self, seat: Seat) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not seat.socket.exists():
            if self._running[seat.name].poll() is not None or time.monotonic() > deadline:
                raise LabError(f"The JupyterLab of {seat.name} did not start: {seat.place / 'jupyter.log'} says why.")
            await asyncio.sleep(0.05)

    async def _watch(self, seats: list[Seat]) -> None:
        """A JupyterLab that ends by itself is started again."""
        while not self._ended.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), _PAUSE)
            for seat in [] if self._ended.is_set() else seats:
                if self._running[seat.name].poll() is not None:
                    self._open(seat)

    def _stop(self, seats: list[Seat]) -> None:
        """End every JupyterLab with its kernels, and every cluster."""
        for process in self._running.values():
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in self._running.values():
            try:
                process.wait(max(deadline - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                _kill_session(process)
        for seat in seats:
            seat.close()


def _kill_session(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def lock(folder: Path) -> IO[str] | None:
    """The folder's lock with this process's id in it, held until it is closed; None if somebody holds it."""
    file = open(folder / LOCK, "a+", encoding="utf-8")  # noqa: SIM115  (held for as long as the seats run)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


def holder(folder: Path) -> int | None:
    """The process that runs the seats of a folder; None if nobody does."""
    try:
        with open(folder / LOCK, encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                text = file.read().strip()
                return int(text) if text.isdigit() else None
    except OSError:
        return None
    return None


def start(plan: Plan) -> None:
    """Start the seats in a process of their own; returns when all answer. Raises LabError."""
    make_directory(plan.folder)
    write_private(plan.folder / KEPT, json.dumps(plan.tokens, indent=1))
    reading, writing = os.pipe()
    with (plan.folder / "seats.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "helpers.workshop.hall", str(writing)],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            pass_fds=[writing],
            start_new_session=True,
            cwd=plan.folder,
        )
    os.close(writing)
    assert process.stdin
    with process.stdin, os.fdopen(reading, encoding="utf-8") as report:
        process.stdin.write(json.dumps(_told(plan)).encode())
        process.stdin.close()
        said = report.read()
    process.returncode = 0  # it outlives this one on purpose
    if said != "ready":
        raise LabError(said or f"The seats did not start; {plan.folder / 'seats.log'} says why.")


def stop(folder: Path) -> bool:
    """End the seats of a folder and all that belongs to them; returns whether there were any. Raises LabError."""
    pid = holder(folder)
    if pid is None:
        return False
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS + 60
    while holder(folder) is not None:
        if time.monotonic() > deadline:
            raise LabError(f"The seats' process {pid} does not end; {folder / 'seats.log'} may say why.")
        time.sleep(0.05)
    return True


def _told(plan: Plan) -> dict[str, object]:
    certificate = plan.certificate and [str(plan.certificate.file), str(plan.certificate.key or "")]
    return {**vars(plan), "folder": str(plan.folder), "certificate": certificate}


def main() -> int:
    """The process of the seats: its plan comes on standard input, so that no token is in the list of processes."""
    told = json.loads(sys.stdin.read())
    given = told.pop("certificate")
    certificate = Certificate.given(Path(given[0]), Path(given[1]) if given[1] else None) if given else None
    plan = Plan(**{**told, "folder": Path(told["folder"]), "certificate": certificate})
    with os.fdopen(int(sys.argv[1]), "w", encoding="utf-8") as report:
        held = lock(plan.folder)
        if held is None:
            report.write(f"Seats run in {plan.folder} already. First: python -m helpers workshop seats --stop")
            return 1

        def ready(problem: str) -> None:
            if not report.closed:
                report.write(problem or "ready")
                report.close()

        with held:
            asyncio.run(Hall(plan).run(ready))
    return 0


if __name__ == "__main__":
    sys.exit(main())

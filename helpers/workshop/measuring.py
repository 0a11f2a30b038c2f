"""What each seat takes: memory as its share (PSS), and processor time over a moment."""

import contextlib
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

from helpers.localcluster.node import launch
from helpers.localcluster.node.home import Home

SECONDS = 2.0


@dataclass(frozen=True)
class Use:
    """One seat's processes, their memory, and the share of one core that they took."""

    processes: int
    megabytes: float
    cores: float


def measure(folder: Path, names: Iterable[str], seconds: float = SECONDS) -> dict[str, Use]:
    """Every seat of a folder by its name; takes `seconds`."""
    seats = {name: processes(folder / name) for name in names}
    before = {name: sum(map(_seconds, found)) for name, found in seats.items()}
    time.sleep(seconds)
    return {
        name: Use(len(found), sum(map(_memory, found)) / 2**20, (sum(map(_seconds, found)) - before[name]) / seconds)
        for name, found in seats.items()
    }


def processes(place: Path) -> list[psutil.Process]:
    """A seat's JupyterLab with its kernels and terminals, and its cluster."""
    found: dict[int, psutil.Process] = {}
    home = os.fsencode(place)
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if os.fsencode(process.environ().get("HOME", "")) == home:
                found[process.pid] = process
    for pid in launch.status(Home(Path(os.path.realpath(place / "lab")))).pids.values():
        with contextlib.suppress(psutil.Error):
            found[pid] = psutil.Process(pid)
    return list(found.values())


def _memory(process: psutil.Process) -> int:
    """Bytes: the proportional share where the system tells it, else all that is resident."""
    try:
        found = process.memory_full_info()
        return int(getattr(found, "pss", 0) or found.rss)
    except psutil.Error:
        return 0


def _seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
        return float(times.user + times.system)
    except psutil.Error:
        return 0.0

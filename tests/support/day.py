"""A day of use, pressed into minutes: a class at work, and looks at what the cluster takes.

Shoppers browse without a pause, policies come and go, a Deployment rolls, watches open and vanish, strangers knock.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .cluster import Cluster
from .recovery import page, pids
from .wire import Wire
from .writer import POLICIES, Api, Session, bystander

PAGES, CHANGES, WATCHES, ROLLS, VISITS = 5000, 4000, 1000, 12, 2000
"""What a busy day brings: pages of the shop, changes of policy, watches begun, roll-outs, strangers."""

BOUNDS = {
    "memory_growth": (1.1, "ratio"),
    "node_memory_most": (120.0, "MB"),
    "file_growth": (1.1, "ratio"),
    "log_most": (1024.0, "KB"),
    "database_most": (16384.0, "KB"),
}
"""What may become of the cluster in a day, and the unit."""
DENY_EMAIL = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "day-deny-email"},
    "spec": {"podSelector": {"matchLabels": {"app": "emailservice"}}, "ingress": []},
}


class Work(threading.Thread):
    """Something that is done again and again, evenly until the end; `done` counts, `failed` what went wrong."""

    def __init__(self, times: int, seconds: float, once: Callable[[int], None]) -> None:
        super().__init__(daemon=True)
        self.times, self._seconds, self._once = times, seconds, once
        self.done = 0
        self.failed: list[str] = []

    def run(self) -> None:
        begun = time.monotonic()
        while self.done < self.times and (passed := time.monotonic() - begun) < self._seconds:
            if self.done > self.times * passed / self._seconds:
                time.sleep(0.005)
                continue
            try:
                self._once(self.done)
            except (OSError, AssertionError, EOFError) as error:
                self.failed.append(repr(error))
            self.done += 1


class Day:
    """All that is going on."""

    def __init__(self, own: Cluster, seconds: float, share: float) -> None:
        self._own = own
        self._api = Api(own.home / "kubeconfig")
        self._policies = Session(self._api)
        self._denied = False
        plan = (
            (PAGES, self._browse),
            (CHANGES, self._flap),
            (WATCHES, self._watch),
            (ROLLS, self._roll),
            (VISITS, self._knock),
        )
        self.works = {once.__name__.strip("_"): Work(max(1, int(times * share)), seconds, once) for times, once in plan}

    def close(self) -> None:
        """Hang up."""
        self._policies.close()

    def _browse(self, number: int) -> None:
        assert page(self._own, ("", "cart", "product/OLJCESPC7Z")[number % 3])[0] in (200, 500)

    def _flap(self, number: int) -> None:
        """Mostly a policy that nobody feels; sometimes one that stands before the e-mail service."""
        if number % 20 == 0:
            self._denied = not self._denied
            method, path = ("POST", POLICIES) if self._denied else ("DELETE", f"{POLICIES}/day-deny-email")
            code, answer = self._policies.request(method, path, DENY_EMAIL if self._denied else None)
        elif number % 2:
            code, answer = self._policies.request("POST", POLICIES, bystander(f"day-{number}", number))
        else:
            code, answer = self._policies.request("DELETE", f"{POLICIES}/day-{number - 1}")
            code = 200 if code == 404 else code
        assert code in (200, 201), answer

    def _watch(self, number: int) -> None:
        async def begin() -> None:
            wire = await Wire.dial(self._api)
            wire.send("GET", f"{POLICIES}?watch=true")
            assert await wire.head() == 200
            await asyncio.sleep(0.05)
            wire.vanish()

        asyncio.run(begin())

    def _roll(self, number: int) -> None:
        path = "/apis/apps/v1/namespaces/default/deployments/emailservice"
        self._api.merge(path, {"spec": {"template": {"metadata": {"annotations": {"day": str(number)}}}}})

    def _knock(self, number: int) -> None:
        with contextlib.suppress(ConnectionError), socket.create_connection(("127.0.0.1", self._api.port), 5) as link:
            link.sendall(b"\x16\x03\x01" if number % 2 else b"hello\r\n\r\n")


@dataclass(frozen=True)
class Look:
    """What the cluster takes at one moment: MB of memory, open files, KB of log and database."""

    memory: float
    node: float
    files: int
    log: float
    database: float


def look(own: Cluster) -> Look:
    memory, files = 0.0, 0
    for pid in own.processes():
        with contextlib.suppress(OSError):
            memory += _proportional(pid)
            files += len(list(Path(f"/proc/{pid}/fd").iterdir()))
    parts = [path.stat().st_size for path in own.home.glob("state.db*")]
    return Look(
        memory,
        _proportional(pids(own)["node"]),
        files,
        (own.home / "node.log").stat().st_size / 1024,
        sum(parts) / 1024,
    )


def _proportional(pid: int) -> float:
    found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    return int(found.group(1)) / 1024 if found else 0.0


def measure(own: Cluster, seconds: float, share: float = 1.0) -> tuple[Day, list[Look]]:
    """Live through it; looks are taken evenly."""
    page(own)
    day, looks = Day(own, seconds, share), []
    for work in day.works.values():
        work.start()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        looks.append(look(own))
        time.sleep(max(0.0, min(seconds / 60, end - time.monotonic())))
    for work in day.works.values():
        work.join()
    day.close()
    return day, looks


def growth(looks: list[Look], what: str) -> float:
    """The last fifth by the second, each at its median: the first is needed to warm up."""
    fifth = max(1, len(looks) // 5)
    early, late = looks[fifth : 2 * fifth], looks[-fifth:]
    return statistics.median(getattr(one, what) for one in late) / statistics.median(
        getattr(one, what) for one in early
    )


def figures(looks: list[Look]) -> dict[str, float]:
    """What `BOUNDS` bounds."""
    return {
        "memory_growth": growth(looks, "memory"),
        "node_memory_most": max(one.node for one in looks),
        "file_growth": growth(looks, "files"),
        "log_most": max(one.log for one in looks),
        "database_most": max(one.database for one in looks),
    }

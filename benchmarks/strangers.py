"""Two thousand idle strangers on each port of the node, opened again as soon as they are cut: who notices?

    python benchmarks/strangers.py [COUNT]      2000 on each port unless told

A visitor loads a page of the shop and asks the API, again and again: before, while they come, among them, and when
they have gone. Among them a pod calls another anew.
"""

from __future__ import annotations

import contextlib
import json
import re
import statistics
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from support.cluster import Cluster, cluster
from support.flood import strangers
from support.recovery import page, pids
from support.writer import Api

SECONDS = 15.0


class Visitor(threading.Thread):
    """Loads pages and asks the API until told to stop. `times` are seconds a page, `failed` what wasn't answered."""

    def __init__(self, own: Cluster) -> None:
        super().__init__(daemon=True)
        self._own = own
        self._api = Api(own.home / "kubeconfig")
        self._ended = threading.Event()
        self.times: list[float] = []
        self.asked: list[float] = []
        self.failed = 0

    def run(self) -> None:
        while not self._ended.is_set():
            self._timed(self.times, lambda: page(self._own)[0] == 200)
            self._timed(self.asked, lambda: bool(self._api.items("/api/v1/namespaces")))
            time.sleep(0.02)

    def _timed(self, times: list[float], work: object) -> None:
        begun = time.perf_counter()
        try:
            good = callable(work) and work()
        except (OSError, ValueError):
            good = False
        times.append(time.perf_counter() - begun)
        self.failed += not good

    def __enter__(self) -> Visitor:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self.join()


class Memory(threading.Thread):
    """Looks at the node's memory all the time; `most` is what it was at its largest, in MB."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._status = Path(f"/proc/{pid}/status")
        self.most = 0.0

    def run(self) -> None:
        while self._status.exists():
            with contextlib.suppress(OSError):
                found = re.search(r"^VmRSS:\s+(\d+) kB", self._status.read_text(), re.MULTILINE)
                self.most = max(self.most, int(found.group(1)) / 1024 if found else 0.0)
            time.sleep(0.05)


def report(name: str, value: float, unit: str, target: str) -> None:
    print(f"{name:<34} {value:>10.2f} {unit:<8} {target}", flush=True)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    with cluster(prefix="lab-strangers-") as own:
        node = json.loads((own.home / "node.json").read_text())
        shop = int(re.search(r":(\d+)/", own.status["shop_url"])[1])  # type: ignore[index]
        ports = [int(node["api_port"]), int(node["gateway_port"]), shop]
        memory = Memory(pids(own)["node"])
        memory.start()
        with Visitor(own) as warm:
            time.sleep(3)
        assert not warm.failed
        with Visitor(own) as before:
            time.sleep(SECONDS / 2)
        coming = Visitor(own)
        coming.start()
        with strangers(ports, count) as seen:
            coming.__exit__()
            with Visitor(own) as among:
                time.sleep(SECONDS)
            reach = own.try_kubectl(
                "exec", "deploy/adservice", "--", "/agnhost", "connect", "emailservice:5000", "--timeout=5s"
            )
        with Visitor(own) as after:
            time.sleep(SECONDS / 2)
    usual, crowded = statistics.median(before.times + after.times), statistics.median(among.times)
    asked = statistics.median(before.asked + after.asked)
    report("strangers.connections_tried", sum(seen["opened"]), "count", "-")
    report("strangers.held_at_the_end", sum(seen["standing"]), "count", "-")
    report("strangers.page_alone", usual * 1000, "ms", "-")
    report("strangers.page_among_them", crowded * 1000, "ms", "-")
    report("strangers.page_ratio", crowded / usual, "ratio", "<1.5")
    report("strangers.page_while_they_come", statistics.median(coming.times) * 1000, "ms", "-")
    report("strangers.api_ratio", statistics.median(among.asked) / asked, "ratio", "<1.5")
    report("strangers.failed", coming.failed + among.failed + bool(reach.returncode), "requests", "0")
    report("strangers.node_memory", memory.most, "MB", "<120")


if __name__ == "__main__":
    main()

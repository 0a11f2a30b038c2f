"""A workshop's board with 200 seats, 10 updates a second and a page that looks: its memory, its share of a core.

Also how long it takes until a class of thirty, who all report at once, is on the page.

    python benchmarks/board.py
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import psutil
from figures import times
from support.workshop import Attendee, Board, board, free_port

SEATS, RATE, CLASS = 200, 10, 30


def people(count: int) -> list[Attendee]:
    """So many seats in the middle of the course."""
    found = []
    for at in range(count):
        person = Attendee(f"seat {at:03}")
        for task in ("00-sandbox", "01-order", "02-arrow"):
            person.tries(task, "no-label").tries(task, done=True)
        found.append(person.tries("03-payment", "service-port"))
    return found


def look(shown: Board, ended: threading.Event) -> None:
    """A page that is open."""
    with urllib.request.urlopen(f"{shown.page}/events", timeout=60) as answer:
        while not ended.is_set():
            answer.readline()


def update(shown: Board, everybody: list[Attendee], seconds: float) -> float:
    """Report so often; returns the share of one core that the board took."""
    process = psutil.Process(shown.process.pid)
    before, began = sum(process.cpu_times()[:2]), time.monotonic()
    for number in range(int(seconds * RATE)):
        everybody[number % SEATS].tries("03-payment", "protocol").tell(shown.where)
        time.sleep(max(began + (number + 1) / RATE - time.monotonic(), 0))
    return (sum(process.cpu_times()[:2]) - before) / (time.monotonic() - began)


def until_seen(shown: Board) -> float:
    """Seconds from when a class begins to report, all at once, to the message that has them all."""
    wanted = people(CLASS)
    for at, person in enumerate(wanted):
        person.name = f"new {at}"
    with urllib.request.urlopen(f"{shown.page}/events", timeout=60) as answer:
        senders = [threading.Thread(target=person.tell, args=[shown.where]) for person in wanted]
        began = time.monotonic()
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        for line in answer:
            if line.startswith(b"data: "):
                names = {row["name"] for row in json.loads(line[6:])["rows"]}
                if {person.name for person in wanted} <= names:
                    return time.monotonic() - began
    raise AssertionError("the page's messages have ended")


def main() -> int:
    with (
        tempfile.TemporaryDirectory(prefix="board-") as place,
        board(Path(place), "--listen", "127.0.0.1", "--port", str(free_port()), "--plain") as shown,
    ):
        seen = until_seen(shown)
        everybody = people(SEATS)
        for person in everybody:
            person.tell(shown.where)
        ended = threading.Event()
        looking = threading.Thread(target=look, args=(shown, ended), daemon=True)
        looking.start()
        share = update(shown, everybody, times(20, 3))
        memory = psutil.Process(shown.process.pid).memory_full_info().pss / 2**20
        ended.set()
    print(f"board-thirty-seats-seen {seen:.2f} s 1")
    print(f"board-200-seats-memory {memory:.0f} MB 60")
    print(f"board-200-seats-processor {share:.1%} of-a-core 5%")
    return 0


if __name__ == "__main__":
    sys.exit(main())

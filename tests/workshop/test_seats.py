"""Seats on one server: each a lab and a JupyterLab of its own behind one address, bounded, and gone when told to."""

import os
import re
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from support.seats import Seats, seats

from helpers.workshop import measuring


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seats]:
    home = tmp_path_factory.mktemp("teacher") / "lab"
    board = tmp_path_factory.mktemp("board")
    with seats(home, 2, "--board", str(board)) as found:
        yield found


def test_one_gets_in_with_the_card_alone(pair: Seats) -> None:
    first, second = pair.attendees
    assert (first.get(), second.get()) == (200, 200)
    assert first.get(token="") == 403 and first.get(token=second.token) == 403
    cards = (pair.folder / "cards.html").read_text("utf-8")
    assert cards.count("<svg") == 2 and first.token in cards
    assert (pair.folder / "cards.html").stat().st_mode & 0o077 == 0


def test_each_has_a_cluster_of_its_own_and_reports_by_its_name(pair: Seats) -> None:
    first, second = pair.attendees
    with first.kernel() as one, second.kernel() as two:
        said = one.run("from helpers import lab, display; lab.start()")
        assert "Using the local cluster" in said and "as 'seat-01'" in said
        two.run("from helpers import lab, display; lab.start()")
        one.run("!kubectl create namespace mine")
        assert "mine" in one.run("!kubectl get namespaces") and "mine" not in two.run("!kubectl get namespaces")
        # A terminal, too, talks to the seat's own cluster, without a cell before it.
        assert "seat-02" in two.run("import os; print(os.environ['KUBECONFIG'], os.environ['HOME'])")


def test_who_fills_the_memory_gets_an_error_and_nobody_else_notices(pair: Seats) -> None:
    with pair.attendees[0].kernel() as one:
        assert "MemoryError" in one.run("x = bytearray(3 << 30)")
        assert one.run("print(6 * 7)") == "42\n"


def test_status_says_what_each_takes(pair: Seats) -> None:
    said = pair.run("--status").stdout
    assert re.search(r"^seat-01 +\d+ processes +\d+ MB +[\d.]+% of a core$", said, re.MULTILINE), said
    assert "together" in said
    again = pair.run("2")
    assert again.returncode == 1 and "run in" in again.stderr and "--stop" in again.stderr


def answer(address: str, sent: bytes) -> bytes:
    """All that comes back on one connection."""
    parts = urlsplit(address)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=20) as link:
        link.sendall(sent)
        found = b""
        while chunk := link.recv(65536):
            found += chunk
        return found


def test_two_seats_on_one_connection_never_mix(pair: Seats) -> None:
    """As a browser with two seats in it would reuse a connection: the second request is not answered by the first."""
    first, second = (urlsplit(attendee.address) for attendee in pair.attendees)
    asked = "".join(f"GET {parts.path}api HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n" for parts in (first, second))
    found = answer(pair.attendees[0].address, asked.encode())
    assert found.count(b"HTTP/1.1 200") == 1 and b"connection: close" in found.lower()


@pytest.mark.parametrize(
    ("sent", "wanted"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", b" 404 "),
        (b"GET /seat-99/lab HTTP/1.1\r\n\r\n", b" 404 "),
        (b"GET /seat-01.evil/lab HTTP/1.1\r\n\r\n", b" 404 "),
        (b"GET /seat-01/../seat-02/api HTTP/1.1\r\n\r\n", b"HTTP/1.1 "),
        (b"GET /seat-01/api HTTP/1.1\r\n" + b"X: y\r\n" * 40_000 + b"\r\n", b""),
        (b"\x16\x03\x01\x00\x00\r\n\r\n", b" 404 "),
    ],
    ids=lambda value: repr(value[:30]),
)
def test_strange_requests_end_at_the_front(pair: Seats, sent: bytes, wanted: bytes) -> None:
    try:
        found = answer(pair.attendees[0].address, sent)
    except ConnectionResetError:
        found = b""
    assert wanted in found and b"Traceback" not in found
    assert pair.attendees[0].get() == 200


def test_a_seat_whose_server_is_killed_comes_back_and_its_cluster_ended_with_it(pair: Seats) -> None:
    place = pair.folder / "seat-02"
    with pair.attendees[1].kernel() as two:
        two.run("from helpers import lab; lab.start()")
    server = min(measuring.processes(place), key=lambda process: process.create_time())
    cluster = {process.pid for process in measuring.processes(place)} - {server.pid}
    assert len(cluster) > 3
    os.kill(server.pid, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        left = cluster & {process.pid for process in measuring.processes(place)}
        if not left and pair.attendees[1].get() == 200:
            break
        time.sleep(0.5)
    assert not left and pair.attendees[1].get() == 200
    with pair.attendees[1].kernel() as two:
        assert "Using the local cluster" in two.run("from helpers import lab; lab.start()")


def test_stop_ends_all_and_keeps_work_and_cards(tmp_path: Path) -> None:
    with seats(tmp_path / "lab", 1) as found:
        token = found.attendees[0].token
        with found.attendees[0].kernel() as one:
            one.run("from helpers import lab; lab.start()")
            one.run("open('00-start-here.ipynb', 'w').write('my work')")
        assert len(measuring.processes(found.folder / "seat-01")) > 4
        done = found.run("--stop")
        assert done.returncode == 0 and "All seats have ended" in done.stdout
        assert measuring.processes(found.folder / "seat-01") == []
        assert "No seats run" in found.run("--stop").stdout and found.run("--status").returncode == 1
    with seats(tmp_path / "lab", 1) as found:
        assert found.attendees[0].token == token
        assert (found.folder / "seat-01/notebooks/00-start-here.ipynb").read_text() == "my work"


def test_a_port_that_is_taken_is_said(pair: Seats, tmp_path: Path) -> None:
    port = str(urlsplit(pair.attendees[0].address).port)
    done = Seats([], tmp_path, {**os.environ, "LAB_HOME": str(tmp_path / "lab")}).run("1", "--port", port)
    assert done.returncode == 1 and f"Port {port} of 127.0.0.1 can't be used" in done.stderr, done.stderr

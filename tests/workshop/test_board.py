"""The board from a class's side: joining, being offline, raising a hand; and from that of who means no good."""

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from support.cluster import cluster
from support.workshop import Attendee, Board, board, command, free_port

from helpers.lab.course.sending import NotSent, way


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    """A board on the network way, with a certificate that it makes itself."""
    home = tmp_path_factory.mktemp("teacher") / "lab"
    with board(home, "--listen", "127.0.0.1", "--port", str(free_port()), "--most", "40") as found:
        yield found


def attendee(home: Path, program: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """What a person runs, in a lab of their own that needs no cluster for it."""
    return subprocess.run(
        [sys.executable, "-c", f"from helpers import lab\n{program}"],
        env={**os.environ, "LAB_HOME": str(home), **variables},
        capture_output=True,
        text=True,
        timeout=60,
    )


def row(found: Board, name: str, *, seconds: float = 10) -> dict[str, object]:
    """A seat's row, once it is there."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for seat in found.rows():
            if seat["name"] == name:
                return seat
        time.sleep(0.1)
    raise AssertionError(f"no seat {name!r} on the board")


def test_one_joins_raises_a_hand_and_leaves(shared: Board, tmp_path: Path) -> None:
    done = attendee(tmp_path / "ada", f'lab.join_board("{shared.where}", "Ada"); lab.hand_up("my page\\n is gone")')
    assert done.returncode == 0, done.stderr
    for said in ("reports to the workshop's board, https://127.0.0.1:", "as 'Ada'", "never code", "lab.leave_board()"):
        assert said in done.stdout
    assert "Your hand is up" in done.stdout
    assert row(shared, "Ada")["hand"] == "my page is gone"
    done = attendee(tmp_path / "ada", "lab.hand_down(); lab.leave_board()")
    assert "Your hand is down" in done.stdout and "no board any more" in done.stdout
    done = attendee(tmp_path / "ada", "lab.hand_up()")
    assert "Nobody would see it" in done.stderr


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda where: where.replace(urlsplit(where).path[1:7], "aaaaaa"), "does not know this join code"),
        (lambda where: where[:-4] + "aaaa", "another certificate"),
        (lambda where: where.replace("https://", "gopher://"), "is no board's address"),
        (lambda where: where.rpartition("/")[0], "is no board's address"),
        (lambda where: "", "Say which board"),
    ],
)
def test_a_wrong_address_is_said_at_once(shared: Board, tmp_path: Path, change: object, said: str) -> None:
    assert callable(change)
    done = attendee(tmp_path / "lab", f'lab.join_board("{change(shared.where)}", "Eve")')
    assert done.returncode and said in done.stderr
    assert (
        "reports to"
        not in attendee(tmp_path / "lab", "from helpers.lab.course.board import greeting; print(greeting())").stdout
    )


def test_offline_loses_nothing_and_a_board_that_restarts_neither(tmp_path: Path) -> None:
    """The board isn't there at first, comes, goes with its rows, and comes back at the same address."""
    port = str(free_port())
    teacher = tmp_path / "teacher"
    with board(teacher, "--listen", "127.0.0.1", "--port", port) as found:
        where = found.where
    program = (
        f'lab.join_board("{where}", "Ada")\n'
        "from helpers.lab.course import board, record\n"
        'record.note("03-payment", passed=False, mistake="service-port", said="Secret YAML")\n'
        "board.tell()\nimport time; print(flush=True); time.sleep(60)"
    )
    environment = {**os.environ, "LAB_HOME": str(tmp_path / "ada")}
    with subprocess.Popen(
        [sys.executable, "-c", f"from helpers import lab\n{program}"],
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
    ) as offline:
        try:
            assert offline.stdout
            assert "reports to" in offline.stdout.readline()
            assert "does not answer" in offline.stdout.readline()
            with board(teacher, "--listen", "127.0.0.1", "--port", port) as found:
                assert found.where == where
                number = row(found, "Ada", seconds=40)["number"]
        finally:
            offline.kill()
    with board(teacher, "--listen", "127.0.0.1", "--port", port) as found:
        kept = row(found, "Ada")
        assert ["tried", 1, "service port"] in kept["cells"] and kept["number"] == number  # type: ignore[operator]
        assert "Secret" not in json.dumps(found.events())
    done = subprocess.run(
        command("board", "--report", "csv"),
        env={**os.environ, "LAB_HOME": str(teacher)},
        capture_output=True,
        text=True,
    )
    assert "1,Ada,03-payment,tried,1," in done.stdout and "service-port" in done.stdout


def test_a_class_on_one_server_reports_by_a_folder_and_says_so_first(tmp_path: Path) -> None:
    folder = tmp_path / "board"
    folder.mkdir()
    with (
        cluster("--empty") as own,
        board(tmp_path / "teacher", "--folder", str(folder), "--port", str(free_port())) as found,
    ):
        program = "from helpers import lab; lab.start(); lab.check('00-sandbox'); {}"
        variables = {**own.environment, "LAB_BOARD": str(folder), "LAB_NICKNAME": "seat 7"}

        def run(then: str) -> str:
            arguments = [sys.executable, "-c", program.format(then)]
            return subprocess.run(arguments, env=variables, capture_output=True, text=True, check=True).stdout

        own.kubectl("create", "namespace", "sandbox")
        said = run("")
        assert f"the folder {folder}, as 'seat 7'" in said and "never code or YAML" in said
        assert ["tried", 1, "no label"] in row(found, "seat 7")["cells"]  # type: ignore[operator]
        told = json.loads(next(folder.glob("*.json")).read_text())
        assert told.keys() == {"nickname", "tasks", "hand"}
        assert told["tasks"]["00-sandbox"].keys() == {"first", "done", "tries", "hint", "skipped"}
        before = next(folder.glob("*.json")).stat().st_mtime_ns
        run("lab.leave_board()")
        left = next(folder.glob("*.json")).stat().st_mtime_ns
        assert left >= before and "reports to" not in run("") and next(folder.glob("*.json")).stat().st_mtime_ns == left


def test_what_else_lies_in_the_folder_is_passed_over(tmp_path: Path) -> None:
    """Half a file, a huge one, a link, a pipe, other names: none stops the board or shows what it leads to."""
    folder = tmp_path / "board"
    folder.mkdir()
    (tmp_path / "secret").write_text(json.dumps({"nickname": "stolen", "tasks": {}, "hand": None}))
    (folder / f"{'a' * 32}.json").symlink_to(tmp_path / "secret")
    os.mkfifo(folder / f"{'b' * 32}.json")
    (folder / f"{'c' * 32}.json").write_text('{"nickname": "half')
    (folder / f"{'d' * 32}.json").write_text(json.dumps({"nickname": "x" * 100_000, "tasks": {}, "hand": None}))
    (folder / f"{'e' * 32}.json").write_text("[" * 10_000)
    (folder / "notes.txt").write_text("notes")
    with board(tmp_path / "teacher", "--folder", str(folder), "--port", str(free_port())) as found:
        Attendee("Ada").tell(str(folder))
        assert row(found, "Ada") and len(found.rows()) == 1


def request(where: str, method: str, path: str, body: bytes = b"") -> int:
    """The status of a request as somebody makes it who isn't a lab."""
    parts = urlsplit(where)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 0, timeout=10)
    try:
        connection.request(method, path, body)
        return connection.getresponse().status
    finally:
        connection.close()


def test_who_means_no_good_gets_nowhere(tmp_path: Path) -> None:
    options = ("--listen", "127.0.0.1", "--port", str(free_port()), "--plain", "--most", "3")
    with board(tmp_path / "teacher", *options) as found:
        code = urlsplit(found.where).path
        seat = "0" * 32
        good = json.dumps({"nickname": "Ada", "tasks": {}, "hand": None}).encode()
        assert request(found.where, "PUT", f"{code}/{seat}", b"[" * 10_000) == 422
        assert request(found.where, "PUT", f"{code}/{seat}", b"x" * 20_000) == 413
        assert request(found.where, "GET", "/") == 404 and request(found.where, "POST", f"{code}/{seat}", good) == 405
        assert request(found.where, "PUT", f"{code}/../../../etc", good) in (404, 429)
        assert [request(found.where, "PUT", f"{code}/{at * 32}", good) for at in "1234"] == [204, 204, 204, 503]
        statuses = [request(found.where, "PUT", f"{code}/{'1' * 32}", good) for _ in range(40)]
        assert 429 in statuses and statuses[0] == 204  # one seat can't keep the board busy
        guesses = [request(found.where, "PUT", f"/aaaaa{at % 10}/{seat}", good) for at in range(30)]
        assert guesses[0] in (403, 404) and guesses[-1] in (404, 429)
        guesses = [request(found.where, "GET", "/board/guess") for _ in range(30)]
        assert 200 not in guesses
        assert found.process.poll() is None


def test_a_class_of_thirty_is_seen_within_a_second_or_so(shared: Board) -> None:
    people = [Attendee(f"seat {at:02}").tries("03-payment", "service-port") for at in range(30)]
    for person in people:
        person.tell(shared.where)
    told = time.monotonic()
    while not {person.name for person in people} <= {str(seat["name"]) for seat in shared.rows()}:
        assert time.monotonic() - told < 5
    headline = shared.events()[0]["headlines"][0]
    assert "are at 03-payment" in headline and "30 of them with “service port”" in headline


def test_a_port_that_is_taken_and_a_folder_that_is_not_there(shared: Board, tmp_path: Path) -> None:
    port = urlsplit(shared.page).port
    for options, said in (
        (["--port", str(port)], "Choose another with --port"),
        (["--folder", "/none"], "mkdir -m 1777"),
    ):
        done = subprocess.run(
            command("board", *options),
            env={**os.environ, "LAB_HOME": str(tmp_path / "lab")},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 1 and said in done.stderr and "Traceback" not in done.stderr


def test_a_board_that_isnt_there_is_named() -> None:
    with pytest.raises(NotSent, match=r"https://127\.0\.0\.1:1 does not answer"):
        way("https://127.0.0.1:1/abcdef-aaaa-aaaa-aaaa-aaaa").send("0" * 32, {})

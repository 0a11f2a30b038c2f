"""What is kept of each task, and how it shows: across kernels, with two of them at once, and from damaged files."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.lab.course import checks, record
from helpers.lab.course.checks.answers import done, hint
from helpers.lab.course.record import Attempt
from helpers.lab.home import write


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "lab"))
    return tmp_path / "lab"


def answer(task: str, found: checks.Answer) -> None:
    record.note(task, passed=found.passed, mistake=found.mistake, said=found.text)


def test_a_task_is_tried_until_it_is_done_and_stays_done() -> None:
    answer("03-payment", hint("nothing-yet", "Nothing."))
    first = record.attempts()["03-payment"]
    assert (first.tries, first.state) == (0, "untouched") and first.first
    answer("03-payment", hint("service-port", "That is the Service's port."))
    answer("03-payment", hint("protocol", "Another `protocol`."))
    tried = record.attempts()["03-payment"]
    assert (tried.tries, tried.hint, tried.state, tried.first) == (2, "protocol", "tried", first.first)
    answer("03-payment", done("Right."))
    answer("03-payment", hint("nothing-yet", "Taken away again."))
    found = record.attempts()["03-payment"]
    assert (found.tries, found.hint, found.state) == (3, "", "done") and found.done >= found.first


def test_the_table_says_it_in_text_and_in_html() -> None:
    answer("00-sandbox", done("Right."))
    answer("03-payment", hint("protocol", "Another `protocol` & <more>."))
    record.skip(["01-order", "00-sandbox"])
    shown = checks.progress()
    lines = repr(shown).splitlines()
    assert lines[-1] == f"1 of {len(checks.TASKS)} tasks are done, 1 skipped."
    assert lines[0].startswith("[ OK ] 00-sandbox") and "done, 1 try" in lines[0]
    assert next(line for line in lines if "01-order" in line).endswith("skipped")
    assert next(line for line in lines if "03-payment" in line).endswith("1 try: Another protocol & <more>.")
    page = shown._repr_html_()
    assert f'<progress max="{len(checks.TASKS)}" value="1"' in page
    assert "Another protocol &amp; &lt;more&gt;." in page and page.count("<tr>") == len(checks.TASKS) + 1


def test_a_skipped_task_can_still_be_done() -> None:
    assert record.skip(["01-order"]) == ["01-order"]
    answer("01-order", done("Right."))
    assert record.attempts()["01-order"].state == "done" and record.skip(["01-order"]) == []


def test_two_kernels_at_once_lose_nothing(home: Path) -> None:
    """Each notes its own task many times while the other does."""
    answer("00-sandbox", done("Right."))
    program = (
        "import sys; from helpers.lab.course import record\n"
        "for _ in range(40): record.note(sys.argv[1], passed=False, mistake='protocol', said='')"
    )
    running = [subprocess.Popen([sys.executable, "-c", program, task]) for task in ("03-payment", "04-cart")]
    assert [process.wait(60) for process in running] == [0, 0]
    found = record.attempts()
    assert (found["03-payment"].tries, found["04-cart"].tries) == (40, 40) and found["00-sandbox"].done


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ('{"00-sandbox": true}', "done"),
        ('{"00-sandbox": {"tries": -1, "done": "yes", "hint": 7, "other": 1}}', "untouched"),
        ('{"00-sandbox": {"tries": true, "first": 5}}', "untouched"),
        ('{"00-sandbox": []}', "untouched"),
        ('{"00-sandbox"', "untouched"),
        ("[]", "untouched"),
    ],
)
def test_a_file_of_an_earlier_version_or_a_damaged_one(home: Path, text: str, state: str) -> None:
    write("progress.json", text)
    shown = checks.progress()
    assert shown.attempts["00-sandbox"].state == state and shown._repr_html_() and repr(shown)
    answer("00-sandbox", done("Right."))
    assert json.loads((home / "progress.json").read_text())["00-sandbox"]["tries"] >= 1


def test_times_of_other_days_name_the_day() -> None:
    shown = repr(checks.Progress({"00-sandbox": Attempt(first=1e9, done=1e9, tries=1)}))
    assert " Sep, " in shown.splitlines()[0]

"""The doctor's lines: what is fine, what is to be mended, and that no look ever ends in a traceback."""

import importlib.metadata
import json
from pathlib import Path

import pytest

from helpers.cli import doctor as command
from helpers.lab.cluster import enforcement
from helpers.lab.diagnosis import examination
from helpers.lab.diagnosis.report import Line, Report
from helpers.lab.errors import ClusterError, KubectlError

MENDED = Report([Line("ok", "Python", "3.12"), Line("note", "graphviz", "absent")])
BROKEN = Report([*MENDED, Line("mend", "memory", "12 MB <free>", "Close something.")])


def test_a_report_is_true_if_nothing_needs_mending() -> None:
    assert MENDED and not BROKEN


def test_a_report_reads_as_lines() -> None:
    assert repr(MENDED).splitlines() == ["[ OK ] Python: 3.12", "[note] graphviz: absent", "All is well."]
    assert repr(BROKEN).splitlines()[2:] == [
        "[mend] memory: 12 MB <free>",
        "       → Close something.",
        "1 thing needs mending, as said above.",
    ]


def test_a_report_shows_as_a_table_with_words_beside_colours() -> None:
    shown = BROKEN._repr_html_()
    assert "[mend]" in shown and "12 MB &lt;free&gt;" in shown


def test_every_requirement_is_pinned_and_read() -> None:
    found = dict(examination.requirements())
    assert {"jupyterlab", "ipykernel", "kubernetes"} <= found.keys()
    assert all(version[0].isdigit() for version in found.values())


def test_this_environment_has_what_is_required() -> None:
    for look in (
        examination.python,
        examination.packages,
        examination.whose_helpers,
        examination.jupyter,
        examination.graphviz,
        examination.valkey,
        examination.loopback,
    ):
        assert look().state == "ok", look()


def test_a_missing_and_a_wrong_package_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = [("kubernetes", "1.0"), ("no-such-package", "2.0")]
    monkeypatch.setattr(examination, "requirements", lambda: iter(wanted))
    line = examination.packages()
    assert line.state == "mend"
    assert "no-such-package is missing" in line.text and "wanted 1.0" in line.text
    assert "make lab" in line.advice


def test_another_helpers_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(examination, "repository", lambda: tmp_path)
    assert examination.whose_helpers().state == "mend"


def test_helpers_that_is_not_installed_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, "distributions", lambda **_: iter(()))
    line = examination.whose_helpers()
    assert line.state == "mend" and "not installed" in line.text


def test_too_little_memory_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examination, "available_memory", lambda: 12)
    assert examination.memory().state == "mend"
    monkeypatch.setattr(examination, "available_memory", lambda: None)
    assert examination.memory().state == "note"


def test_no_kubectl_says_where_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> str:
        raise KubectlError("kubectl is not on this machine. Install it.", exit_code=127)

    monkeypatch.setattr(examination.kubectl, "executable", missing)
    line = examination.kubectl_program()
    assert line.state == "mend" and "Install it" in line.advice


def test_a_home_that_cannot_be_written_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examination, "home", lambda: Path("/proc/nowhere"))
    monkeypatch.setattr(examination.os, "access", lambda *_: False)
    assert "LAB_HOME" in examination.state_directory().advice


def test_a_look_that_fails_is_a_finding() -> None:
    def broken() -> Line:
        raise RuntimeError("out of tea")

    line = examination._safely(broken)
    assert line.state == "mend" and "out of tea" in line.text


def test_without_a_cluster_the_next_step_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from helpers.lab.cluster import session

    def none() -> None:
        raise ClusterError("The lab is not started. Run: lab.start()")

    monkeypatch.setattr(session, "current", none)
    lines = list(examination.cluster(prove=True))
    assert [line.state for line in lines] == ["mend"] and "lab.start()" in lines[0].text


@pytest.mark.parametrize(("report", "status"), [(MENDED, 0), (BROKEN, 1)])
def test_the_command_ends_with_the_reports_status(
    report: Report, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "examine", lambda prove: report)
    assert command.main("doctor", ["-o", "json"]) == status
    assert json.loads(capsys.readouterr().out)["ok"] is (status == 0)


@pytest.mark.parametrize(
    ("enforced", "start"),
    [
        (True, "[ OK ] enforcement: Policies are enforced on x"),
        (False, "[mend] enforcement: Policies are NOT enforced on x"),
    ],
)
def test_enforcement_carries_one_mark(enforced: bool, start: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enforcement, "prove_enforcement", lambda: enforcement.Enforcement(enforced, 1.0, "x"))
    assert str(examination.enforcement()).startswith(start)

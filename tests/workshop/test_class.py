"""A class at its seats: everybody runs a notebook, makes a mistake that people make, is helped, and gets it right."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
from support.course import NOTEBOOKS
from support.seats import Attendee, Kernel, Seats, seats
from support.workshop import board, free_port

from helpers.lab.course.checks import solution
from helpers.workshop import measuring

PAYMENT = """%%kubectl apply -f -
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: payment-allow-checkout
spec:
  podSelector: {selector}
  ingress:
  - from:
    - podSelector: {{matchLabels: {{app: {caller}}}}}
    ports:
    - {{port: {port}, protocol: {protocol}}}
"""
SERVICE = "{matchLabels: {app: paymentservice}}"
MISTAKES = (
    PAYMENT.format(selector=SERVICE, caller="checkoutservice", port=50051, protocol="UDP"),
    PAYMENT.format(selector=SERVICE, caller="checkoutservice", port=8080, protocol="TCP"),
    PAYMENT.format(selector=SERVICE, caller="frontend", port=50051, protocol="TCP"),
    PAYMENT.format(selector="{}", caller="checkoutservice", port=50051, protocol="TCP"),
)
SPREAD = 60.0
"""Seconds within which everybody begins."""


def cells() -> Iterator[tuple[str, str]]:
    """Notebook 03's code cells by their ids, without the one that a learner fills in."""
    for cell in nbformat.read(NOTEBOOKS / "03-the-first-policy.ipynb", as_version=4).cells:
        if cell.cell_type == "code" and cell.id != "turn-answer":
            yield cell.id, cell.source


def attend(attendee: Attendee, number: int, delay: float) -> str:
    """What goes wrong for one attendee; empty if all is as the notebook says."""
    time.sleep(delay)
    with attendee.kernel() as kernel:
        said = {name: kernel.run(source) for name, source in cells()}
        wrong = [f"{name}: {text[-200:]}" for name, text in said.items() if "Error:" in text]
        if "Ready" not in said["reset"]:
            wrong.append(said["reset"])
        broken = [kernel.run(f"print(lab.page('{path}').status)").split()[-1] for path in ("/cart", "/")]
        if broken != ["500", "200"]:
            wrong.append(f"the cart and the home page answer {broken}")
        return "; ".join([*wrong, *task(kernel, number)])


def task(kernel: Kernel, number: int) -> Iterator[str]:
    """The mistake, the hint, the solution."""
    kernel.run(MISTAKES[number % len(MISTAKES)])
    if "[ .. ]" not in (said := kernel.run('lab.check("03-payment")')):
        yield f"a wrong answer passes: {said}"
    kernel.run("lab.hand_up('the payment')")
    kernel.run("%%kubectl apply -f -\n" + solution("03-payment").text)
    if "[ OK ]" not in (said := kernel.run('lab.check("03-payment")')):
        yield f"the solution does not pass: {said}"
    kernel.run("lab.hand_down()")


def a_class(found: Seats, folder: Path, count: int, spread: float) -> None:
    """All of them, and what the board knows of it."""
    with ThreadPoolExecutor(count) as pool:
        delays = [spread * at / count for at in range(count)]
        wrong = [*pool.map(attend, found.attendees, range(count), delays)]
    assert not any(wrong), "\n".join(filter(None, wrong))
    time.sleep(2)
    reports = [json.loads(path.read_text()) for path in folder.glob("*.json")]
    assert sorted(report["nickname"] for report in reports) == [attendee.name for attendee in found.attendees]
    for report in reports:
        assert report["hand"] is None and report["tasks"]["03-payment"]["tries"] >= 2, report
        assert report["tasks"]["03-payment"]["done"], report


@pytest.mark.timeout(600)
def test_a_small_class(tmp_path: Path) -> None:
    folder = tmp_path / "board"
    folder.mkdir()
    with seats(tmp_path / "lab", 2, "--board", str(folder)) as found:
        a_class(found, folder, 2, 1.0)


@pytest.mark.long
def test_a_class_of_twenty_within_a_minute_of_each_other(tmp_path: Path) -> None:
    """On two cores; the measured table of docs/workshop.md comes from here."""
    folder = tmp_path / "board"
    folder.mkdir()
    begun = time.monotonic()
    with (
        seats(tmp_path / "lab", 20, "--board", str(folder)) as found,
        board(tmp_path / "teacher", "--folder", str(folder), "--port", str(free_port())) as shown,
    ):
        print(f"20 seats are open after {time.monotonic() - begun:.0f} s")
        begun = time.monotonic()
        a_class(found, folder, 20, SPREAD)
        print(f"20 seats have run notebook 03 in {time.monotonic() - begun:.0f} s")
        assert len(shown.rows()) == 20
        used = measuring.measure(found.folder, [attendee.name for attendee in found.attendees], 20)
        for what, share in (
            ("MB", [use.megabytes for use in used.values()]),
            ("of a core", [use.cores for use in used.values()]),
        ):
            print(f"a seat afterwards, with a kernel: {sum(share) / 20:.3f} {what}")

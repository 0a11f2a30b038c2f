"""With FAULTS_REPORT set, as by `make faults`, the run writes docs/faults.md's list."""

from __future__ import annotations

import os

import pytest
from support.faults import Outcomes

_outcomes = Outcomes()


def pytest_collection_finish(session: pytest.Session) -> None:
    _outcomes.expect(session.items)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _outcomes.note(report)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if os.environ.get("FAULTS_REPORT"):
        _outcomes.write()

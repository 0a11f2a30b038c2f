"""The fast tests first: whoever broke something learns it within a minute."""

import os
from collections.abc import Generator, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from support.faults import Outcomes
from support.leaks import name_transports, nothing_left_open

# A busy machine is no fault of the code.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

name_transports()

SLOW_LAST = (
    "security",
    "faults",
    "display",
    "collections",
    "localcluster",
    "kubelet",
    "tutorials",
    "e2e",
    "notebooks",
    "browser",
)


def pytest_configure(config: pytest.Config) -> None:
    """With FAULTS_REPORT set, as by `make faults`, the run writes docs/faults.md's list."""
    if os.environ.get("FAULTS_REPORT"):
        config.pluginmanager.register(Outcomes())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort by folder: those without a cluster first, notebooks and browsers last; inside a folder nothing moves."""

    def rank(item: pytest.Item) -> int:
        parts = item.path.parts
        return max((number for number, name in enumerate(SLOW_LAST, 1) if name in parts), default=0)

    items.sort(key=rank)


@pytest.fixture(scope="module", autouse=True)
def nothing_is_left_open(request: pytest.FixtureRequest) -> Iterator[None]:
    """A module that leaves something open fails itself, not whichever comes later."""
    with nothing_left_open(request.node.nodeid):
        yield


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    """With REQUIRE_BROWSER set, as in CI, a test that is skipped for want of a browser fails."""
    outcome = yield
    report = outcome.get_result()
    if os.environ.get("REQUIRE_BROWSER") and report.skipped and "Chromium" in str(report.longrepr):
        report.outcome = "failed"
        report.longrepr = f"REQUIRE_BROWSER is set, and this was skipped: {report.longrepr}"

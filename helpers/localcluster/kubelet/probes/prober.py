"""When probes are asked, and what follows from their answers: started, ready, restarted."""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

from helpers.localcluster.kubelet.probes.asking import Check

Object = dict[str, Any]
FIRST_PAUSE = 0.02
"""Until a probe has succeeded once it is asked again this soon (s), so that a pod is Ready when it is ready …"""
GROWTH = 1.1
"""… and then more and more slowly, until the pause is the period."""


class Probed(Protocol):
    """The container, as its prober tells it about changes."""

    def set_started(self) -> None: ...
    def set_ready(self, ready: bool) -> None: ...
    def unhealthy(self, kind: str, message: str) -> None: ...
    def restart(self, why: str) -> None: ...


async def run(spec: Object, checks: Callable[[Object], Check], container: Probed) -> None:
    """Probe one run of a container until cancelled."""
    if probe := spec.get("startupProbe"):
        await _Probe("Startup", probe, checks(probe), container).first_success(restart=True)
    container.set_started()
    async with asyncio.TaskGroup() as group:
        if probe := spec.get("livenessProbe"):
            group.create_task(_Probe("Liveness", probe, checks(probe), container).stay_alive())
        if probe := spec.get("readinessProbe"):
            group.create_task(_Probe("Readiness", probe, checks(probe), container).stay_ready())
        else:
            container.set_ready(True)


class _Probe:
    def __init__(self, kind: str, probe: Object, check: Check, container: Probed) -> None:
        self._kind = kind
        self._check = check
        self._container = container
        self._delay = float(probe.get("initialDelaySeconds") or 0)
        self._period = float(probe.get("periodSeconds") or 10)
        self._failures_allowed = int(probe.get("failureThreshold") or 3)
        self._successes_needed = int(probe.get("successThreshold") or 1)

    async def first_success(self, *, restart: bool) -> None:
        """Ask at once and quickly again until it succeeds; failures count once a period, as they would there."""
        loop = asyncio.get_running_loop()
        due = loop.time() + self._delay + (self._period if not self._delay else 0)
        pause, failures = FIRST_PAUSE, 0
        while (message := await self._check()) is not None:
            if loop.time() >= due:
                due += self._period
                failures += 1
                self._container.unhealthy(self._kind, message)
                if restart and failures >= self._failures_allowed:
                    self._container.restart(f"failed {self._kind.lower()} probe")
                    return await asyncio.Event().wait() and None
            await asyncio.sleep(min(pause, self._period))
            pause *= GROWTH

    async def stay_ready(self) -> None:
        await self.first_success(restart=False)
        ready = self._successes_needed == 1
        streak = 0 if ready else 1
        self._container.set_ready(ready)
        while True:
            await asyncio.sleep(self._period)
            message = await self._check()
            if message is not None:
                self._container.unhealthy(self._kind, message)
            # How many answers in a row contradict what the container is said to be.
            streak = 0 if (message is None) == ready else streak + 1
            if streak >= (self._failures_allowed if ready else self._successes_needed):
                ready, streak = not ready, 0
                self._container.set_ready(ready)

    async def stay_alive(self) -> None:
        failures = 0
        # The first question comes after a full period: at start-up the answers would only cost time.
        await asyncio.sleep(max(self._delay, self._period))
        while True:
            message = await self._check()
            failures = 0 if message is None else failures + 1
            if message is not None:
                self._container.unhealthy(self._kind, message)
            if failures >= self._failures_allowed:
                self._container.restart("failed liveness probe")
                return
            await asyncio.sleep(self._period)

"""A cluster that ends by itself: with the process that it belongs to, or when nobody has used it for long enough.

`LAB_OWNER_PID` is a process id, such as that of somebody's Jupyter server; `LAB_IDLE_STOP` a time such as `30m`.
Without them a cluster runs until it is stopped. Its objects are kept, and the next start brings them back.
"""

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from helpers.localcluster.node.processes import runs

OWNER = "LAB_OWNER_PID"
IDLE = "LAB_IDLE_STOP"
VARIABLES = (OWNER, IDLE)
LOOK_SECONDS = 2.0
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True)
class Lifetime:
    """How long a cluster runs: as long as process `owner`, and not unused for `idle` seconds; None for no limit."""

    owner: int | None = None
    idle: float | None = None

    @classmethod
    def of(cls, variables: Mapping[str, str]) -> "Lifetime":
        """What the environment asks for. Raises ValueError with a sentence."""
        owner, idle = variables.get(OWNER, ""), variables.get(IDLE, "")
        if owner and not re.fullmatch(r"[1-9]\d{0,9}", owner):
            raise ValueError(f"{OWNER} is {owner!r}: it takes the id of the process that the cluster belongs to.")
        return cls(int(owner) if owner else None, _seconds(idle) if idle else None)

    async def over(self, used: Callable[[], float]) -> str:
        """Wait for the end, and say why it has come; `used` is when somebody last used it, by `time.monotonic()`."""
        while True:
            if self.owner is not None and not runs(self.owner):
                return f"process {self.owner}, to which this cluster belongs, has ended"
            if self.idle is not None and time.monotonic() - used() > self.idle:
                return f"nobody has used the cluster for {self.idle:g} seconds"
            await asyncio.sleep(min(LOOK_SECONDS, self.idle or LOOK_SECONDS))


def _seconds(text: str) -> float:
    found = re.fullmatch(r"(\d{1,7}(?:\.\d{1,3})?)([smh]?)", text.strip())
    if not found or not float(found[1]):
        raise ValueError(f"{IDLE} is {text!r}: it takes a time such as 90s, 30m or 2h.")
    return float(found[1]) * _UNITS[found[2]]

"""How often somebody may ask: token buckets, for as many callers as there is room to remember."""

from collections import OrderedDict
from collections.abc import Callable


class Limit:
    """`rate` a second and `burst` at once for each caller; of more than `room` callers the oldest is forgotten."""

    def __init__(self, rate: float, burst: float, clock: Callable[[], float], room: int = 4096) -> None:
        self._rate, self._burst, self._clock, self._room = rate, burst, clock, room
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allows(self, caller: str) -> bool:
        """Whether there is something left for this caller; takes nothing."""
        return self._left(caller) >= 1

    def take(self, caller: str) -> bool:
        """Take one, if there is one."""
        left = self._left(caller)
        taken = left >= 1
        self._buckets[caller] = (left - taken, self._clock())
        self._buckets.move_to_end(caller)
        if len(self._buckets) > self._room:
            self._buckets.popitem(last=False)
        return taken

    def _left(self, caller: str) -> float:
        left, at = self._buckets.get(caller, (self._burst, self._clock()))
        return min(self._burst, left + (self._clock() - at) * self._rate)

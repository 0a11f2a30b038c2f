"""Every attempt to connect, with its verdict: a bounded log that can be listed and followed.

A `Flow` is a plain object of the API (`lab.hipster-shop.dev/v1`):

    metadata    name "flow-000017", creationTimestamp (first attempt), resourceVersion (of the log)
    time        the latest attempt, RFC 3339 with milliseconds
    source      kind Pod or External, namespace, name, address, labels
    target      the same, and service: "namespace/name" if one was dialled, else null
    port        number on the pod; protocol TCP, UDP or SCTP
    verdict     "allowed", "denied" (dropped by a policy) or "refused" (nothing answers there)
    reason      a sentence
    policies    "namespace/name" of those that decided
    attempts    how often, in quick succession
    dns         whether this is the lookup of a name
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

Flow = dict[str, Any]
Subscriber = Callable[[str, Flow], None]
"""Called with "ADDED", "MODIFIED" or "DELETED" and the flow."""

API_VERSION = "lab.hipster-shop.dev/v1"
CAPACITY = 2000

# A client that retries at once adds to a flow's attempts; a learner who reloads a page gets a line of its own.
RETRY_SECONDS = 1.0
LONGEST_SECONDS = 10.0


class FlowLog:
    """A ring of flows; flows are replaced, never changed, so a reader may keep what it got."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._flows: OrderedDict[str, Flow] = OrderedDict()
        self._latest: dict[tuple[object, ...], _Run] = {}
        self._subscribers: list[Subscriber] = []
        self._count = 0
        # From the clock, so that a client of an earlier node's log doesn't take old revisions for its own.
        self.revision = int(time.time() * 1000)
        """Grows with every change; a flow's resourceVersion is the revision that wrote it."""

    def list(self) -> "list[Flow]":
        """All flows that are still kept, oldest first."""
        return [*self._flows.values()]

    def subscribe(self, callback: Subscriber) -> Callable[[], None]:
        """Call `callback(type, flow)` from now on; returns what ends it."""
        self._subscribers.append(callback)
        return lambda: self._subscribers.remove(callback) if callback in self._subscribers else None

    def record(
        self,
        *,
        source: Flow,
        target: Flow,
        port: int,
        protocol: str,
        verdict: str,
        reason: str,
        policies: tuple[str, ...] = (),
        dns: bool = False,
        now: datetime | None = None,
    ) -> None:
        """Log one attempt. Equal attempts in quick succession become one flow that counts them."""
        now = now or datetime.now(UTC)
        key = (
            source["namespace"],
            source["name"],
            source["address"],
            target["namespace"],
            target["name"],
            target["address"],
            target["service"],
            port,
            protocol,
            verdict,
            policies,
            dns,
        )
        run = self._latest.get(key)
        if run is not None and run.name in self._flows and run.continues(now):
            self._repeat(run, now)
            return
        self._count += 1
        name = f"flow-{self._count:06d}"
        self._latest[key] = _Run(name, key, now)
        self._publish(
            "ADDED",
            {
                "apiVersion": API_VERSION,
                "kind": "Flow",
                "metadata": {"name": name, "creationTimestamp": now.strftime("%Y-%m-%dT%H:%M:%SZ")},
                "time": _stamp(now),
                "source": source,
                "target": target,
                "port": port,
                "protocol": protocol,
                "verdict": verdict,
                "reason": reason,
                "policies": list(policies),
                "attempts": 1,
                "dns": dns,
            },
        )
        self._forget_oldest()

    def _repeat(self, run: "_Run", now: datetime) -> None:
        run.last = now
        flow = self._flows[run.name]
        self._publish("MODIFIED", {**flow, "time": _stamp(now), "attempts": flow["attempts"] + 1})

    def _publish(self, kind: str, flow: Flow) -> None:
        self.revision += 1
        flow = {**flow, "metadata": {**flow["metadata"], "resourceVersion": str(self.revision)}}
        if kind == "DELETED":
            self._flows.pop(flow["metadata"]["name"], None)
        else:
            self._flows[flow["metadata"]["name"]] = flow
        for subscriber in [*self._subscribers]:
            subscriber(kind, flow)

    def _forget_oldest(self) -> None:
        while len(self._flows) > self._capacity:
            self._publish("DELETED", next(iter(self._flows.values())))
        if len(self._latest) > 2 * self._capacity:
            self._latest = {key: run for key, run in self._latest.items() if run.name in self._flows}


class _Run:
    """Attempts that count as one flow."""

    __slots__ = ("first", "key", "last", "name")

    def __init__(self, name: str, key: tuple[object, ...], now: datetime) -> None:
        self.name = name
        self.key = key
        self.first = self.last = now

    def continues(self, now: datetime) -> bool:
        quick: bool = 0 <= (now - self.last).total_seconds() < RETRY_SECONDS
        return quick and (now - self.first).total_seconds() < LONGEST_SECONDS


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

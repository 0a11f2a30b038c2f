"""Arrows: which end needs to call which, and how that is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from helpers.policies.model.naming import is_system
from helpers.policies.wording import short


class Evidence(NamedTuple):
    """How a need is known: the field ("env REDIS_ADDR") of an object ("Deployment default/cart"), and the place of
    that in a file, if it was read from one; or a flow log ("4 flows")."""

    field: str
    object: str = ""
    place: str = ""
    kind: str = "address"
    """"address", "exposure", "scrape", "api" or "flow"."""

    def __str__(self) -> str:
        return self.field

    @property
    def sentence(self) -> str:
        """`env REDIS_ADDR of Deployment default/cart (shop.yaml, document 3, line 40)`."""
        said = f"{self.field} of {self.object}" if self.object else self.field
        return f"{said} ({self.place})" if self.place else said

    def as_dict(self) -> dict[str, str]:
        return {name: value for name, value in self._asdict().items() if value}


@dataclass(frozen=True, slots=True)
class Arrow:
    """One call that is needed.

    Ends are `ns/name[Kind]` of workloads, "outside", INGRESS_CONTROLLER, API_SERVER, or an address; both are the same
    workload when its members call each other. `port` is the pod's, which policies count by; `service` ("ns/name") and
    `service_port` are what callers dial, where they dial a Service. Equal arrows may have different evidence.
    """

    source: str
    target: str
    port: int
    protocol: str = "TCP"
    evidence: tuple[Evidence, ...] = field(default=(), compare=False)
    service: str = field(default="", compare=False)
    service_port: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return f"{short(self.source)} → {short(self.target)} {self.protocol} {self.port}"

    @property
    def through(self) -> str:
        """The arrow with the port that callers dial, where that is another one."""
        return f"{self} (Service port {self.service_port})" if self.service_port not in (0, self.port) else str(self)

    @property
    def rank(self) -> tuple[str, str, str, int]:
        """What arrows are sorted by: the whole names of their ends."""
        return self.source, self.target, self.protocol, self.port

    def as_dict(self) -> dict[str, Any]:
        return {
            "source": self.source,
            "target": self.target,
            "port": self.port,
            "protocol": self.protocol,
            "evidence": [one.as_dict() for one in self.evidence],
        }


@dataclass(slots=True)
class Found:
    """Arrows as they are found, with notes on what couldn't become one."""

    arrows: dict[Arrow, dict[Evidence, None]] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)

    def add(self, arrow: Arrow, evidence: Evidence) -> None:
        self.arrows.setdefault(arrow, {})[evidence] = None

    def note(self, text: str) -> None:
        self.notes[text] = None

    def listed(self) -> tuple[Arrow, ...]:
        """The arrows, sorted, with their evidence."""
        return tuple(
            Arrow(one.source, one.target, one.port, one.protocol, tuple(evidence), one.service, one.service_port)
            for one, evidence in sorted(self.arrows.items(), key=lambda entry: entry[0].rank)
        )


@dataclass(frozen=True, slots=True)
class Needs:
    """What an application needs: its arrows, sorted, and notes on what couldn't become one."""

    arrows: tuple[Arrow, ...] = ()
    notes: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Arrow]:
        return iter(self.arrows)

    def __len__(self) -> int:
        return len(self.arrows)

    @property
    def of_application(self) -> tuple[Arrow, ...]:
        """The arrows of which no end belongs to the cluster itself."""
        return tuple(
            one
            for one in self.arrows
            if not any("[" in end and is_system(end.partition("/")[0]) for end in (one.source, one.target))
        )

"""The answer to "may this connect to that?", with what decided it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from helpers.policies.model import RuleRef
from helpers.policies.wording import listed

NODE = "a node always reaches the pods on it"
OWN_ADDRESS = "a pod always reaches its own address"


@dataclass(frozen=True, slots=True)
class Side:
    """One end's part: the source's egress or the target's ingress.

    `isolating` are the policies ("ns/name") that select the end for this direction, `rule` the rule that decided, if
    one did, such as "default/web spec.ingress[0]"; `note` says why policies don't count here.
    """

    direction: str
    isolated: bool
    allowed: bool
    isolating: tuple[str, ...] = ()
    rule: RuleRef | None = None
    note: str = ""

    @property
    def policies(self) -> tuple[str, ...]:
        """The policies that decided this side: the one whose rule did, or all that isolate when none speaks of it."""
        if self.rule:
            return (self.rule.policy,)
        return () if self.allowed else self.isolating

    def as_dict(self) -> dict[str, Any]:
        return {
            "isolated": self.isolated,
            "allowed": self.allowed,
            "isolating": list(self.isolating),
            "rule": str(self.rule) if self.rule else None,
            "note": self.note,
        }


@dataclass(frozen=True, slots=True)
class Miss:
    """Why one policy doesn't let a connection pass: `reason` completes "POLICY …"; `kind` is "rules" (it has
    none), "port", "peer" or "both"; `rule` is the path of the nearest rule, `wants` what that allows and `got` what
    the connection has instead. The smaller `distance`, the nearer."""

    policy: str
    direction: str
    kind: str
    reason: str
    rule: str | None = None
    distance: int = 100
    wants: str = ""
    got: str = ""

    def __str__(self) -> str:
        return f"{self.policy} {self.reason}"

    def as_dict(self) -> dict[str, Any]:
        return {
            "policy": self.policy,
            "direction": self.direction,
            "kind": self.kind,
            "rule": self.rule,
            "reason": self.reason,
        }


class Verdict:
    """Whether a new connection is allowed, and why; prints as one sentence, shows as HTML in a notebook.

    True in a condition when it is allowed. `misses` says for each policy that stands in the way how near it came;
    only `World.explain` fills it in.
    """

    def __init__(
        self,
        source: str,
        target: str,
        port: int,
        protocol: str,
        egress: Side,
        ingress: Side,
        misses: Sequence[Miss] = (),
        notes: Sequence[str] = (),
    ) -> None:
        self.source, self.target, self.port, self.protocol = source, target, port, protocol
        self.egress, self.ingress = egress, ingress
        self.misses, self.notes = tuple(misses), tuple(notes)

    def explained(self, misses: Sequence[Miss], notes: Sequence[str]) -> Verdict:
        return Verdict(self.source, self.target, self.port, self.protocol, self.egress, self.ingress, misses, notes)

    def noting(self, note: str) -> Verdict:
        """The same verdict with one more note."""
        return self.explained(self.misses, (*self.notes, note))

    @property
    def allowed(self) -> bool:
        return self.egress.allowed and self.ingress.allowed

    @cached_property
    def policies(self) -> tuple[str, ...]:
        """The policies that decided, "ns/name", without repetition."""
        sides = [side for side in (self.egress, self.ingress) if self.allowed or not side.allowed]
        return tuple(dict.fromkeys(key for side in sides for key in side.policies))

    @property
    def connection(self) -> str:
        return f"{self.source} → {self.target} {self.protocol} {self.port}"

    @cached_property
    def sentence(self) -> str:
        return f"{self.connection} is {'allowed' if self.allowed else 'denied'}: {self.cause}."

    @cached_property
    def cause(self) -> str:
        """The shortest complete cause, without its full stop."""
        if not self.allowed:
            return "; and ".join(self._refusal(side) for side in (self.egress, self.ingress) if not side.allowed)
        special = [side.note for side in (self.egress, self.ingress) if side.note]
        if special:
            return special[0]
        rules = [
            f"{side.rule} lets it {'out' if side.direction == 'egress' else 'in'}"
            for side in (self.egress, self.ingress)
            if side.rule
        ]
        return " and ".join(rules) or "no policy isolates either end"

    def _refusal(self, side: Side) -> str:
        if side.note:
            return side.note
        if side.rule:
            return f"{side.rule} stops it"
        end, out = (self.source, "out") if side.direction == "egress" else (self.target, "in")
        misses = [miss for miss in self.misses if miss.direction == side.direction]
        if len(side.isolating) == 1:
            rest = misses[0].reason if misses else f"no rule lets it {out}"
            return f"{side.isolating[0]} isolates {end} for {side.direction} and {rest}"
        start = f"{listed(side.isolating)} isolate {end} for {side.direction}, and none lets it {out}"
        return f"{start}: {_nearest(misses)}" if misses else start

    def as_dict(self) -> dict[str, Any]:
        return {
            "source": self.source,
            "target": self.target,
            "port": self.port,
            "protocol": self.protocol,
            "allowed": self.allowed,
            "egress": self.egress.as_dict(),
            "ingress": self.ingress.as_dict(),
            "policies": list(self.policies),
            "misses": [miss.as_dict() for miss in self.misses],
            "notes": list(self.notes),
            "sentence": self.sentence,
        }

    def __bool__(self) -> bool:
        return self.allowed

    def __repr__(self) -> str:
        return self.sentence


def _nearest(misses: Sequence[Miss]) -> str:
    """The nearest misses (at most three that are equally near), and how many more there are."""
    near = [miss for miss in misses if miss.distance == misses[0].distance][:3]
    rest = len(misses) - len(near)
    more = f"; {rest} more {'comes' if rest == 1 else 'come'} no nearer" if rest else ""
    return "; ".join(map(str, near)) + more

"""What the graph shows, before anything is drawn: workloads as nodes, calls as edges, and how they fare.

Asks the policy engine; decides nothing itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from helpers.policies import home
from helpers.policies.application.reach import Call, Need, Reach, Stage
from helpers.policies.judging.naming import resolves
from helpers.policies.model.addresses import OUTSIDE
from helpers.policies.model.naming import INGRESS_CONTROLLER, is_system
from helpers.policies.wording import short

if TYPE_CHECKING:
    from helpers.policies import Policy, World
    from helpers.policies.model import Workload

FEW = 3
"""Up to so many needless calls into or out of a workload are drawn one by one."""

CROWDED = 40
"""Above so many needed calls, needless ones are only counted, and names are in the tooltips."""

MANY = 60
"""Above so many workloads, those that take part in nothing are drawn as one a namespace."""

_TITLES = {OUTSIDE: "outside world", INGRESS_CONTROLLER: "ingress controller"}

ALLOWED, BLOCKED, EXTRA = "allowed", "blocked", "extra"
WORDS = {ALLOWED: "needed and allowed", BLOCKED: "needed, but blocked", EXTRA: "allowed, though nobody needs it"}


@dataclass(frozen=True)
class Node:
    """A workload with its pods, the outside world, or (above MANY) the quiet workloads of a namespace.

    `ingress` and `egress` name the policies that isolate it. `others_in` and `others_out` count needless calls that
    are not drawn one by one. `no_dns` is true if it may call others but cannot look up their names.
    """

    key: str
    name: str
    namespace: str
    pods: int = 1
    ingress: tuple[str, ...] = ()
    egress: tuple[str, ...] = ()
    others_in: int = 0
    others_out: int = 0
    no_dns: bool = False
    changed: bool = False

    @property
    def title(self) -> str:
        """The name, and how many pods it has if not one."""
        return self.name if self.pods == 1 else f"{self.name} ×{self.pods}"

    @property
    def state(self) -> str:
        """One of "open", "ingress", "egress", "both", "outside"."""
        if not self.namespace:
            return OUTSIDE
        return {(False, False): "open", (True, False): "ingress", (False, True): "egress", (True, True): "both"}[
            bool(self.ingress), bool(self.egress)
        ]


@dataclass(frozen=True)
class Edge:
    """A call from one node to another on the pod's port, and how it fares under the policies.

    `policies` are those that decided; `change` says what the last policy did to it, if anything.
    """

    source: str
    target: str
    port: int
    protocol: str
    state: str
    policies: tuple[str, ...] = ()
    sentence: str = ""
    change: str = ""
    service_port: int = 0


@dataclass(frozen=True)
class Scene:
    """Everything that the picture shows. `last` is the policy whose effect stands out, "ns/name" or empty.

    `listed` are the application's policies, the oldest first: the picture calls them by their place, from 1.
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    last: str = ""
    listed: tuple[str, ...] = ()

    @property
    def policies(self) -> int:
        return len(self.listed)

    @property
    def namespaces(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(node.namespace for node in self.nodes if node.namespace))

    def count(self, state: str) -> int:
        """How many edges are in this state; needless calls count whether drawn or not."""
        drawn = sum(edge.state == state for edge in self.edges)
        return drawn + (sum(node.others_in + node.others_out for node in self.nodes) if state == EXTRA else 0)

    @property
    def sentence(self) -> str:
        """The picture in words."""
        if not self.nodes:
            return "There is no pod to draw yet. Deploy the shop: lab.deploy()"
        needed = self.count(ALLOWED) + self.count(BLOCKED)
        parts = [
            f"{_plural(sum(bool(node.namespace) for node in self.nodes), 'workload')} under "
            f"{_plural(self.policies, 'policy', 'policies')}: {self.count(ALLOWED)} of {needed} needed calls are "
            "allowed"
        ]
        blocked = [f"{short(edge.source)} → {short(edge.target)}" for edge in self.edges if edge.state == BLOCKED]
        if blocked:
            parts.append(f"blocked are {_listed(blocked)}")
        if extra := self.count(EXTRA):
            parts.append(
                f"{_plural(extra, 'call')} that nobody needs {'is' if extra == 1 else 'are'} allowed into or "
                "out of isolated workloads"
            )
        if quiet := [node.name for node in self.nodes if node.no_dns]:
            parts.append(f"no DNS for {_listed(quiet)}")
        opened = sum(node.state == "open" for node in self.nodes)
        parts.append(f"{_plural(opened, 'workload')} {'is' if opened == 1 else 'are'} selected by no policy")
        return "; ".join(parts) + "."


def scene_of(world: World, needs: Iterable[Need], *, last: str | None = None, before: World | None = None) -> Scene:
    """The scene of a world and the calls that its application needs.

    `last` names the policy whose effect stands out; without it, the newest one, if the objects tell. With another
    world as `before`, what differs from that stands out instead.
    """
    wanted = tuple(needs)
    newest = (latest(world) if before is None else "") if last is None else last
    if before is None and newest:
        before = _without(world, newest)
    stage = Stage.of(wanted, *([world] if before is None else [world, before]))
    return scene_between(Reach(world, stage), None if before is None else Reach(before, stage), wanted, newest)


def scene_between(
    reach: Reach, before: Reach | None, needs: Sequence[Need], last: str = "", only: Collection[str] | None = None
) -> Scene:
    """The scene of a world that was asked already, with what differs from another; `only` are the workloads to draw
    of many."""
    drawn = _Drawn(reach, before, shown(reach.world, needs, only))
    edges = [drawn.needed(need) for need in needs if drawn.shows(need)]
    listed = tuple(policy.key for policy in sorted(_of_application(reach.world), key=_age))
    extras = list(drawn.extras()) if listed else []
    nodes = [drawn.node(workload) for workload in drawn.workloads.values()]
    elsewhere = dict.fromkeys(
        end for edge in (*edges, *extras) for end in (edge.source, edge.target) if end not in drawn.workloads
    )
    nodes, few = _thin(
        [*(Node(end, _TITLES.get(end, end), "") for end in elsewhere), *nodes],
        extras,
        FEW if len(edges) <= CROWDED else 0,
    )
    scene = Scene(tuple(nodes), (*edges, *few), last, listed)
    return _merge_quiet(scene) if len(nodes) > MANY else scene


def shown(world: World, needs: Iterable[Need], only: Collection[str] | None = None) -> dict[str, Workload]:
    """The workloads to draw, the course's namespace first: the application's, and those of the cluster that call it or
    that it calls."""
    own = {key for key, one in world.workloads.items() if not is_system(one.namespace)}
    ends = {end for need in needs for end in (need.source, need.target) if {need.source, need.target} & own}
    return {
        key: world.workloads[key]
        for key in sorted(own | (ends & world.workloads.keys()), key=home.first)
        if only is None or key in only
    }


def latest(world: World) -> str:
    """The policy that the API server wrote last, "ns/name"; empty if none has a resourceVersion."""
    versions = {
        policy.key: str((policy.source.get("metadata") or {}).get("resourceVersion") or "")
        for policy in _of_application(world)
    }
    known = {key: int(version) for key, version in versions.items() if version.isdigit()}
    return max(known, key=lambda key: known[key]) if known else ""


def _of_application(world: World) -> list[Policy]:
    return [policy for policy in world.policies if not is_system(policy.namespace)]


def _age(policy: Policy) -> str:
    """What policies are sorted by: when they were made, those that aren't yet in a cluster last."""
    return str((policy.source.get("metadata") or {}).get("creationTimestamp") or "~")


def _without(world: World, key: str) -> World:
    return world.with_policies(policy for policy in world.policies if policy.key != key)


def _isolating(world: World, key: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The policies that isolate a workload for ingress and for egress."""
    found = world.workloads.get(key)
    sides = [world.isolating(found.pods[0], direction) if found else () for direction in ("ingress", "egress")]
    return tuple(policy.key for policy in sides[0]), tuple(policy.key for policy in sides[1])


class _Drawn:
    """What is asked of the engine for one scene."""

    def __init__(self, reach: Reach, before: Reach | None, workloads: dict[str, Workload]) -> None:
        self._reach, self._before, self.workloads = reach, before, workloads
        self._isolated = {key: _isolating(reach.world, key) for key in workloads}
        self._callers = {call.source for call in reach.stage.needs if "/" in call.target}

    def shows(self, need: Need) -> bool:
        """Whether both ends of a need are drawn, one of them a workload."""
        ends = (need.source, need.target)
        return any(end in self.workloads for end in ends) and all(
            end in self.workloads or (end in self._reach.stage.bits and "/" not in end) for end in ends
        )

    def node(self, workload: Workload) -> Node:
        key = workload.key
        ingress, egress = self._isolated[key]
        changed = self._before is not None and (ingress, egress) != _isolating(self._before.world, key)
        no_dns = key in self._callers and not resolves(workload.pods[0], self._reach.world)
        return Node(
            key, workload.name, workload.namespace, workload.members, ingress, egress, no_dns=no_dns, changed=changed
        )

    def needed(self, need: Need) -> Edge:
        call = Call(need.source, need.target, need.port, need.protocol)
        verdict, change = self._reach.verdict(call), ""
        if self._before is not None:
            old = self._before.verdict(call)
            if old.allowed != verdict.allowed:
                change = "now allowed" if verdict.allowed else "now blocked"
            elif old.policies != verdict.policies:
                change = "now by policy"
        return Edge(
            *call,
            ALLOWED if verdict.allowed else BLOCKED,
            verdict.policies,
            verdict.sentence,
            change,
            getattr(need, "service_port", 0),
        )

    def extras(self) -> Iterator[Edge]:
        """Calls that policies let pass although the application needs none: into or out of isolated workloads.

        What an open workload may do is everything, and shown by its being drawn open.
        """
        bits = self._reach.stage.bits
        closed_in = sum(bits[key] for key in self.workloads if self._isolated[key][0])
        drawn = sum(bits[key] for key in self.workloads) | bits[OUTSIDE]
        for source in self.workloads:
            among = drawn if self._isolated[source][1] else closed_in
            for call in self._reach.calls_from(source, among):
                if call not in self._reach.stage.needed:
                    verdict = self._reach.verdict(call)
                    yield Edge(*call, EXTRA, verdict.policies, verdict.sentence)


def _thin(nodes: list[Node], extras: list[Edge], few: int) -> tuple[list[Node], list[Edge]]:
    """Draw a few needless calls one by one; many into or out of the same workload become a number there.

    Those to the outside world are always drawn.
    """
    outward = [edge for edge in extras if edge.target == OUTSIDE]
    drawn = [edge for edge in extras if edge.target != OUTSIDE]
    counts: dict[tuple[str, str], int] = {}
    for side, end in (("in", "target"), ("out", "source")):
        found = Counter(getattr(edge, end) for edge in drawn)
        many = {key for key, count in found.items() if count > few}
        counts |= {(key, side): found[key] for key in many}
        drawn = [edge for edge in drawn if getattr(edge, end) not in many]
    return [
        replace(node, others_in=counts.get((node.key, "in"), 0), others_out=counts.get((node.key, "out"), 0))
        for node in nodes
    ], [*drawn, *outward]


def _merge_quiet(scene: Scene) -> Scene:
    """One node a namespace for the workloads that no policy selects and no edge touches."""
    busy = {end for edge in scene.edges for end in (edge.source, edge.target)}
    kept: list[Node] = []
    quiet: dict[str, list[Node]] = {}
    for node in scene.nodes:
        lively = node.key in busy or node.state != "open" or node.others_in
        (kept if lively else quiet.setdefault(node.namespace, [])).append(node)
    merged = [
        Node(f"{namespace}/…", f"{len(nodes)} more", namespace, sum(node.pods for node in nodes))
        for namespace, nodes in quiet.items()
    ]
    return replace(scene, nodes=(*kept, *merged))


def _plural(count: int, one: str, many: str = "") -> str:
    return f"{count or 'no'} {one if count == 1 else many or one + 's'}"


def _listed(items: Sequence[str], most: int = 5) -> str:
    shown = list(items[:most])
    if len(items) > most:
        return f"{', '.join(shown)} and {len(items) - most} more"
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))

"""What the graph shows, before anything is drawn: workloads as nodes, calls as edges, and how they fare.

Asks the policy engine; decides nothing itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from helpers.lab.arrows import OUTSIDE, Arrow
from helpers.lab.looking import SYSTEM, workloads
from helpers.policies.wording import short

if TYPE_CHECKING:
    from helpers.policies import Pod, Policy, World

OUTSIDE_ADDRESS = "198.51.100.1"
"""An address that no pod has, for the world outside of the cluster; kept for documentation by RFC 5737."""

FEW = 3
"""Up to so many needless calls into or out of a workload are drawn one by one."""

CROWDED = 40
"""Above so many needed calls, needless ones are only counted, and names are in the tooltips."""

MANY = 60
"""Above so many workloads, those that take part in nothing are drawn as one a namespace."""

Door = tuple[str, str, int]
"""A possible call: source, target, the pod's port."""

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
        if self.key == OUTSIDE:
            return OUTSIDE
        return {(False, False): "open", (True, False): "ingress", (False, True): "egress",
                (True, True): "both"}[bool(self.ingress), bool(self.egress)]


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
    """Everything that the picture shows. `last` is the policy whose effect stands out, "ns/name" or empty."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    last: str = ""
    policies: int = 0

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
        parts = [f"{_plural(len(self.nodes) - any(node.key == OUTSIDE for node in self.nodes), 'workload')} under "
                 f"{_plural(self.policies, 'policy', 'policies')}: {self.count(ALLOWED)} of {needed} needed calls are "
                 "allowed"]
        blocked = [f"{short(edge.source)} → {short(edge.target)}" for edge in self.edges if edge.state == BLOCKED]
        if blocked:
            parts.append(f"blocked are {_listed(blocked)}")
        if extra := self.count(EXTRA):
            parts.append(f"{_plural(extra, 'call')} that nobody needs {'is' if extra == 1 else 'are'} allowed into or "
                         "out of isolated workloads")
        if quiet := [node.name for node in self.nodes if node.no_dns]:
            parts.append(f"no DNS for {_listed(quiet)}")
        opened = sum(node.state == "open" for node in self.nodes)
        parts.append(f"{_plural(opened, 'workload')} {'is' if opened == 1 else 'are'} selected by no policy")
        return "; ".join(parts) + "."


def scene_of(world: World, arrows: Iterable[Arrow], *, last: str | None = None,
             before: World | None = None) -> Scene:
    """The scene of a world and the calls that its application needs.

    `last` names the policy whose effect stands out; without it, the newest one, if the objects tell. With another
    world as `before`, what differs from that stands out instead.
    """
    groups = workloads(world)
    known = {*groups, OUTSIDE}
    needed = [arrow for arrow in arrows if arrow.target in groups and arrow.source in known]
    newest = (latest(world) if before is None else "") if last is None else last
    if before is None and newest:
        before = _without(world, newest)
    edges = [_edge(world, before, groups, arrow) for arrow in needed]
    extras = _extras(world, groups, {(arrow.source, arrow.target, arrow.port) for arrow in needed})
    nodes = [_node(world, before, key, pods, needed) for key, pods in groups.items()]
    if any(edge.source == OUTSIDE or edge.target == OUTSIDE for edge in (*edges, *extras)):
        nodes.insert(0, Node(OUTSIDE, "outside world", ""))
    nodes, drawn = _thin(nodes, extras, FEW if len(edges) <= CROWDED else 0)
    scene = Scene(tuple(nodes), (*edges, *drawn), newest, len(_of_application(world)))
    return _merge_quiet(scene) if len(nodes) > MANY else scene


def latest(world: World) -> str:
    """The policy that the API server wrote last, "ns/name"; empty if none has a resourceVersion."""
    versions = {policy.key: str((policy.source.get("metadata") or {}).get("resourceVersion") or "")
                for policy in _of_application(world)}
    known = {key: int(version) for key, version in versions.items() if version.isdigit()}
    return max(known, key=lambda key: known[key]) if known else ""


def _of_application(world: World) -> list[Policy]:
    return [policy for policy in world.policies if policy.namespace not in SYSTEM]


def _without(world: World, key: str) -> World:
    return world.with_policies(policy for policy in world.policies if policy.key != key)


def _node(world: World, before: World | None, key: str, pods: Sequence[Pod], needed: Iterable[Arrow]) -> Node:
    namespace, _, name = key.partition("/")
    ingress, egress = _isolating(world, pods[0], "ingress"), _isolating(world, pods[0], "egress")
    changed = before is not None and (ingress, egress) != (_isolating(before, pods[0], "ingress"),
                                                           _isolating(before, pods[0], "egress"))
    calls = any(arrow.source == key for arrow in needed)
    return Node(key, name, namespace, sum(pod.replicas if pod.template else 1 for pod in pods), ingress, egress,
                no_dns=bool(egress) and calls and not _resolves(world, pods[0]), changed=changed)


def _isolating(world: World, pod: Pod, direction: str) -> tuple[str, ...]:
    return tuple(policy.key for policy in world.isolating(pod, direction))


def _resolves(world: World, pod: Pod) -> bool:
    """Whether a pod may ask the cluster's DNS; true if the world has none to ask."""
    servers = [other for other in world.pods if other.labels.get("k8s-app") in ("kube-dns", "coredns")]
    return not servers or any(world.judge(pod, server, 53, "UDP") for server in servers)


def _edge(world: World, before: World | None, groups: Mapping[str, Sequence[Pod]], arrow: Arrow) -> Edge:
    source: Pod | str = OUTSIDE_ADDRESS if arrow.source == OUTSIDE else groups[arrow.source][0]
    target = groups[arrow.target][0]
    verdict = world.judge(source, target, arrow.port, arrow.protocol)
    change = ""
    if before is not None:
        old = before.judge(source, target, arrow.port, arrow.protocol)
        if old.allowed != verdict.allowed:
            change = "now allowed" if verdict.allowed else "now blocked"
        elif old.policies != verdict.policies:
            change = "now by policy"
    return Edge(arrow.source, arrow.target, arrow.port, arrow.protocol, ALLOWED if verdict.allowed else BLOCKED,
                verdict.policies, verdict.sentence, change, arrow.service_port)


def _extras(world: World, groups: Mapping[str, Sequence[Pod]], needed: set[Door]) -> list[Edge]:
    """Calls that policies let pass although the application needs none: into or out of isolated workloads.

    What an open workload may do is everything, and shown by its being drawn open.
    """
    if not any(policy.namespace not in SYSTEM for policy in world.policies):
        return []
    isolated = {key: (bool(world.isolating(pods[0], "ingress")), bool(world.isolating(pods[0], "egress")))
                for key, pods in groups.items()}
    found = []
    for source, target, port in _open_doors(world, groups, needed):
        if source != target and (isolated[source][1] or isolated[target][0]):
            verdict = world.judge(groups[source][0], groups[target][0], port)
            found.append(Edge(source, target, port, "TCP", EXTRA, verdict.policies, verdict.sentence))
    for source, pods in groups.items():
        if isolated[source][1] and (verdict := world.judge(pods[0], OUTSIDE_ADDRESS, 443)):
            found.append(Edge(source, OUTSIDE, 443, "TCP", EXTRA, verdict.policies, verdict.sentence))
    return found


def _open_doors(world: World, groups: Mapping[str, Sequence[Pod]], needed: set[Door]) -> Iterator[Door]:
    """The needless calls that may pass: source, target and the pod's port, on the ports that matter.

    Asks the matrix a whole row at a time: a bit for each class of pods that a source may reach on a port.
    """
    matrix = world.matrix(by="pod")
    classes = {key: matrix.class_of(pods[0]) for key, pods in groups.items()}
    doors: dict[int, list[tuple[str, int]]] = {}
    for target, pods in groups.items():
        for port in _ports(target, pods, needed):
            doors.setdefault(port, []).append((target, classes[target]))
    for source, own in classes.items():
        row = matrix.rows[own].items()
        for port, targets in doors.items():
            reached = 0
            for ports, bits in row:
                if matrix.ports.holds(ports, "TCP", port):
                    reached |= bits
            yield from ((source, target, port) for target, its in targets
                        if reached >> its & 1 and (source, target, port) not in needed)


def _ports(key: str, pods: Sequence[Pod], needed: set[Door]) -> list[int]:
    """The TCP ports that matter on a workload: those it declares and those that somebody needs."""
    declared = {port.number for port in pods[0].ports if port.protocol == "TCP"}
    return sorted(declared | {port for _, target, port in needed if target == key})


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
    return [replace(node, others_in=counts.get((node.key, "in"), 0), others_out=counts.get((node.key, "out"), 0))
            for node in nodes], [*drawn, *outward]


def _merge_quiet(scene: Scene) -> Scene:
    """One node a namespace for the workloads that no policy selects and no edge touches."""
    busy = {end for edge in scene.edges for end in (edge.source, edge.target)}
    kept: list[Node] = []
    quiet: dict[str, list[Node]] = {}
    for node in scene.nodes:
        lively = node.key in busy or node.state != "open" or node.others_in
        (kept if lively else quiet.setdefault(node.namespace, [])).append(node)
    merged = [Node(f"{namespace}/…", f"{len(nodes)} more", namespace, sum(node.pods for node in nodes))
              for namespace, nodes in quiet.items()]
    return replace(scene, nodes=(*kept, *merged))


def _plural(count: int, one: str, many: str = "") -> str:
    return f"{count or 'no'} {one if count == 1 else many or one + 's'}"


def _listed(items: Sequence[str], most: int = 5) -> str:
    shown = list(items[:most])
    if len(items) > most:
        return f"{', '.join(shown)} and {len(items) - most} more"
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))

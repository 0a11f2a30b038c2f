"""What the engine knows: pods, policies and their rules, as immutable records.

Tiers with order, deny and pass (ClusterNetworkPolicy, Calico) would be further kinds of policy that `judging`
asks before these; nothing here says that a policy can only allow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from helpers.policies.addresses import Address, Block
from helpers.policies.selectors import EVERYTHING, Selector

INGRESS, EGRESS = "ingress", "egress"
NAMESPACE_NAME_LABEL = "kubernetes.io/metadata.name"


@dataclass(frozen=True, slots=True)
class ContainerPort:
    """A port that a container declares; `name` is empty when it has none."""

    name: str
    number: int
    protocol: str


@dataclass(frozen=True, slots=True, eq=False)
class Pod:
    """A pod, or a workload's pod template standing for its pods. Compared by identity."""

    namespace: str
    name: str
    labels: Mapping[str, str]
    addresses: tuple[str, ...] = ()
    ports: tuple[ContainerPort, ...] = ()
    workload: str = ""
    node: str = ""
    host_network: bool = False
    host_addresses: tuple[str, ...] = ()
    template: bool = False
    replicas: int = 1
    parsed_addresses: tuple[Address, ...] = field(default=(), repr=False)
    source: Mapping[str, Any] | None = field(default=None, repr=False)

    @property
    def key(self) -> str:
        return f"{self.namespace}/{self.name}"

    @property
    def kind(self) -> str:
        """The workload's kind, such as Deployment; Pod for a bare pod."""
        return self.workload.partition("/")[0]

    @property
    def workload_key(self) -> str:
        """`namespace/name[Kind]` of the workload, as the matrix prints it."""
        kind, _, name = self.workload.partition("/")
        return f"{self.namespace}/{name}[{kind}]"

    def __str__(self) -> str:
        return self.key


@dataclass(frozen=True, slots=True)
class PortRule:
    """One entry of a rule's `ports`: numbers first..last, or a name, or neither for all ports of the protocol."""

    protocol: str
    first: int = 1
    last: int = 65535
    name: str = ""

    def __str__(self) -> str:
        if self.name:
            return f"{self.protocol} {self.name}"
        if (self.first, self.last) == (1, 65535):
            return f"all {self.protocol} ports"
        return f"{self.protocol} {self.first}" + ("" if self.first == self.last else f"-{self.last}")


@dataclass(frozen=True, slots=True)
class Peer:
    """One entry of `from` or `to`: a block of addresses, or pods by namespace and labels.

    `namespaces` None means the policy's own namespace.
    """

    pods: Selector = EVERYTHING
    namespaces: Selector | None = None
    block: Block | None = None

    def __str__(self) -> str:
        if self.block is not None:
            return str(self.block)
        if self.namespaces is None:
            return "any pod of its namespace" if self.pods == EVERYTHING else str(self.pods)
        where = "any namespace" if self.namespaces == EVERYTHING else f"namespaces with {self.namespaces}"
        return f"any pod in {where}" if self.pods == EVERYTHING else f"{self.pods} in {where}"


@dataclass(frozen=True, slots=True)
class Rule:
    """One ingress or egress rule; empty `peers` or `ports` put no limit on that axis."""

    path: str
    peers: tuple[Peer, ...] = ()
    ports: tuple[PortRule, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """A NetworkPolicy; `ingress` or `egress` is None when the policy doesn't isolate in that direction."""

    namespace: str
    name: str
    pods: Selector
    ingress: tuple[Rule, ...] | None
    egress: tuple[Rule, ...] | None
    source: Mapping[str, Any] = field(repr=False, default_factory=dict)
    key: str = field(init=False, repr=False, default="")

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", f"{self.namespace}/{self.name}")

    def rules(self, direction: str) -> tuple[Rule, ...] | None:
        return self.ingress if direction == INGRESS else self.egress

    def selects(self, pod: Pod) -> bool:
        return pod.namespace == self.namespace and not pod.host_network and self.pods.matches(pod.labels)

    def __str__(self) -> str:
        return self.key


@dataclass(frozen=True, slots=True)
class ServicePort:
    """A Service's port: clients dial `number`, pods get `target` (a number, or a name that each pod resolves)."""

    name: str
    number: int
    target: int | str
    protocol: str


@dataclass(frozen=True, slots=True, eq=False)
class Service:
    """A Service with its selector (None when it has none) and its own addresses."""

    namespace: str
    name: str
    selector: Selector | None
    ports: tuple[ServicePort, ...]
    addresses: tuple[str, ...] = ()
    kind: str = "ClusterIP"
    keeps_source: bool = False
    """Whether clients' addresses stay (`externalTrafficPolicy: Local`)."""

    @property
    def key(self) -> str:
        return f"{self.namespace}/{self.name}"

    def selects(self, pod: Pod) -> bool:
        return pod.namespace == self.namespace and self.selector is not None and self.selector.matches(pod.labels)

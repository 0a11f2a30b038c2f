"""Policies of every kind as one structure: tiers in order, policies in order, rules in order, each with an action.

NetworkPolicy is the tier that denies what its policies don't allow, whose rules only allow and have no order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple

from helpers.policies.model.addresses import Block
from helpers.policies.model.pods import NAMESPACE_NAME_LABEL, Pod
from helpers.policies.model.selectors import EVERYTHING, Selector

INGRESS, EGRESS = "ingress", "egress"

Namespaces = Mapping[str, Mapping[str, str]]
"""Names of namespaces -> their labels."""


class Action(Enum):
    """What a rule that fits does: let pass, stop, or leave the decision to the next tier."""

    ALLOW = "Allow"
    DENY = "Deny"
    PASS = "Pass"


class Tier(NamedTuple):
    """Policies that are asked together. Lower `order` first; `default` decides for the pods that one of its policies
    selects and of which no rule speaks: DENY, or PASS to the next tier."""

    order: float
    name: str
    default: Action


NETWORK_POLICIES = Tier(1_000_000, "default", Action.DENY)
"""Kubernetes' NetworkPolicy objects."""


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
    action: Action = Action.ALLOW


class RuleRef(NamedTuple):
    """A rule as a verdict refers to it: the policy's key, and the rule's path in it."""

    policy: str
    path: str

    def __str__(self) -> str:
        return f"{self.policy} {self.path}"


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """A policy; `ingress` or `egress` is None when it has no effect in that direction.

    `namespace` is None for a policy of the whole cluster, whose pods are then those of `namespaces`. Within its tier
    lower `order` is asked first; policies of equal order are asked as they stand.
    """

    namespace: str | None
    name: str
    pods: Selector
    ingress: tuple[Rule, ...] | None
    egress: tuple[Rule, ...] | None
    source: Mapping[str, Any] = field(repr=False, default_factory=dict)
    namespaces: Selector = EVERYTHING
    tier: Tier = NETWORK_POLICIES
    order: float = 1000
    key: str = field(init=False, repr=False, default="")

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", self.name if self.namespace is None else f"{self.namespace}/{self.name}")

    @property
    def rank(self) -> tuple[float, str, float]:
        """What policies are asked by, the lowest first."""
        return self.tier.order, self.tier.name, self.order

    def rules(self, direction: str) -> tuple[Rule, ...] | None:
        return self.ingress if direction == INGRESS else self.egress

    def selects(self, pod: Pod, namespaces: Namespaces | None = None) -> bool:
        """Whether the policy is about this pod; a policy of the cluster needs the namespaces' labels to tell."""
        if pod.host_network or not self.pods.matches(pod.labels):
            return False
        if self.namespace is not None:
            return pod.namespace == self.namespace
        return self.namespaces.matches(labels_of_namespace(pod.namespace, namespaces or {}))

    def __str__(self) -> str:
        return self.key


def labels_of_namespace(name: str, namespaces: Namespaces) -> Mapping[str, str]:
    """A namespace's labels; one of which nothing is known has the label with its name."""
    return namespaces.get(name) or {NAMESPACE_NAME_LABEL: name}

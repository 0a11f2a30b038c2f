"""Pods, and workloads' pod templates standing for their pods, as immutable records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from helpers.policies.model.addresses import Address

NAMESPACE_NAME_LABEL = "kubernetes.io/metadata.name"
"""The label that every namespace carries, with its own name."""


@dataclass(frozen=True, slots=True)
class ContainerPort:
    """A port that a container declares; `name` is empty when it has none."""

    name: str
    number: int
    protocol: str


@dataclass(frozen=True, slots=True, eq=False)
class Pod:
    """A pod, or a workload's pod template standing for its pods. Compared by identity.

    `replicas` is how many pods it stands for: a template for those that it makes, and a pod of a workload that is
    scaled for those that may come. `member` tells them apart. `manifest` is the Pod object, or the pod template within
    `source`.
    """

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
    member: int = 0
    parsed_addresses: tuple[Address, ...] = field(default=(), repr=False)
    source: Mapping[str, Any] | None = field(default=None, repr=False)
    manifest: Mapping[str, Any] = field(default_factory=dict, repr=False)

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

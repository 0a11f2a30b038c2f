"""What the live cluster offers to the form, the templates and the editor's completion: names, labels, ports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from helpers.policies import World, home
from helpers.policies.model import Workload as Members
from helpers.policies.model.naming import telling_labels


@dataclass(frozen=True, slots=True)
class Workload:
    """A workload as a policy can name it: by `labels`, which select it within its namespace."""

    key: str
    namespace: str
    name: str
    labels: Mapping[str, str]
    ports: tuple[tuple[str, int, str], ...]
    """(name or "", number, protocol) of every declared port."""


@dataclass(frozen=True)
class Surroundings:
    """The workloads, namespaces and ports of a world."""

    workloads: tuple[Workload, ...] = ()
    namespaces: tuple[str, ...] = field(default_factory=lambda: (home.namespace(),))

    @classmethod
    def of(cls, world: World) -> Surroundings:
        found = [_workload(one) for one in world.workloads.values()]
        return cls(
            tuple(sorted(found, key=lambda one: (one.namespace, one.name, one.key))),
            tuple(sorted({*world.namespaces, home.namespace()})),
        )

    def within(self, namespace: str) -> tuple[Workload, ...]:
        """The workloads of a namespace."""
        return tuple(workload for workload in self.workloads if workload.namespace == namespace)

    def selected(self, namespace: str, selector: Mapping[str, Any] | None) -> tuple[Workload, ...]:
        """The workloads that a selector of labels picks in a namespace; expressions are not looked at."""
        wanted = (selector or {}).get("matchLabels") or {}
        return tuple(
            workload
            for workload in self.within(namespace)
            if all(workload.labels.get(name) == value for name, value in wanted.items())
        )

    @cached_property
    def words(self) -> dict[str, Any]:
        """What the editor completes: field names with what they mean, and the values that the cluster has."""
        values: dict[str, dict[str, str]] = {key: dict(known) for key, known in _VALUES.items()}
        for workload in self.workloads:
            for name, value in workload.labels.items():
                values.setdefault(name, {}).setdefault(value, f"label in {workload.namespace}")
        values["port"] = self._port_words()
        for namespace in self.namespaces:
            for key in ("namespace", "kubernetes.io/metadata.name"):
                values.setdefault(key, {}).setdefault(namespace, "namespace")
        pairs = {name: [[value, detail] for value, detail in known.items()] for name, known in values.items()}
        return {"keys": [list(pair) for pair in _KEYS], "values": pairs}

    def _port_words(self) -> dict[str, str]:
        """Ports by number and by name, each with the workloads that listen on it."""
        found: dict[str, dict[str, str]] = {}
        for workload in self.workloads:
            for name, number, protocol in workload.ports:
                for said in filter(None, (str(number), name)):
                    found.setdefault(said, {})[workload.name] = protocol
        return {
            said: f"{'/'.join(dict.fromkeys(users.values()))} of {', '.join(users)}" for said, users in found.items()
        }


def _workload(one: Members) -> Workload:
    pod = one.pods[0]
    ports = dict.fromkeys((port.name, port.number, port.protocol) for port in pod.ports)
    return Workload(one.key, one.namespace, one.name, telling_labels(pod.labels), tuple(ports))


def port_choices(workloads: Iterable[Workload]) -> list[tuple[str, int, str]]:
    """The declared ports of some workloads, without repetition."""
    return list(dict.fromkeys(port for workload in workloads for port in workload.ports))


_KEYS = (
    ("apiVersion", "networking.k8s.io/v1"),
    ("kind", "NetworkPolicy"),
    ("metadata", "name, namespace"),
    ("name", "of the policy"),
    ("namespace", "where it selects pods"),
    ("spec", "what it says"),
    ("podSelector", "which pods"),
    ("matchLabels", "all of these labels"),
    ("matchExpressions", "In, NotIn, Exists …"),
    ("policyTypes", "[Ingress, Egress]"),
    ("ingress", "rules for what comes in"),
    ("egress", "rules for what goes out"),
    ("from", "who may call"),
    ("to", "who may be called"),
    ("ports", "on which ports"),
    ("port", "the pod's port"),
    ("protocol", "TCP, UDP or SCTP"),
    ("endPort", "last port of a range"),
    ("namespaceSelector", "which namespaces"),
    ("ipBlock", "a block of addresses"),
    ("cidr", "such as 192.0.2.0/24"),
    ("except", "blocks taken out again"),
    ("key", "label key"),
    ("operator", "In, NotIn, Exists, DoesNotExist"),
    ("values", "label values"),
    ("kubernetes.io/metadata.name", "the label every namespace has"),
    ("app", "the label of the shop's pods"),
)
_VALUES = {
    "apiVersion": {"networking.k8s.io/v1": ""},
    "kind": {"NetworkPolicy": ""},
    "protocol": {"TCP": "the default", "UDP": "", "SCTP": ""},
    "operator": {"In": "", "NotIn": "also when the key is missing", "Exists": "", "DoesNotExist": ""},
    "policyTypes": {"[Ingress]": "", "[Egress]": "", "[Ingress, Egress]": ""},
    "podSelector": {"{}": "all pods of the namespace"},
    "namespaceSelector": {"{}": "all namespaces"},
    "ingress": {"[]": "nothing comes in"},
    "egress": {"[]": "nothing goes out"},
}

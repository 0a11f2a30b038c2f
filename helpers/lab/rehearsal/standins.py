"""What is put on the stage: the objects of a rehearsal, the calls to try, and what can't be rehearsed. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from helpers.lab.cluster.probing import IMAGE
from helpers.policies import home
from helpers.policies.application.need import Arrow, needs
from helpers.policies.model.naming import is_system
from helpers.policies.model.pods import NAMESPACE_NAME_LABEL
from helpers.policies.wording import listed, plural, short

if TYPE_CHECKING:
    from helpers.policies import World
    from helpers.policies.model import Service, Workload

Object = dict[str, Any]

MOST = 60
"""So many workloads a lab holds with ease."""

_PORTERS = {"TCP": "SERVE_PORT_", "UDP": "SERVE_UDP_PORT_"}


@dataclass(frozen=True)
class Attempt:
    """One call to try: the arrow, the calling stand-in ("namespace/pod"), and where it calls.

    `service` is the name and port that it dials; where the Service leads to others as well it is empty, and the
    address of the stand-in `target` is dialled.
    """

    arrow: Arrow
    caller: str
    target: str
    service: str = ""


@dataclass(frozen=True)
class Stage:
    """Everything for one rehearsal: `namespaces` maps the application's to those made for it."""

    namespaces: Mapping[str, str]
    objects: tuple[Object, ...]
    policies: tuple[Object, ...]
    attempts: tuple[Attempt, ...]
    doors: tuple[tuple[str, str, int], ...]
    """(workload, stand-in, port) of each TCP port that a stand-in serves."""

    skipped: tuple[str, ...]


def stage_of(world: World, policies: Iterable[Mapping[str, Any]], run: str) -> Stage:
    """The stage for a world's application under some policies; `run` tells its namespaces from another rehearsal's."""
    played = {
        key: one
        for key, one in world.workloads.items()
        if not is_system(one.namespace) and not one.pods[0].host_network
    }
    names = {
        space: f"rehearsal-{run}-{number}-{space}"[:63].rstrip("-")
        for number, space in enumerate(sorted({one.namespace for one in played.values()}))
    }
    director = _Director(world, played, names)
    given = [item for item in policies if home.namespace_of(item["metadata"]) in names]
    return Stage(
        names,
        tuple(director.objects()),
        tuple(_moved(item, names) for item in given),
        tuple(director.attempts()),
        tuple(director.doors()),
        tuple([*director.skipped(), *_addresses(given)]),
    )


class _Director:
    """Gives each workload its stand-in."""

    def __init__(self, world: World, played: Mapping[str, Workload], names: Mapping[str, str]) -> None:
        self._world, self._played, self._names = world, played, names
        self._needs = needs(world)
        self._among = [one for one in self._needs if one.source in played and one.target in played]
        self._acted = [one for one in self._among if one.protocol in _PORTERS]
        self._pods = {key: self._pod_name(number, one) for number, (key, one) in enumerate(played.items())}

    def objects(self) -> Iterator[Object]:
        for space, name in self._names.items():
            labels = {
                key: text for key, text in self._world.namespaces.get(space, {}).items() if key != NAMESPACE_NAME_LABEL
            }
            yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
        for service in self._world.services:
            if service.namespace in self._names and service.selector is not None:
                yield self._service(service)
        twice = {one.source for one in self._acted if one.source == one.target}
        for key, workload in self._played.items():
            yield from (
                self._pod(workload, f"{self._pods[key]}{member}") for member in ("", "-2")[: 1 + (key in twice)]
            )

    def attempts(self) -> Iterator[Attempt]:
        for arrow in self._acted:
            target = self._place(arrow.target) + ("-2" if arrow.source == arrow.target else "")
            yield Attempt(arrow, self._place(arrow.source), target, self._dialled(arrow))

    def doors(self) -> Iterator[tuple[str, str, int]]:
        for key in self._played:
            yield from ((key, self._place(key), port) for protocol, port in self._ports(key) if protocol == "TCP")

    def skipped(self) -> Iterator[str]:
        """What isn't on the stage, in sentences."""
        elsewhere = [one for one in self._needs.of_application if one not in self._among]
        for title, calls in (
            ("from the outside or an ingress controller", [one for one in elsewhere if one.source not in self._played]),
            (
                "to the outside, the API server or the cluster's own pods",
                [one for one in elsewhere if one.source in self._played],
            ),
            ("over SCTP", [one for one in self._among if one not in self._acted]),
        ):
            if calls:
                yield f"{plural(len(calls), 'call')} {title}: {listed(map(str, calls), most=4)}."
        hosts = [
            one.key
            for one in self._world.workloads.values()
            if one.pods[0].host_network and not is_system(one.namespace)
        ]
        if hosts:
            told = listed(map(short, hosts), most=4)
            yield f"Pods that use their node's address, which policies don't select: {told}."
        for one in self._world.unread:
            yield one.sentence

    def _place(self, key: str) -> str:
        return f"{self._names[self._played[key].namespace]}/{self._pods[key]}"

    def _pod_name(self, number: int, workload: Workload) -> str:
        plain = re.sub(r"[^a-z0-9-]", "-", workload.name.lower())[:45].strip("-")
        return f"{plain or 'pod'}-{number}"

    def _ports(self, key: str) -> list[tuple[str, int]]:
        declared = {(port.protocol, port.number) for port in self._played[key].pods[0].ports}
        return sorted(declared | {(one.protocol, one.port) for one in self._needs if one.target == key})

    def _pod(self, workload: Workload, name: str) -> Object:
        served = [(protocol, port) for protocol, port in self._ports(workload.key) if protocol in _PORTERS]
        known = {(one.protocol, one.number): one.name for one in workload.pods[0].ports}
        container: Object = {
            "name": "stand-in",
            "image": IMAGE,
            "args": ["porter"] if served else ["pause"],
            "env": [{"name": f"{_PORTERS[protocol]}{port}", "value": workload.name} for protocol, port in served],
            "ports": [
                {
                    "containerPort": port,
                    "protocol": protocol,
                    **({"name": known[protocol, port]} if known.get((protocol, port)) else {}),
                }
                for protocol, port in served
            ],
        }
        labels = dict(workload.pods[0].labels)
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": self._names[workload.namespace], "labels": labels},
            "spec": {"containers": [container], "terminationGracePeriodSeconds": 1},
        }

    def _service(self, service: Service) -> Object:
        ports = [
            {
                "port": entry.number,
                "targetPort": entry.target,
                "protocol": entry.protocol,
                **({"name": entry.name} if entry.name else {}),
            }
            for entry in service.ports
        ]
        found = next(
            item
            for item in self._world.objects
            if item.get("kind") == "Service"
            and item["metadata"].get("name") == service.name
            and home.namespace_of(item["metadata"]) == service.namespace
        )
        spec: Object = {"selector": dict((found.get("spec") or {}).get("selector") or {}), "ports": ports}
        if service.headless:
            spec["clusterIP"] = "None"
        about = {"name": service.name, "namespace": self._names[service.namespace]}
        return {"apiVersion": "v1", "kind": "Service", "metadata": about, "spec": spec}

    def _dialled(self, arrow: Arrow) -> str:
        """The Service's name and port; empty where it may lead elsewhere, or to the caller itself."""
        space, _, name = arrow.service.partition("/")
        service = next((one for one in self._world.services if one.key == arrow.service), None)
        if service is None or space not in self._names or arrow.source == arrow.target:
            return ""
        behind = {pod.workload_key for one in self._played.values() for pod in one.pods if service.selects(pod)}
        port = arrow.port if service.headless else arrow.service_port
        return f"{name}.{self._names[space]}:{port}" if behind == {arrow.target} else ""


def _moved(policy: Mapping[str, Any], names: Mapping[str, str]) -> Object:
    """A policy in its stage's namespace; namespaces that it names by their own name are those of the stage."""
    about = {"name": policy["metadata"]["name"], "namespace": names[home.namespace_of(policy["metadata"])]}
    spec = _renamed(policy.get("spec") or {}, names)
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": about, "spec": spec}


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        if value.get("key") == NAMESPACE_NAME_LABEL and isinstance(value.get("values"), list | tuple):
            return {**value, "values": [names.get(str(one), one) for one in value["values"]]}
        return {
            key: names.get(str(part), part) if key == NAMESPACE_NAME_LABEL else _renamed(part, names)
            for key, part in value.items()
        }
    return [_renamed(part, names) for part in value] if isinstance(value, list | tuple) else value


def _addresses(policies: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """What is said where rules go by address, which stand-ins don't share with what they stand for."""
    found = [str(item["metadata"]["name"]) for item in policies if "ipBlock" in str(item.get("spec"))]
    if found:
        yield f"Rules by address are applied as they are, and stand-ins have other addresses: {listed(found, most=4)}."

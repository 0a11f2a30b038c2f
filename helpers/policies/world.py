"""A snapshot of pods, namespaces, Services and policies, and the questions that can be asked of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from helpers.policies.errors import Question
from helpers.policies.judging.connection import End, judge
from helpers.policies.judging.explaining import explain, translate
from helpers.policies.judging.verdicts import Verdict
from helpers.policies.matrix.matrix import Matrix
from helpers.policies.model import Pod, Policy, Service
from helpers.policies.model.addresses import NotAnAddress, parse_address
from helpers.policies.reading.gathering import Gathered, Problem, gather, read_policy
from helpers.policies.wording import listed, nearest, plural

_MOST_VERDICTS = 10_000
"""How many verdicts a world remembers: callers call the same targets again and again."""


class NotFound(Question, KeyError):
    """No pod, workload, Service or policy has this name; the message names near ones."""

    def __init__(self, text: str, resource: str = "pods") -> None:
        super().__init__(text)
        self.step = f"`kubectl get {resource}` lists what there is."

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True, eq=False, repr=False)
class World:
    """An immutable snapshot; `World.of(objects)` makes one, every other method asks it.

    `problems` lists the objects that could not be read or that the API server would reject; they don't count.
    """

    pods: tuple[Pod, ...]
    namespaces: Mapping[str, Mapping[str, str]]
    policies: tuple[Policy, ...]
    services: tuple[Service, ...] = ()
    ended: tuple[Pod, ...] = ()
    problems: tuple[Problem, ...] = ()
    objects: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    _cache: dict[Any, Any] = field(default_factory=dict, repr=False)
    _kept: dict[Any, Any] = field(default_factory=dict, repr=False)
    """What worlds of the same pods share: `replace_policies` hands it on."""

    @classmethod
    def of(cls, objects: Iterable[Mapping[str, Any]]) -> World:
        """A world from Kubernetes objects, live or from manifests, in any order; Lists are opened."""
        found = gather(objects)
        return cls(tuple(found.pods), found.namespaces, tuple(found.policies), tuple(found.services),
                   tuple(found.ended), tuple(found.problems), tuple(found.objects))

    def __repr__(self) -> str:
        return (f"<World of {plural(len(self.pods), 'pod')} in {plural(len(self.namespaces), 'namespace')} under "
                f"{plural(len(self.policies), 'policy', 'policies')}>")

    def replace_policies(self, policies: Iterable[Mapping[str, Any]]) -> World:
        """The same pods under other policies (objects); cheap: those that this world has already are not read again.

        Objects given before must not have been changed in place since.
        """
        found = Gathered(dict(self.namespaces))
        known = {id(policy.source): policy for policy in self.policies}
        for item in policies:
            policy = known.get(id(item))
            if policy is not None and policy.source is item:
                found.policies.append(policy)
            else:
                read_policy(item, found)
        return World(self.pods, found.namespaces, tuple(found.policies), self.services, self.ended,
                     tuple(found.problems), self.objects, _kept=self._kept)

    def with_policies(self, policies: Iterable[Policy]) -> World:
        """The same pods under other policies, already parsed."""
        return World(self.pods, self.namespaces, tuple(policies), self.services, self.ended, (), self.objects,
                     _kept=self._kept)

    def judge(self, source: Pod | str, target: Pod | str, port: int, protocol: str = "TCP") -> Verdict:
        """Whether a new connection from `source` to the pod port `port` of `target` is allowed, and why.

        An end is a Pod, a name as `pod` takes it, or an IP address; an address that no pod has is outside.
        """
        table: dict[Any, Verdict] = self._cache.setdefault("verdicts", {})
        key = (source, target, port, protocol)
        found = table.get(key)
        if found is None:
            if len(table) >= _MOST_VERDICTS:
                table.clear()
            found = table[key] = judge(self.end(source), self.end(target), port, protocol, self.namespaces,
                                       self.isolating)
        return found

    def explain(self, source: Pod | str, target: Pod | str, port: int, protocol: str = "TCP",
                service: str | None = None) -> Verdict:
        """Like `judge`, with the nearest miss of each policy that stands in the way, and notes.

        With `service` ("ns/name") the port is the Service's and is translated. A target may also be a Service itself
        (its name, or its address), which then means its first pod. Raises NotFound, and NoRoute when the Service
        doesn't lead there.
        """
        chosen = self.service(service) if service else None
        if chosen is None and isinstance(target, str):
            chosen = self._service_meant(target)
            target = self.backends(chosen)[0] if chosen else target
        end = self.end(target)
        if chosen is not None and end.pod is not None:
            port = translate(chosen, end.pod, port, protocol)
        return explain(self, self.end(source), end, port, protocol, chosen)

    def _service_meant(self, target: str) -> Service | None:
        """The Service that a target means: by its address, as `service/name`, or by a name that no pod has."""
        for service in self.services:
            if target in service.addresses:
                return service
        plain = re.sub(r"(^|/)(service|svc)/", r"\1", target)
        key = plain if "/" in plain else f"default/{plain}"
        found = next((service for service in self.services if service.key == key), None)
        if plain != target:
            return found or self.service(plain)
        names = self._by_name()
        return None if key in names or f"default/{key}" in names else found

    def backends(self, service: Service) -> list[Pod]:
        """The pods that a Service selects; raises NotFound when there is none."""
        found = [pod for pod in self.pods if service.selects(pod)]
        if not found:
            raise NotFound(f"Service {service.key} selects no pod", "services -o wide")
        return found

    def matrix(self, by: str = "workload", families: frozenset[int] = frozenset()) -> Matrix:
        """Everything that may reach everything, listed by "workload" or by "pod"; it is built once.

        `families` (4, 6) are the address families to judge besides those that pods and policies mention.
        """
        table: dict[frozenset[int], Matrix] = self._cache.setdefault("matrices", {})
        found = table.get(families)
        if found is None:
            found = table[families] = Matrix(self.pods, self.namespaces, self.policies, by, self._kept, families)
        return found.listed_by(by)

    def isolating(self, pod: Pod, direction: str) -> tuple[Policy, ...]:
        """The policies that select this pod for "ingress" or "egress", in the order in which they are asked."""
        table: dict[tuple[Pod, str], tuple[Policy, ...]] = self._cache.setdefault("isolating", {})
        found = table.get((pod, direction))
        if found is None:
            found = table[pod, direction] = tuple(
                policy for policy in self._policies_in(pod.namespace)
                if policy.rules(direction) is not None and policy.selects(pod, self.namespaces))
        return found

    def end(self, end: Pod | str) -> End:
        """A Pod, name or address as one end of a connection."""
        if isinstance(end, Pod):
            return End(end, end.parsed_addresses, end.key)
        try:
            address = parse_address(end)
        except NotAnAddress:
            return self.end(self.pod(end))
        pod = self._by_address().get(address)
        return End(pod, (address,), pod.key if pod else end)

    def pod(self, name: str) -> Pod:
        """The pod called `ns/name` or `name` (in `default`), or the first pod of the workload of that name.

        Raises NotFound, which names near matches.
        """
        table = self._by_name()
        key = name if "/" in name else f"default/{name}"
        found = table.get(key) or table.get(f"default/{key}")
        if found is None:
            raise NotFound(self._missing(name, key, table))
        return found

    def service(self, name: str) -> Service:
        """The Service called `ns/name` or `name` (in `default`); raises NotFound."""
        key = name if "/" in name else f"default/{name}"
        for service in self.services:
            if service.key == key:
                return service
        raise NotFound(_no("Service", name, key, [service.key for service in self.services]), "services")

    def _policies_in(self, namespace: str) -> Sequence[Policy]:
        """The policies of a namespace and of the whole cluster, in the order in which they are asked."""
        table: dict[str | None, list[Policy]] | None = self._cache.get("policies")
        if table is None:
            table = {}
            for policy in sorted(self.policies, key=attrgetter("rank")):
                table.setdefault(policy.namespace, []).append(policy)
            self._cache["policies"] = table
        own, everywhere = table.get(namespace, []), table.get(None, [])
        return sorted([*own, *everywhere], key=attrgetter("rank")) if everywhere else own

    def _by_address(self) -> dict[tuple[int, int], Pod]:
        table: dict[tuple[int, int], Pod] | None = self._cache.get("addresses")
        if table is None:
            table = {address: pod for pod in reversed(self.pods) if not pod.host_network
                     for address in pod.parsed_addresses}
            self._cache["addresses"] = table
        return table

    def _by_name(self) -> dict[str, Pod]:
        table: dict[str, Pod] | None = self._cache.get("names")
        if table is None:
            table = {}
            for pod in self.pods:
                kind, _, workload = pod.workload.partition("/")
                table.setdefault(f"{pod.namespace}/{kind.lower()}/{workload}", pod)
                table.setdefault(f"{pod.namespace}/{workload}", pod)
            table.update((pod.key, pod) for pod in reversed(self.pods))
            self._cache["names"] = table
        return table

    def _missing(self, name: str, key: str, table: Mapping[str, Pod]) -> str:
        for pod in self.ended:
            if key in (pod.key, f"{pod.namespace}/{pod.workload.partition('/')[2]}"):
                return f"the pod {pod.key} has ended, so it takes part in no connection"
        return _no("pod or workload", name, key, [other for other in table if other.count("/") == 1])


def _no(what: str, name: str, key: str, known: list[str]) -> str:
    """A sentence that says what is missing and what may be meant: near names, of the same namespace first."""
    namespace, _, wanted = key.rpartition("/")
    by_name: dict[str, list[str]] = {}
    for other in known:
        by_name.setdefault(other.rpartition("/")[2], []).append(other)
    near = [other for one in nearest(wanted, list(by_name), most=2) for other in by_name[one]] if wanted else []
    near.sort(key=lambda other: not other.startswith(f"{namespace}/"))
    hint = f"; did you mean {listed(near[:3], 'or')}?" if near else ""
    return f"there is no {what} called {name[:100]!r}{hint}"

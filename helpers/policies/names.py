"""Names of ends: pods, workloads, Services, addresses, nodes, the outside world."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property

from helpers.policies import home
from helpers.policies.errors import Question
from helpers.policies.judging.connection import ANY_NODE, End
from helpers.policies.model import Pod, Service, Workload
from helpers.policies.model.addresses import OUTSIDE, OUTSIDE_ADDRESS, NotAnAddress, parse_address
from helpers.policies.model.naming import API_SERVER, INGRESS_CONTROLLER, brings_calls_in
from helpers.policies.wording import listed, nearest

NODE = "node"
_SPECIAL = {end.strip("{}"): end for end in (OUTSIDE, NODE, INGRESS_CONTROLLER, API_SERVER)}
"""Ends that aren't pods of the application, by the word that means them: any address outside, the node of the other
end's pod (`node/NAME`: that node), the ingress controller, the API server. A pod of such a name goes first."""


class NotFound(Question, KeyError):
    """No pod, workload, Service or policy has this name; the message names near ones."""

    def __init__(self, text: str, resource: str = "pods") -> None:
        super().__init__(text)
        self.step = f"`kubectl get {resource}` lists what there is."

    def __str__(self) -> str:
        return str(self.args[0])


class Names:
    """The names of one world."""

    def __init__(
        self, pods: Sequence[Pod], ended: Sequence[Pod], services: Sequence[Service], workloads: Mapping[str, Workload]
    ) -> None:
        self._pods, self._ended, self._services, self._workloads = pods, ended, services, workloads

    def pair(self, source: Pod | str, target: Pod | str) -> tuple[End, End]:
        """Both ends of a connection; a workload's name at both ends means two of its pods."""
        one, other = self.end(source), self.end(target)
        if one.pod is None or one.pod is not other.pod or (isinstance(source, Pod) and isinstance(target, Pod)):
            return one, other
        workload = self._workloads[one.pod.workload_key]
        exact = [
            isinstance(end, Pod) or (not one.pod.template and one.pod.key.endswith(f"/{end.rpartition('/')[2]}"))
            for end in (source, target)
        ]
        if not workload.several or all(exact):
            return one, other
        second = next(pod for pod in workload.two() if pod is not one.pod)
        text = second.key if not second.member else f"another pod of {workload.namespace}/{workload.name}"
        end = End(second, second.parsed_addresses, text)
        return (end, other) if exact[1] else (one, end)

    def end(self, end: Pod | str) -> End:
        """A Pod, name or address as one end of a connection; raises NotFound."""
        if isinstance(end, Pod):
            return End(end, end.parsed_addresses, end.key)
        try:
            address = parse_address(end)
        except NotAnAddress:
            return self._special(end) or self.end(self.pod(end))
        pod = self._by_address.get(address)
        return End(pod, (address,), pod.key if pod else end)

    def pod(self, name: str) -> Pod:
        """The pod called `ns/name` or `name` (here), or the first pod of the workload of that name or key."""
        key = home.full(name)
        found = self._by_name.get(key) or self._by_name.get(f"{home.namespace()}/{key}")
        if found is None:
            raise NotFound(self._missing(name, key))
        return found

    def service(self, name: str) -> Service:
        """The Service called `ns/name` or `name` (here); raises NotFound."""
        key = home.full(name)
        for service in self._services:
            if service.key == key:
                return service
        raise NotFound(_no("Service", name, key, [service.key for service in self._services]), "services")

    def service_meant(self, target: str) -> Service | None:
        """The Service that a target means: by its address, as `service/name`, or by a name that no pod has."""
        for service in self._services:
            if target in service.addresses:
                return service
        plain = re.sub(r"(^|/)(service|svc)/", r"\1", target)
        key = home.full(plain)
        found = next((service for service in self._services if service.key == key), None)
        if plain != target:
            return found or self.service(plain)
        return None if key in self._by_name or f"{home.namespace()}/{key}" in self._by_name else found

    def _special(self, name: str) -> End | None:
        """An end that is no pod of the application; None when the name means something else."""
        if f"{home.namespace()}/{name}" in self._by_name or name in self._by_name:
            return None
        if name.startswith(f"{NODE}/"):
            return self._node(name.partition("/")[2])
        match _SPECIAL.get(name.strip("{}")):
            case "outside":
                return End(None, (parse_address(OUTSIDE_ADDRESS),), OUTSIDE)
            case "node":
                return End(None, (), "the node", ANY_NODE)
            case "{ingress-controller}":
                return self._controller()
            case "{api-server}":
                return End(None, (), API_SERVER)
        return None

    def _controller(self) -> End:
        """The ingress controller's pod; where it isn't in the input, one of which nothing is known."""
        known = next(filter(brings_calls_in, self._pods), None)
        return (
            self.end(known)
            if known
            else End(Pod(namespace="{unknown}", name=INGRESS_CONTROLLER, labels={}), (), INGRESS_CONTROLLER)
        )

    def _node(self, name: str) -> End | None:
        on_it = [pod for pod in self._pods if pod.node == name]
        if not on_it:
            return None
        addresses = [parse_address(address) for address in on_it[0].host_addresses]
        return End(None, tuple(addresses), f"node {name}", name)

    @cached_property
    def _by_address(self) -> dict[tuple[int, int], Pod]:
        return {
            address: pod for pod in reversed(self._pods) if not pod.host_network for address in pod.parsed_addresses
        }

    @cached_property
    def _by_name(self) -> dict[str, Pod]:
        table: dict[str, Pod] = {}
        for pod in self._pods:
            kind, _, workload = pod.workload.partition("/")
            table.setdefault(f"{pod.namespace}/{kind.lower()}/{workload}", pod)
            table.setdefault(f"{pod.namespace}/{workload}", pod)
            table.setdefault(pod.workload_key, pod)
        table.update((pod.key, pod) for pod in reversed(self._pods))
        return table

    def _missing(self, name: str, key: str) -> str:
        for pod in self._ended:
            if key in (pod.key, f"{pod.namespace}/{pod.workload.partition('/')[2]}"):
                return f"the pod {pod.key} has ended, so it takes part in no connection"
        known = [other for other in self._by_name if other.count("/") == 1 and "[" not in other]
        return _no("pod or workload", name, key, known)


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

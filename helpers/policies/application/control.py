"""The arrows to and from the API server: pods whose ServiceAccount may do something there, and webhooks."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from helpers.policies.application.addressing import API_SERVICE
from helpers.policies.application.arrows import Arrow, Evidence, Found
from helpers.policies.application.directory import Directory, Meant
from helpers.policies.application.fields import Json, at, mapping, mappings, name_of, namespace_of, title_of
from helpers.policies.judging.leading import NoRoute, leads
from helpers.policies.model import Pod
from helpers.policies.model.naming import API_SERVER
from helpers.policies.reading.places import where
from helpers.policies.world import World

API_PORTS = (443, 6443)
"""Where API servers listen, if it isn't known where this cluster's does."""


def controlled(world: World, directory: Directory, into: Found) -> None:
    """Add the arrows between workloads and the API server."""
    server = ApiServer(world)
    roles = _roles(world)
    for pod in directory.units():
        bound = roles.get((pod.namespace, _account(pod)))
        if bound is not None and _gets_token(world, pod):
            kind, _, name = pod.workload.partition("/")
            evidence = Evidence(
                f"{title_of(bound)}, which binds ServiceAccount {_account(pod)}",
                f"{kind} {pod.namespace}/{name}",
                where(bound),
                "api",
            )
            for end, port in server.doors:
                if end != pod.workload_key:
                    into.add(Arrow(pod.workload_key, end, port, service=API_SERVICE, service_port=443), evidence)
    for item, config in _called(world):
        _webhook(directory, server, item, config, into)


class ApiServer:
    """The ends at which the API server is called, and from which it calls."""

    def __init__(self, world: World) -> None:
        self._world = world

    @cached_property
    def doors(self) -> list[tuple[str, int]]:
        """(end, port): the Service's endpoints, or API_SERVER with the usual ports where they aren't in the input."""
        for service in self._world.services:
            if service.key == API_SERVICE and service.ports:
                try:
                    found = leads(self._world, service, service.ports[0].number, service.ports[0].protocol)
                except NoRoute:
                    break
                return [
                    (lead.target.workload_key if isinstance(lead.target, Pod) else lead.target, lead.port)
                    for lead in found
                ]
        return [(API_SERVER, port) for port in API_PORTS]

    @cached_property
    def sources(self) -> list[str]:
        """Its pods, its addresses, or API_SERVER."""
        pods = [
            pod.workload_key
            for pod in self._world.pods
            if pod.namespace == "kube-system" and pod.labels.get("component") == "kube-apiserver"
        ]
        return list(dict.fromkeys(pods or [end for end, _ in self.doors]))


def _account(pod: Pod) -> str:
    spec = mapping(pod.manifest, "spec")
    return str(spec.get("serviceAccountName") or spec.get("serviceAccount") or "default")


def _gets_token(world: World, pod: Pod) -> bool:
    """Whether a pod is given its account's token: the pod says, else the account, else yes."""
    own = at(pod.manifest, "spec", "automountServiceAccountToken")
    if isinstance(own, bool):
        return own
    account = (pod.namespace, _account(pod))
    return not any(
        item.get("kind") == "ServiceAccount"
        and (namespace_of(item), name_of(item)) == account
        and item.get("automountServiceAccountToken") is False
        for item in world.objects
    )


def _roles(world: World) -> dict[tuple[str, str], Json]:
    """(namespace, ServiceAccount) -> the first binding that gives it a role."""
    found: dict[tuple[str, str], Json] = {}
    for item in world.objects:
        if item.get("kind") in ("RoleBinding", "ClusterRoleBinding"):
            for subject in mappings(item, "subjects"):
                if subject.get("kind") == "ServiceAccount":
                    key = (str(subject.get("namespace") or namespace_of(item)), str(subject.get("name")))
                    found.setdefault(key, item)
    return found


def _called(world: World) -> Iterator[tuple[Json, Json]]:
    """Objects that make the API server call a Service, with the reference to that Service."""
    for item in world.objects:
        kind = item.get("kind")
        if kind in ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"):
            yield from ((item, mapping(one, "clientConfig", "service")) for one in mappings(item, "webhooks"))
        elif kind == "CustomResourceDefinition":
            yield item, mapping(item, "spec", "conversion", "webhook", "clientConfig", "service")
        elif kind == "APIService":
            yield item, mapping(item, "spec", "service")


def _webhook(directory: Directory, server: ApiServer, item: Json, config: Json, into: Found) -> None:
    name, namespace = config.get("name"), str(config.get("namespace") or "default")
    if not isinstance(name, str):
        return
    what = f"{item.get('kind')} {name_of(item)}"
    service, port = directory.service(namespace, name), config.get("port")
    if service is None:
        into.note(f"{what} makes the API server call Service {namespace}/{name}, which is not in the input.")
        return
    for door in directory.doors(Meant(service), port if isinstance(port, int) else 443, "TCP"):
        for source in server.sources:
            into.add(
                Arrow(source, door.pod.workload_key, door.port, service=service.key, service_port=door.dialled),
                Evidence(f"{what}, by which the API server calls Service {name}", "", where(item), "api"),
            )

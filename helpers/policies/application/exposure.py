"""The arrows from outside: what Services, Ingresses, Gateway API routes and OpenShift Routes show to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from helpers.policies.application.arrows import Arrow, Evidence, Found
from helpers.policies.application.directory import Directory, Meant
from helpers.policies.application.fields import Json, at, mapping, mappings, name_of, namespace_of, title_of
from helpers.policies.model import Pod, Service
from helpers.policies.model.addresses import OUTSIDE
from helpers.policies.model.naming import INGRESS_CONTROLLER, brings_calls_in
from helpers.policies.model.services import pod_port
from helpers.policies.reading.places import where
from helpers.policies.world import World

_ROUTES = {"HTTPRoute": "TCP", "GRPCRoute": "TCP", "TLSRoute": "TCP", "TCPRoute": "TCP", "UDPRoute": "UDP"}
_GATEWAY_NAME = "gateway.networking.k8s.io/gateway-name"


class Backend(NamedTuple):
    """A Service's port to which an Ingress or a route leads; no port means all of them. `to_pods` says that the port
    is the pods' own."""

    namespace: str
    name: str
    port: int | str | None
    protocol: str = "TCP"
    to_pods: bool = False


def exposed(world: World, directory: Directory, into: Found) -> None:
    """Add the arrows from outside, or from the pods that bring its calls in."""
    for service, evidence in _public(world):
        for door in directory.doors(Meant(service), None, ""):
            into.add(
                Arrow(
                    OUTSIDE,
                    door.pod.workload_key,
                    door.port,
                    door.protocol,
                    service=service.key,
                    service_port=door.dialled,
                ),
                evidence,
            )
    _host_ports(directory, into)
    entrances = Entrances(world)
    for item in world.objects:
        for backend in backends(item):
            evidence = Evidence(f"{title_of(item)}, which leads to Service {backend.name}", "", where(item), "exposure")
            _lead(directory, entrances.of(item), backend, evidence, into)


def _public(world: World) -> Iterator[tuple[Service, Evidence]]:
    """The Services that are dialled from outside, and by what."""
    own_addresses = {
        f"{namespace_of(item)}/{name_of(item)}"
        for item in world.objects
        if item.get("kind") == "Service" and at(item, "spec", "externalIPs")
    }
    for service in world.services:
        if service.kind in ("LoadBalancer", "NodePort"):
            yield service, Evidence(f"Service {service.name} of type {service.kind}", kind="exposure")
        elif service.key in own_addresses:
            yield service, Evidence(f"externalIPs of Service {service.name}", kind="exposure")


def _host_ports(directory: Directory, into: Found) -> None:
    for pod in directory.units():
        for container in mappings(pod.manifest, "spec", "containers"):
            for port in mappings(container, "ports"):
                if port.get("hostPort") and isinstance(port.get("containerPort"), int) and not pod.host_network:
                    into.add(
                        Arrow(OUTSIDE, pod.workload_key, port["containerPort"], port.get("protocol") or "TCP"),
                        Evidence(f"hostPort {port['hostPort']} of {pod.workload.replace('/', ' ')}", kind="exposure"),
                    )


def _lead(directory: Directory, sources: Sequence[str], backend: Backend, evidence: Evidence, into: Found) -> None:
    service = directory.service(backend.namespace, backend.name)
    if service is None:
        into.note(f"{evidence.field}, and that Service ({backend.namespace}/{backend.name}) is not in the input.")
        return
    if not directory.behind(service):
        into.note(f"{evidence.field}, and that selects no pod.")
    for pod in directory.behind(service):
        for port, dialled in _ports(service, backend, pod):
            for source in sources:
                if source != pod.workload_key:
                    into.add(
                        Arrow(
                            source, pod.workload_key, port, backend.protocol, service=service.key, service_port=dialled
                        ),
                        evidence,
                    )


def _ports(service: Service, backend: Backend, pod: Pod) -> Iterator[tuple[int, int]]:
    """(pod's port, Service's port) of a backend."""
    for entry in service.ports:
        named = (entry.target,) if backend.to_pods else (entry.number, entry.name)
        also = (entry.name,) if backend.to_pods else ()
        port = pod_port(entry, pod)
        if (
            port is not None
            and entry.protocol == backend.protocol
            and (backend.port is None or backend.port in (*named, *also) or (backend.to_pods and backend.port == port))
        ):
            yield port, entry.number


class Entrances:
    """Which pods bring in the calls of an Ingress or a route: those of its Gateway, or the ingress controllers."""

    def __init__(self, world: World) -> None:
        self._world = world

    def of(self, item: Json) -> Sequence[str]:
        """The ends that call the backends of an Ingress or route; INGRESS_CONTROLLER where they aren't in the input."""
        gateways = {
            (str(parent.get("namespace") or namespace_of(item)), str(parent.get("name")))
            for parent in mappings(item, "spec", "parentRefs")
            if (parent.get("kind") or "Gateway") == "Gateway"
        }
        own = [pod for pod in self._pods if (pod.namespace, pod.labels.get(_GATEWAY_NAME)) in gateways]
        if item.get("kind") in ("Ingress", "Route") or not own:
            own = [pod for pod in self._pods if _GATEWAY_NAME not in pod.labels]
        return list(dict.fromkeys(pod.workload_key for pod in own)) or [INGRESS_CONTROLLER]

    @cached_property
    def _pods(self) -> list[Pod]:
        return [pod for pod in self._world.pods if brings_calls_in(pod) or _has_image_of_controller(pod)]


def _has_image_of_controller(pod: Pod) -> bool:
    """Whether a pod serves with what calls itself ingress; a controller's helpers, such as its jobs, have no port."""
    return any(
        "ingress" in str(one.get("image") or "").lower() and mappings(one, "ports")
        for one in mappings(pod.manifest, "spec", "containers")
    )


def backends(item: Json) -> Iterator[Backend]:
    """What an Ingress, a Gateway API route or an OpenShift Route leads to; nothing for other objects."""
    kind, version = str(item.get("kind")), str(item.get("apiVersion") or "")
    if kind == "Ingress":
        yield from dict.fromkeys(_of_ingress(item))
    elif kind in _ROUTES and (not version or version.startswith("gateway.networking.k8s.io/")):
        yield from dict.fromkeys(_of_gateway_route(item, _ROUTES[kind]))
    elif kind == "Route" and version.startswith(("route.openshift.io/", "v1")):
        yield from dict.fromkeys(_of_openshift_route(item))


def _of_ingress(item: Json) -> Iterator[Backend]:
    spec = mapping(item, "spec")
    waiting = [spec.get("defaultBackend"), spec.get("backend")]
    for rule in mappings(spec, "rules"):
        waiting += [path.get("backend") for path in mappings(rule, "http", "paths")]
    for backend in waiting:
        if isinstance(backend, Mapping):
            service = backend.get("service")
            if isinstance(service, Mapping):
                name, chosen = service.get("name"), at(service, "port", "number") or at(service, "port", "name")
            else:
                name, chosen = backend.get("serviceName"), backend.get("servicePort")
            if isinstance(name, str) and isinstance(chosen, int | str):
                yield Backend(namespace_of(item), name, int(chosen) if str(chosen).isdigit() else chosen)


def _of_gateway_route(item: Json, protocol: str) -> Iterator[Backend]:
    parents = mappings(item, "spec", "parentRefs")
    if parents and all(parent.get("kind") == "Service" for parent in parents):
        return  # a mesh's route: it leads calls that stay inside
    for rule in mappings(item, "spec", "rules"):
        mirrors = [mapping(one, "requestMirror", "backendRef") for one in mappings(rule, "filters")]
        for one in (*mappings(rule, "backendRefs"), *mirrors):
            if (one.get("kind") or "Service") == "Service" and isinstance(one.get("name"), str):
                port = one.get("port")
                yield Backend(
                    str(one.get("namespace") or namespace_of(item)),
                    one["name"],
                    port if isinstance(port, int) else None,
                    protocol,
                )


def _of_openshift_route(item: Json) -> Iterator[Backend]:
    spec = mapping(item, "spec")
    target = at(spec, "port", "targetPort")
    for one in (mapping(spec, "to"), *mappings(spec, "alternateBackends")):
        if (one.get("kind") or "Service") == "Service" and isinstance(one.get("name"), str):
            yield Backend(
                namespace_of(item), one["name"], target if isinstance(target, int | str) else None, to_pods=True
            )


def ingress_backends(world: World) -> list[tuple[Pod, int]]:
    """The (pod, pod port) pairs behind the Ingresses and routes, for TCP."""
    directory = Directory(world)
    found: dict[tuple[Pod, int], None] = {}
    for item in world.objects:
        for backend in backends(item):
            service = directory.service(backend.namespace, backend.name)
            if service is not None and backend.protocol == "TCP":
                found |= {
                    (pod, port): None
                    for pod in world.pods
                    if service.selects(pod)
                    for port, _ in _ports(service, backend, pod)
                }
    return list(found)

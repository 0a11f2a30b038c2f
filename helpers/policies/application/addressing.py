"""The arrows that workloads declare by the addresses that they are given."""

from __future__ import annotations

from collections.abc import Mapping

from helpers.policies.application.arrows import Arrow, Evidence, Found
from helpers.policies.application.directory import Directory, Meant, Name, entries
from helpers.policies.application.givens import Givens
from helpers.policies.application.references import Reference
from helpers.policies.judging.leading import NoRoute, leads
from helpers.policies.model import Pod, Service, ServicePort
from helpers.policies.model.addresses import is_address
from helpers.policies.model.naming import API_SERVER, is_system
from helpers.policies.reading.places import where
from helpers.policies.wording import listed, nearest, plural, short
from helpers.policies.world import World

API_SERVICE = "default/kubernetes"
_ALIASES = 8


def addressed(world: World, directory: Directory, into: Found) -> None:
    """Add an arrow for each address that a workload names, and notes on those that lead nowhere; none on the cluster's
    own workloads."""
    givens, quiet = Givens(world.objects), Found(into.arrows)
    injected: dict[str, Mapping[str, str]] = {}
    for pod in directory.units():
        if pod.namespace not in injected:
            injected[pod.namespace] = _injected(directory, pod.namespace)
        for reference in givens.references(pod, injected[pod.namespace]):
            noting = quiet if is_system(pod.namespace) else into
            _Follower(world, directory, pod, reference, noting).follow(reference.host)
    for kind in ("ConfigMap", "Secret"):
        names = [name for one, name in givens.missing if one == kind and not is_system(name.partition("/")[0])]
        if names:
            into.note(
                f"{plural(len(names), kind)} that pods use {'is' if len(names) == 1 else 'are'} not in the input "
                f"({listed(names, most=4)}), so addresses there are not known."
            )


class _Follower:
    """Turns one address that a pod names into arrows to what is behind it."""

    def __init__(self, world: World, directory: Directory, pod: Pod, reference: Reference, into: Found) -> None:
        self._world, self._directory, self._pod = world, directory, pod
        self._reference, self._into = reference, into

    def follow(self, host: str, aliases: int = 0) -> None:
        meant = self._directory.meant(host, self._pod.namespace)
        if isinstance(meant, Pod):
            if self._reference.port is not None:
                self._add(meant.workload_key, self._reference.port, self._reference.protocol or "TCP")
        elif meant is None:
            self._unknown(host)
        elif meant.service.external_name:
            if aliases < _ALIASES:
                self.follow(meant.service.external_name, aliases + 1)
        elif meant.service.selector is not None:
            self._through(meant)
        else:
            self._to_endpoints(meant.service)

    def _through(self, meant: Meant) -> None:
        service, reference = meant.service, self._reference
        doors = self._directory.doors(meant, reference.port, reference.protocol)
        ambiguous = reference.port is None and not reference.sure and len({door.port for door in doors}) > 1
        if doors and not ambiguous:
            for door in doors:
                self._add(door.pod.workload_key, door.port, door.protocol, service, door.dialled)
        elif not self._directory.behind(service):
            self._note(f"names Service {service.key}", "which selects no pod, so the arrow has no end")
        elif entries(service, reference.port) and not ambiguous:
            self._note(
                f"names {self._told}",
                f"and Service {service.key} has that port for another protocol, or by a name that its pods don't have",
            )
        elif reference.sure:
            has = ", ".join(str(entry.number) for entry in service.ports) or "no port"
            self._note(f"names {self._told}", f"and Service {service.key} has {has}")

    def _to_endpoints(self, service: Service) -> None:
        """A Service without selector leads to addresses."""
        for entry in entries(service, self._reference.port):
            if self._reference.protocol in ("", entry.protocol):
                self._to_entry(service, entry)

    def _to_entry(self, service: Service, entry: ServicePort) -> None:
        try:
            found = leads(self._world, service, entry.number, entry.protocol)
        except NoRoute as reason:
            if service.key == API_SERVICE:
                self._add(
                    API_SERVER,
                    entry.target if isinstance(entry.target, int) else entry.number,
                    entry.protocol,
                    service,
                    entry.number,
                )
            else:
                self._note(f"names {self._told}", str(reason))
            return
        for lead in found:
            target = lead.target.workload_key if isinstance(lead.target, Pod) else lead.target
            self._add(target, lead.port, entry.protocol, service, entry.number)

    def _add(self, target: str, port: int, protocol: str, service: Service | None = None, dialled: int = 0) -> None:
        """An arrow; none from a workload of one pod to itself."""
        source = self._pod.workload_key
        if source == target and (not self._reference.sure or not self._world.workloads[source].several):
            return
        self._into.add(
            Arrow(source, target, port, protocol, service=service.key if service else "", service_port=dialled),
            self._evidence,
        )

    @property
    def _evidence(self) -> Evidence:
        kind, _, name = self._pod.workload.partition("/")
        return Evidence(self._reference.origin, f"{kind} {self._pod.namespace}/{name}", where(self._pod.source or {}))

    @property
    def _told(self) -> str:
        port = f":{self._reference.port}" if self._reference.port is not None else ""
        return f"{self._reference.host}{port}"

    def _note(self, names: str, end: str) -> None:
        self._into.note(f"{short(self._pod.workload_key)} {names} ({self._reference.origin}), {end}.")

    def _unknown(self, host: str) -> None:
        reference = self._reference
        if not reference.sure:
            return
        if is_address(host):
            if reference.port is not None:
                self._add(host, reference.port, reference.protocol or "TCP")
        elif not self._directory.knows(host, self._pod.namespace):
            if reference.scheme:
                self._note(
                    f"names {host}",
                    "a host outside: policies know addresses only, so allow its address by "
                    "ipBlock if the pod must reach it",
                )
        else:
            self._missing(host)

    def _missing(self, host: str) -> None:
        space, name, _ = Name.of(host, self._pod.namespace).meanings[0]
        if space not in self._world.namespaces:
            self._note(
                f"names {self._told}",
                f"and the namespace {space} is not in the input: add its objects to have this arrow too",
            )
            return
        near = nearest(name, self._directory.names(space), alike=0.8)
        hint = f"; did you mean {near[0]}?" if near else ", or it is not in the input."
        self._into.note(
            f"{short(self._pod.workload_key)} names {self._told} ({self._reference.origin}), and "
            f"there is no such Service{hint}"
        )


def _injected(directory: Directory, namespace: str) -> Mapping[str, str]:
    """The variables that the kubelet adds for the Services of a namespace."""
    found: dict[str, str] = {}
    for name in directory.names(namespace):
        service = directory.service(namespace, name)
        if service is not None and service.ports:
            stem = name.upper().replace("-", "_")
            found[f"{stem}_SERVICE_HOST"] = name
            found[f"{stem}_SERVICE_PORT"] = found[f"{stem}_PORT_{service.ports[0].number}_TCP_PORT"] = str(
                service.ports[0].number
            )
            found |= {
                f"{stem}_SERVICE_PORT_{entry.name.upper().replace('-', '_')}": str(entry.number)
                for entry in service.ports
                if entry.name
            }
    return found

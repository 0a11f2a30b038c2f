"""What becomes of one attempt to connect: name, Service, endpoint, policies, in the order a packet meets them."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from helpers.localcluster.dataplane import addresses
from helpers.localcluster.dataplane.directory import Directory, Nowhere, ServiceKey, Target, UnknownName
from helpers.localcluster.dataplane.flowlog import FlowLog
from helpers.localcluster.dataplane.request import Request
from helpers.podnet.places import socket_name
from helpers.policies import Verdict, World

Object = dict[str, Any]

REFUSED = "connection refused"
NO_SUCH_HOST = "no such host"
NO_ROUTE = "no route (no pod and no node has this address)"
ECHO = "ICMP"
"""Ping: answered for a pod by the network itself."""
_OWN_NAMES = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Member:
    """A pod on the network."""

    uid: str
    namespace: str
    name: str
    address: str
    directory: Path
    token: str

    @property
    def key(self) -> str:
        return f"{self.namespace}/{self.name}"


Source = Member | str
"""A pod, or the address of a client outside the cluster."""


def address_of(source: Source) -> str:
    """The caller's address, as the other end sees it."""
    return source.address if isinstance(source, Member) else source


class Members(Protocol):
    """Who is on the network at present."""

    def at(self, address: str, port: int) -> Member | None: ...
    def labels(self, member: Member) -> dict[str, str]: ...


@dataclass(frozen=True)
class Connect:
    """Go ahead: dial a pod's socket, or a TCP address on this machine."""

    path: str | tuple[str, int]
    uid: str | None
    settle: Callable[[bool], None]
    """Call with whether somebody answered; that completes the flow log."""


@dataclass(frozen=True)
class Park:
    """Dropped: say nothing, until a policy changes. A lookup that is dropped gives up sooner."""

    lookup: bool


@dataclass(frozen=True)
class Answer:
    """Tell the client at once."""

    status: int
    reason: str
    detail: str = ""


Decision = Connect | Park | Answer


class Switchboard:
    """Decides; keeps nothing but the round-robin of the directory and the flow log."""

    def __init__(
        self, directory: Directory, world: Callable[[], World], members: Members, flows: FlowLog, outside: Path
    ) -> None:
        """`outside` is the directory of the sockets that stand for every address outside of the cluster."""
        self._directory = directory
        self._outside = outside
        self._world = world
        self._members = members
        self._flows = flows
        self.api_port = 0
        """Where pods reach the API on loopback; 0 while it isn't served."""

    def decide(self, source: Source, request: Request, again: bool = False) -> Decision:
        """Judge one attempt, or one that waits `again` (which is logged only when it comes through)."""
        if isinstance(source, Member) and request.host in _OWN_NAMES:
            return self._to_pod(source, source, Target(source.address, request.port), request.protocol, None)
        where: Target | Nowhere
        if addresses.parse(request.host) is not None:
            key, port = self._directory.service_at(request.host), request.port
            if key is not None and request.protocol == ECHO:
                return Park(lookup=False)  # a Service is an address and ports; nobody is there to reply
            where = Target(request.host, request.port)
            opened = self._directory.behind_node_port(port, request.protocol)
            if request.host == addresses.NODE_ADDRESS and opened:
                key, port = opened
        else:
            if isinstance(source, Member) and not self._may_look_up(source, request.host, again):
                return Park(lookup=True)
            try:
                key, where = self._named(request.host, request.port, _namespace(source))
            except UnknownName:
                return self._unknown(source, request)
            port = request.port
        if key is not None:
            where = self._directory.choose(key, port, request.protocol)
        if isinstance(where, Nowhere):
            return self._nowhere(source, request, where)
        return self._reach(source, where, request.protocol, again)

    def _named(self, host: str, port: int, namespace: str) -> tuple[ServiceKey | None, Target]:
        """What a name means: a Service, a pod with a name of its own, or an address outside. Raises UnknownName."""
        address = self._directory.pod_address(host, namespace)
        if address is not None:
            return None, Target(address, port)
        try:
            return self._directory.resolve(host, namespace), Target("", port)
        except UnknownName as error:
            address = addresses.outside_address(str(error))
            if address is None:
                raise
            return None, Target(address, port)

    def _may_look_up(self, source: Member, name: str, again: bool) -> bool:
        """Whether the cluster's DNS would get the question, and answer."""
        where = self._directory.choose(addresses.DNS_SERVICE, addresses.DNS_PORT, "UDP")
        if isinstance(where, Nowhere):
            if not again:
                self._log(
                    source,
                    _outside("", name),
                    addresses.DNS_PORT,
                    "UDP",
                    "refused",
                    f"the lookup of {name} waits: {where.reason}",
                    dns=True,
                )
            return False
        verdict = self._judge(source, where, "UDP")
        if verdict.allowed or not again:
            self._log(
                source,
                self._end(where),
                where.port,
                "UDP",
                "allowed" if verdict.allowed else "denied",
                verdict.sentence,
                verdict.policies,
                dns=True,
            )
        return verdict.allowed

    def _reach(self, source: Source, where: Target, protocol: str, again: bool) -> Decision:
        member = self._members.at(where.address, where.port)
        verdict = self._judge(source, where, protocol)
        if not verdict.allowed:
            if not again:
                self._log(
                    source,
                    self._end(where),
                    where.port,
                    protocol,
                    "denied",
                    verdict.sentence,
                    verdict.policies,
                    _is_lookup(where, protocol),
                )
            return Park(lookup=False)
        if member is not None:
            return self._to_pod(source, member, where, protocol, verdict)
        if where.address == addresses.NODE_ADDRESS and where.port == addresses.API_PORT and self.api_port:
            return Connect(("127.0.0.1", self.api_port), None, self._settle(source, where, protocol, verdict))
        if addresses.is_outside(where.address):
            return self._listening(
                self._outside,
                None,
                where,
                protocol,
                self._settle(source, where, protocol, verdict),
                f"address {where.address} outside of the cluster",
            )
        self._log(
            source,
            self._end(where),
            where.port,
            protocol,
            "allowed",
            f"{verdict.sentence} But there is {NO_ROUTE}.",
            verdict.policies,
        )
        return Answer(502, NO_ROUTE, verdict.sentence)

    def _to_pod(
        self, source: Source, member: Member, where: Target, protocol: str, verdict: Verdict | None
    ) -> Decision:
        return self._listening(
            member.directory,
            member.uid,
            where,
            protocol,
            self._settle(source, where, protocol, verdict),
            f"pod {member.key}",
        )

    def _listening(
        self, directory: Path, uid: str | None, where: Target, protocol: str, settle: Callable[[bool], None], whose: str
    ) -> Decision:
        """The way to whoever listens in this directory on the port."""
        if protocol == ECHO:
            settle(True)
            return Answer(200, "reply")
        path = str(directory / socket_name(where.port, protocol))
        if os.path.exists(path):
            return Connect(path, uid, settle)
        settle(False)
        return Answer(502, REFUSED, f"nothing listens on port {where.port}/{protocol} of {whose}")

    def _settle(self, source: Source, where: Target, protocol: str, verdict: Verdict | None) -> Callable[[bool], None]:
        sentence, policies = (verdict.sentence, verdict.policies) if verdict else ("A pod may call itself.", ())

        def settle(answered: bool) -> None:
            reason = sentence if answered else f"{sentence} But nothing listens there."
            self._log(
                source,
                self._end(where),
                where.port,
                protocol,
                "allowed" if answered else "refused",
                reason,
                policies,
                _is_lookup(where, protocol),
            )

        return settle

    def _judge(self, source: Source, where: Target, protocol: str) -> Verdict:
        world = self._world()
        member = self._members.at(where.address, where.port)
        return world.judge(
            world.pod(source.key) if isinstance(source, Member) else source,
            world.pod(member.key) if member else where.address,
            where.port,
            protocol,
            translated=where.translated,
        )

    def _unknown(self, source: Source, request: Request) -> Answer:
        detail = f"the lookup of {request.host} found nothing: the cluster's DNS knows only Services"
        self._log(source, _outside("", request.host), request.port, request.protocol, "refused", detail)
        # A status of its own: gRPC callers see nothing else of the answer.
        return Answer(503, NO_SUCH_HOST, detail)

    def _nowhere(self, source: Source, request: Request, where: Nowhere) -> Answer:
        target = _outside(request.host if addresses.parse(request.host) else "", "", where.service)
        self._log(source, target, request.port, request.protocol, "refused", where.reason)
        return Answer(502, REFUSED, where.reason)

    def _log(
        self,
        source: Source,
        target: Object,
        port: int,
        protocol: str,
        verdict: str,
        reason: str,
        policies: tuple[str, ...] = (),
        dns: bool = False,
    ) -> None:
        start = self._pod(source) if isinstance(source, Member) else _outside(source, "")
        self._flows.record(
            source=start,
            target=target,
            port=port,
            protocol=protocol,
            verdict=verdict,
            reason=reason,
            policies=policies,
            dns=dns,
        )

    def _end(self, where: Target) -> Object:
        member = self._members.at(where.address, where.port)
        if member is None:
            return _outside(where.address, "", where.service)
        return {**self._pod(member), "service": where.service}

    def _pod(self, member: Member) -> Object:
        return {
            "kind": "Pod",
            "namespace": member.namespace,
            "name": member.name,
            "address": member.address,
            "labels": self._members.labels(member),
        }


def _outside(address: str, name: str, service: str | None = None) -> Object:
    return {"kind": "External", "namespace": "", "name": name, "address": address, "labels": {}, "service": service}


def _is_lookup(where: Target, protocol: str) -> bool:
    return protocol == "UDP" and where.service == "/".join(addresses.DNS_SERVICE)


def _namespace(source: Source) -> str:
    return source.namespace if isinstance(source, Member) else "default"

"""The dataplane that works anywhere: one proxy on loopback that every pod dials through.

A pod finds it in the standard variables, with a user (its uid) and a token of
its own; so the gateway knows who calls. It resolves the name, judges, and
splices to the target's socket. A drop is answered by nothing, as a dropped SYN
would be, and judged again when the cluster changes. Connections that stand are
left alone by policies; those of a deleted pod are cut.
"""

import asyncio
import hmac
import secrets
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from helpers.localcluster import habits
from helpers.localcluster.dataplane import Attachment, request
from helpers.localcluster.dataplane.addresses import DNS_SERVICE, NODE_ADDRESS, AddressPool
from helpers.localcluster.dataplane.decision import Answer, Decision, Member, Source, Switchboard
from helpers.localcluster.dataplane.directory import SERVICES, SLICES, Change, Directory, ObjectStore
from helpers.localcluster.dataplane.flowlog import FlowLog
from helpers.localcluster.dataplane.httpcaller import HttpCaller
from helpers.localcluster.dataplane.outside import OUTSIDE, Outside
from helpers.localcluster.dataplane.request import BadRequest, Request
from helpers.localcluster.dataplane.snapshot import Snapshot
from helpers.localcluster.dataplane.tunnel import Caller
from helpers.localcluster.doors.door import Door, Strangers
from helpers.podnet.places import SUFFIXES, socket_name
from helpers.policies import NotFound

Object = dict[str, Any]

LOOKUP_SECONDS = 2.0
MOST_PARKED = 1024
# Each takes two descriptors of the node's, which the API and the pods' logs need as well.
MOST_CALLERS = 1000
# No pod, and not the browsers together, can take the room of all others.
MOST_OF_ONE = 500
# That have begun to speak at one door, and not said yet who they are.
MOST_STRANGERS = 256
# Events come in bursts; waiting for the burst to end costs less than judging after each.
REJUDGE_SECONDS = 0.002


class Gateway:
    """A `Dataplane`, a place to judge from (`decide`), and the keeper of all connections."""

    name = "gateway"

    def __init__(self, store: ObjectStore, pods: Path) -> None:
        """`pods` is a private directory (0700) for the pods' sockets, short enough for socket paths."""
        self._store = store
        self._directory = pods
        self._pool = AddressPool()
        self._members: dict[str, Member] = {}
        self._by_address: dict[str, Member] = {}
        self._callers: set[Caller] = set()
        self._of_one: Counter[str] = Counter()
        self._strangers = Strangers(MOST_STRANGERS)
        self._door = Door(
            lambda link: asyncio.get_running_loop().connect_accepted_socket(
                lambda: ProxyCaller(self, self._strangers), link
            ),
            self._strangers,
        )
        self._parked: dict[Caller, tuple[bool, asyncio.TimerHandle]] = {}
        self._rejudging: asyncio.TimerHandle | None = None
        self.flows = FlowLog()
        self._services = Directory(store)
        self._snapshot = Snapshot(store, self._changed)
        self._switchboard = Switchboard(self._services, lambda: self._snapshot.world, self, self.flows, pods / OUTSIDE)
        self._outside = Outside(pods / OUTSIDE)
        self._delay = habits.here().endpoints_delay
        # From now on, not from `start` on: what is stored in between counts as well.
        self._unsubscribe: Callable[[], None] = store.subscribe(self._notice)
        self.port = 0
        """The gateway's port on 127.0.0.1; 0 before `start`."""

    # The dataplane.

    async def start(self) -> None:
        """Listen on a free port of 127.0.0.1."""
        self.port = self._door.open()
        await self._outside.start()

    async def stop(self) -> None:
        """Cut everything; leaves no socket and no pod directory behind."""
        self._unsubscribe()
        if self._rejudging:
            self._rejudging.cancel()
        self._outside.stop()
        await self._door.close()
        for caller in [*self._callers]:
            caller.cut()
        for uid in [*self._members]:
            self.detach(uid)
        # Transports tell their protocols of the end on the loop's next round.
        await asyncio.sleep(0)

    def attach(self, pod: Object) -> Attachment:
        """Give the pod an address, kept from an earlier life if it is free, and a directory."""
        metadata = pod["metadata"]
        member = self._members.get(metadata["uid"]) or self._join(pod)
        proxy = f"http://{member.uid}:{member.token}@127.0.0.1:{self.port}"
        environment = {
            "LISTEN_DIR": str(member.directory),
            "grpc_proxy": proxy,
            "http_proxy": proxy,
            "https_proxy": proxy,
            "no_proxy": "",
            "NAMESERVER": self._name_server(),
        }
        return Attachment(member.address, environment, member.directory)

    def detach(self, uid: str) -> None:
        """Cut the pod's connections at both ends, free its address and remove its directory."""
        member = self._members.pop(uid, None)
        if member is None:
            return
        if self._by_address.get(member.address) is member:
            del self._by_address[member.address]
        self._pool.release(member.address)
        for caller in [*self._callers]:
            if isinstance(caller.source, Member) and caller.source.uid == uid:
                caller.cut()
            elif caller.target_uid == uid:
                caller.target_gone()
        shutil.rmtree(member.directory, ignore_errors=True)

    async def dial(self, uid: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect from the node to a pod's port. Raises ConnectionRefusedError if nothing listens there."""
        member = self._members.get(uid)
        if member is None:
            raise ConnectionRefusedError("the pod is not on the network")
        try:
            return await asyncio.open_unix_connection(str(member.directory / f"{port}.sock"))
        except OSError as error:
            raise ConnectionRefusedError(f"nothing listens on port {port} of pod {member.key}") from error

    def serve_api(self, port: int) -> None:
        """Let pods reach the API, which listens on this port of 127.0.0.1, through the Service `kubernetes`."""
        self._switchboard.api_port = port

    def _name_server(self) -> str:
        """The address that pods send their lookups to."""
        service = self._store.get(SERVICES, *DNS_SERVICE)
        return str(service["spec"].get("clusterIP") or "") if service else ""

    def _join(self, pod: Object) -> Member:
        metadata = pod["metadata"]
        on_node = bool((pod.get("spec") or {}).get("hostNetwork"))
        address = NODE_ADDRESS if on_node else self._pool.take((pod.get("status") or {}).get("podIP"))
        directory = self._directory / secrets.token_hex(4)
        directory.mkdir(mode=0o700)
        member = Member(
            metadata["uid"], metadata["namespace"], metadata["name"], address, directory, secrets.token_urlsafe(24)
        )
        self._members[member.uid] = member
        if not on_node:
            self._by_address[address] = member
        return member

    # What the switchboard asks about pods.

    def at(self, address: str, port: int) -> Member | None:
        """The pod with this address; of those that share the node's the one that listens on the port."""
        if address != NODE_ADDRESS:
            return self._by_address.get(address)
        sharing = (member for member in self._members.values() if member.address == NODE_ADDRESS)
        sockets = [socket_name(port, protocol) for protocol in SUFFIXES]
        return next((member for member in sharing if any((member.directory / name).exists() for name in sockets)), None)

    def labels(self, member: Member) -> dict[str, str]:
        """The pod's labels now."""
        pod = self._store.get("pods", member.namespace, member.name)
        return dict(pod["metadata"].get("labels") or {}) if pod else {}

    def identify(self, user: str, token: str) -> Member | None:
        """The pod that proves to be itself; takes the same time for a wrong token as for a right one."""
        member = self._members.get(user)
        known = member.token if member else "x" * 32
        same = hmac.compare_digest(known.encode(), token.encode())
        return member if same else None

    # What connections ask.

    def decide(self, source: Source, wanted: Request, again: bool = False) -> Decision:
        """Judge an attempt. A source that has just been deleted is told nothing worth having."""
        if isinstance(source, Member) and source.uid not in self._members:
            return Answer(502, "connection refused", "the calling pod is gone")
        try:
            return self._switchboard.decide(source, wanted, again)
        except NotFound as error:
            # A pod that has ended takes part in nothing: neither calls nor answers.
            return Answer(502, "connection refused", str(error))

    def admit(self, caller: Caller) -> bool:
        """Count a caller who has shown that it may ask; False if there are too many."""
        if len(self._callers) >= MOST_CALLERS or self._of_one[caller.account] >= MOST_OF_ONE:
            return False
        self._callers.add(caller)
        self._of_one[caller.account] += 1
        return True

    def answered(self, caller: Caller) -> None:
        """A caller got an answer: it waits no longer."""
        waiting = self._parked.pop(caller, None)
        if waiting:
            waiting[1].cancel()

    def park(self, caller: Caller, lookup: bool) -> None:
        """Keep a dropped attempt, silently, until it is let through or has waited long enough."""
        waiting = self._parked.get(caller)
        if waiting and waiting[0] == lookup:
            return
        self.answered(caller)
        seconds = LOOKUP_SECONDS if lookup else caller.connect_seconds
        seconds = min(seconds, caller.patience or seconds)
        reason = "lookup: i/o timeout" if lookup else "i/o timeout"
        timer = asyncio.get_running_loop().call_later(seconds, caller.give_up, reason)
        self._parked[caller] = (lookup, timer)
        if len(self._parked) > MOST_PARKED:
            next(iter(self._parked)).give_up("i/o timeout")

    def forget(self, caller: Caller) -> None:
        """A caller has gone away."""
        self.answered(caller)
        if caller in self._callers:
            self._callers.remove(caller)
            self._of_one[caller.account] -= 1
            if not self._of_one[caller.account]:
                del self._of_one[caller.account]

    def counts(self) -> dict[str, int]:
        """How many connections there are, and how many of them wait."""
        connections = len(self._callers) + len(self._strangers)
        return {"connections": connections, "parked": len(self._parked), "pods": len(self._members)}

    # Following the cluster.

    def _notice(self, event: Change) -> None:
        self._snapshot.notice(event)
        if event.resource == SLICES and self._delay:
            asyncio.get_running_loop().call_later(self._delay, self._follow, event)
        elif event.resource in (SERVICES, SLICES):
            self._follow(event)

    def _follow(self, event: Change) -> None:
        """Take in where Services lead from now on."""
        self._services.notice(event)
        self._changed()

    def _changed(self) -> None:
        if self._parked and self._rejudging is None:
            self._rejudging = asyncio.get_running_loop().call_later(REJUDGE_SECONDS, self._rejudge)

    def _rejudge(self) -> None:
        self._rejudging = None
        for caller in [*self._parked]:
            caller.ask_again()


class ProxyCaller(HttpCaller):
    """A pod's connection to the gateway: a proxy request first."""

    def __init__(self, gateway: Gateway, strangers: Strangers) -> None:
        super().__init__(gateway, strangers)
        self._gateway = gateway
        self._wanted: Request | None = None

    def take_head(self, head: bytes) -> None:
        """Find out who calls whom."""
        try:
            wanted = self._wanted = request.parse(head)
        except BadRequest as error:
            self.answer(error.status, error.reason)
            return
        member = self._gateway.identify(wanted.user, wanted.password)
        if member is None:
            self.answer(407, "this is not a pod of the cluster")
        elif wanted.protocol == "UDP":
            self.carry_datagrams(member, wanted)
        else:
            self.ask(member, wanted)

    def greet(self) -> bytes:
        """What ends the wait of a CONNECT."""
        tunnel = self._wanted is not None and self._wanted.tunnel
        return b"HTTP/1.1 200 Connection established\r\n\r\n" if tunnel else b""

    def introduce(self) -> bytes:
        """Plain HTTP is passed on with its head rewritten."""
        return self._wanted.head if self._wanted else b""

    def answer(self, status: int, reason: str, detail: str = "") -> None:
        """Say why there is no connection, in a header for programs and as text for people.

        A program that sent plain HTTP would take the text for the page that it wanted: it gets none.
        """
        if status >= 500 and self._wanted and not self._wanted.tunnel:
            self.transport.abort()
            return
        headers = [f"X-Lab-Reason: {reason}", "Content-Type: text/plain; charset=utf-8"]
        if status == 407:
            headers.append('Proxy-Authenticate: Basic realm="lab"')
        self.respond(status, headers, f"{detail or reason}\n".encode())

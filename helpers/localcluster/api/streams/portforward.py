"""port-forward: kubectl tunnels SPDY in a WebSocket, the Python client uses numbered channels."""

import asyncio

from helpers.localcluster.api.errors import ApiError, bad_request
from helpers.localcluster.api.http.messages import Response
from helpers.localcluster.api.http.websocket import PROTOCOL_ERROR, WebSocket, choose, wanted
from helpers.localcluster.api.node import NodeStreams
from helpers.localcluster.api.requests.calls import Call
from helpers.localcluster.api.storage.store import Object
from helpers.localcluster.api.streams.exec import NO_UPGRADE
from helpers.localcluster.api.streams.forward import Forward, port_number
from helpers.localcluster.api.streams.spdy import Data, Opened, Ping, Reset, Spdy, SpdyError

SPDY, CHANNELS = "SPDY/3.1+portforward.k8s.io", "v4.channel.k8s.io"
CONNECTIONS = 200  # at once in one session
PORTS = 100


async def answer(call: Call, node: NodeStreams) -> Response | None:
    """Raises ApiError before the upgrade."""
    request, pod = call.request, call.held()
    if pod.get("status", {}).get("phase") != "Running":
        phase = pod.get("status", {}).get("phase", "Unknown")
        raise bad_request(f"unable to forward port because pod is not running. Current status={phase}")
    protocol = choose(request, (SPDY, CHANNELS))
    if not wanted(request) or not protocol:
        raise bad_request(NO_UPGRADE)
    ports = [port_number(text) for value in request.query.get("ports", ()) for text in value.split(",")]
    if protocol == CHANNELS and not 0 < len(ports) <= PORTS:
        raise bad_request(f"the query parameter ports must name 1 to {PORTS} ports")
    socket = WebSocket(request, protocol)
    session = Tunnel(socket, node, pod) if protocol == SPDY else Channels(socket, node, pod, ports)
    try:
        await session.run()
    finally:
        await session.close()
        socket.close()
    return None


class Tunnel:
    """A SPDY session: each connection is a pair of streams, `error` and `data`, that share a request id."""

    def __init__(self, socket: WebSocket, node: NodeStreams, pod: Object) -> None:
        self._socket = socket
        self._node = node
        self._pod = pod
        self._spdy = Spdy()
        self._half: dict[str, Opened] = {}  # by request id: the stream that came first
        self._forwards: dict[int, Forward] = {}  # by data stream

    async def run(self) -> None:
        async for message in self._socket:
            try:
                happenings = [*self._spdy.receive(message)]
            except SpdyError:
                self._socket.close(PROTOCOL_ERROR)
                return
            for happening in happenings:
                await self._react(happening)

    async def close(self) -> None:
        await asyncio.gather(*(forward.close() for forward in self._forwards.values()))

    async def _react(self, happening: Opened | Data | Reset | Ping) -> None:
        if isinstance(happening, Opened):
            await self._open(happening)
        elif isinstance(happening, Ping):
            await self._socket.send(self._spdy.pong(happening.payload))
        elif isinstance(happening, Reset):
            forward = self._forwards.pop(happening.stream, None)
            if forward:
                await forward.close()
        elif forward := self._forwards.get(happening.stream):
            if happening.data:
                await forward.feed(happening.data)
            if happening.final:
                await forward.feed(b"")

    async def _open(self, opened: Opened) -> None:
        """Accept a stream; with its partner it becomes a connection."""
        identity = opened.headers.get("requestid", "")
        other = self._half.pop(identity, None)
        kinds = {opened.headers.get("streamtype"), other.headers.get("streamtype") if other else None}
        if (other and kinds != {"error", "data"}) or len(self._forwards) + len(self._half) >= CONNECTIONS:
            await self._socket.send(self._spdy.reset(opened.stream))
            return
        await self._socket.send(self._spdy.reply(opened.stream))
        if other is None:
            self._half[identity] = opened
            return
        error, data = (other, opened) if other.headers.get("streamtype") == "error" else (opened, other)
        try:
            port = port_number(data.headers.get("port", ""))
        except ApiError as refusal:
            await self._finish(error.stream, data.stream, refusal.message)
            return

        async def send(piece: bytes) -> None:
            await self._socket.send(self._spdy.data(data.stream, piece))

        async def finish(problem: str) -> None:
            self._forwards.pop(data.stream, None)
            await self._finish(error.stream, data.stream, problem)

        self._forwards[data.stream] = Forward(self._node, self._pod, port, send, finish)

    async def _finish(self, error: int, data: int, problem: str) -> None:
        await self._socket.send(self._spdy.data(error, problem.encode(), final=True))
        await self._socket.send(self._spdy.data(data, b"", final=True))


class Channels:
    """Two channels a port, data and error; each begins with the port's number in two bytes."""

    def __init__(self, socket: WebSocket, node: NodeStreams, pod: Object, ports: list[int]) -> None:
        self._socket = socket
        self._ports = ports
        self._node = node
        self._pod = pod
        self._forwards: list[Forward] = []

    async def run(self) -> None:
        for position, port in enumerate(self._ports):
            for channel in (2 * position, 2 * position + 1):
                await self._socket.send(bytes((channel,)) + port.to_bytes(2, "little"))
        self._forwards = [self._forward(position, port) for position, port in enumerate(self._ports)]
        async for message in self._socket:
            channel = message[0] if message else 1
            if channel % 2 == 0 and channel // 2 < len(self._forwards) and len(message) > 1:
                await self._forwards[channel // 2].feed(message[1:])

    async def close(self) -> None:
        await asyncio.gather(*(forward.close() for forward in self._forwards))

    def _forward(self, position: int, port: int) -> Forward:
        async def send(piece: bytes) -> None:
            await self._socket.send(bytes((2 * position,)) + piece)

        async def finish(problem: str) -> None:
            if problem:
                await self._socket.send(bytes((2 * position + 1,)) + problem.encode())
            if len(self._ports) == 1:  # there is no other way to say that the pod has closed
                self._socket.close()

        return Forward(self._node, self._pod, port, send, finish)

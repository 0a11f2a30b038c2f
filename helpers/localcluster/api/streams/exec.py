"""exec and attach over WebSocket: numbered channels for input, outputs, the result and the terminal's size."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

from helpers.localcluster.api.errors import ApiError, bad_request
from helpers.localcluster.api.http.messages import Response, encode_json
from helpers.localcluster.api.http.websocket import WebSocket, choose, wanted
from helpers.localcluster.api.node import ExecSession, NodeStreams
from helpers.localcluster.api.requests.calls import Call
from helpers.localcluster.api.streams.containers import container_of

PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
STDIN, STDOUT, STDERR, RESULT, RESIZE, END_OF_CHANNEL = 0, 1, 2, 3, 4, 255
ARGUMENTS_BYTES = 128 * 1024
# Clients tell the terminal's size first of all: a program that asks for it at once is to see that one.
SIZE_SECONDS = 0.1
NO_UPGRADE = "this needs a WebSocket: use kubectl 1.31 or newer, or the Python client's kubernetes.stream"
NO_COPY = (
    "kubectl cp is not part of this lab's cluster: a pod here is a process without a file system of its own; "
    "put files into a ConfigMap"
)


async def answer(call: Call, node: NodeStreams) -> Response | None:
    """Run a command, or look at a container's own process. Raises ApiError before the upgrade."""
    request, pod = call.request, call.held()
    container = container_of(call, pod)
    command = request.query.get("command", [])
    if call.subresource == "exec" and not command:
        raise bad_request("you must specify at least one command for the container")
    if sum(map(len, command)) > ARGUMENTS_BYTES or any("\0" in word for word in command):
        raise bad_request("the command is too long, or holds a NUL character")
    protocol = choose(request, PROTOCOLS)
    if not wanted(request) or not protocol:
        raise bad_request(NO_UPGRADE)
    socket = WebSocket(request, protocol)
    if request.flag("tty"):
        await socket.expect(SIZE_SECONDS)
    try:
        session = await _start(call, node, pod, container, command)
    except ApiError as error:
        await _finish(socket, _failure(error.message, error.reason, error.code, 126))
        return None
    try:
        await _connect(call, socket, session)
    finally:
        await session.kill()
    return None


async def _start(call: Call, node: NodeStreams, pod: dict[str, Any], container: str, command: list[str]) -> ExecSession:
    if command[:1] == ["tar"] and {"cf", "xmf", "-xmf", "xf"} & set(command[1:3]):
        raise ApiError(403, "Forbidden", NO_COPY)
    tty, stdin = call.request.flag("tty"), call.request.flag("stdin")
    if call.subresource == "attach":
        return await node.attach(pod, container, tty=tty, stdin=stdin)
    return await node.exec(pod, container, command, tty=tty, stdin=stdin)


async def _connect(call: Call, socket: WebSocket, session: ExecSession) -> None:
    """Carry data both ways until the command has ended and all its output is out."""
    request = call.request
    reader = asyncio.ensure_future(_receive(socket, session))
    try:
        await asyncio.gather(
            _send(socket, STDOUT, session.stdout, request.flag("stdout")),
            _send(socket, STDERR, session.stderr, request.flag("stderr")),
        )
        code = await session.wait()
        await _finish(socket, _result(code))
    finally:
        reader.cancel()
        with contextlib.suppress(asyncio.CancelledError, ConnectionError):
            await reader


async def _send(socket: WebSocket, channel: int, output: AsyncIterator[bytes], asked: bool) -> None:
    async for data in output:
        if asked:
            await socket.send(bytes((channel,)) + data)


async def _receive(socket: WebSocket, session: ExecSession) -> None:
    async for message in socket:
        if not message:
            continue
        channel, data = message[0], message[1:]
        if channel == STDIN:
            await session.write_stdin(data)
        elif channel == END_OF_CHANNEL and data == bytes((STDIN,)):
            await session.close_stdin()
        elif channel == RESIZE:
            await _resize(session, data)


async def _resize(session: ExecSession, data: bytes) -> None:
    with contextlib.suppress(ValueError, TypeError, KeyError, RecursionError):
        size = json.loads(data)
        width, height = int(size["Width"]), int(size["Height"])
        if 0 < width < 10000 and 0 < height < 10000:
            await session.resize(width, height)


async def _finish(socket: WebSocket, result: dict[str, Any]) -> None:
    with contextlib.suppress(ConnectionError):
        await socket.send(bytes((RESULT,)) + encode_json(result))
    socket.close()


def _result(code: int) -> dict[str, Any]:
    if code == 0:
        return {"metadata": {}, "status": "Success"}
    message = f"command terminated with non-zero exit code: command terminated with exit code {code}"
    return _failure(message, "NonZeroExitCode", 500, code)


def _failure(message: str, reason: str, code: int, exit_code: int) -> dict[str, Any]:
    causes = [{"reason": "ExitCode", "message": str(exit_code)}]
    status = {"metadata": {}, "status": "Failure", "message": message, "reason": reason}
    return {**status, "details": {"causes": causes}, "code": code}
